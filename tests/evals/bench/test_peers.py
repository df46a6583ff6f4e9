"""Peers at work in processes of their own; those that the development environment has anyway."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from toolshed.catalog.definitions import Catalog
from toolshed.errors import ConfigurationError
from toolshed.rankings import Selection
from toolshed.testing import make_tool
from toolshed.vectors import Vectors
from toolshed_evals.bench.peers import PeerError, PeerProcess, chosen_peers, environment, measure_peer
from toolshed_evals.datasets import Dataset

WORDS = ("weather", "mail", "stocks", "music", "maps", "news")
DATASET = Dataset(
    "own",
    Catalog("eval", tuple(make_tool(f"{word}_tool", f"Everything about {word}.") for word in WORDS)),
    {word: f"tell me about {word}" for word in WORDS},
    {word: frozenset({f"{word}_tool"}) for word in WORDS},
)


def encode(texts: Sequence[str]) -> Vectors:
    """A vector for each word that the tools are told apart by."""
    return np.array([[word in text.lower() for word in WORDS] + [False] * 378 for text in texts], np.float32)


def test_a_peer_is_asked_in_turns_with_ours() -> None:
    asked: list[str] = []

    def ours(text: str) -> Selection:
        asked.append(text)
        return None  # type: ignore[return-value]  # what is found is not looked at

    found = measure_peer("rank-bm25", Path(sys.executable), DATASET, WORDS, encode, {"instant": ours})
    assert found.recall == 1
    assert found.n_queries == len(WORDS)
    assert asked[1:] == list(DATASET.queries.values())
    assert found.encoder_ms == 0


def test_a_peer_that_needs_vectors_gets_them_and_what_they_took_is_counted(tmp_path: Path) -> None:
    tools = [{"id": word, "name": word, "description": word, "parameters": {}} for word in WORDS]
    (tmp_path / "tools.json").write_text(json.dumps(tools), encoding="utf-8")
    with PeerProcess("langgraph-bigtool", Path(sys.executable), encode) as peer:
        peer.index(tmp_path / "tools.json")
        found, took = peer.search("the stocks of today", 1)
    assert found == ["stocks"]
    assert took >= peer.encoder_ms > 0


def test_a_peer_that_ends_is_an_error(tmp_path: Path) -> None:
    with PeerProcess("no such peer", Path(sys.executable), encode) as peer:
        (tmp_path / "tools.json").write_text("[]", encoding="utf-8")
        with pytest.raises(PeerError, match="ended with status 1: KeyError: 'no such peer'"):
            peer.index(tmp_path / "tools.json")


def test_an_environment_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    place = tmp_path / "rank-bm25"
    place.mkdir()
    (place / "requirements.txt").write_text("rank-bm25>=0.2,<1", encoding="utf-8")
    assert environment("rank-bm25", tmp_path) == place / "bin" / "python"
    assert list(place.iterdir()) == [place / "requirements.txt"]


def test_an_unknown_peer_is_refused() -> None:
    assert "bm25s" in chosen_peers(())
    with pytest.raises(ConfigurationError, match=r"unknown peer 'bm26'; choose among bm25s, "):
        chosen_peers(["bm25s", "bm26"])

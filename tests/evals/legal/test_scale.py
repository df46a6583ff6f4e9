"""A crowd of passages: made again the same, and searched."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from toolshed.backbones.static import StaticEncoder
from toolshed.commands.main import main
from toolshed.indexing.tools import unwatched
from toolshed.intra_retrieval import passage_sketch
from toolshed_evals.legal import scale
from toolshed_evals.legal.legalbench_rag import LegalBenchmark, own_benchmark
from toolshed_evals.legal.scale import Measured, Sentences

RANDOM = np.random.default_rng(3)
TEXTS = [f"The court heard witness number {n} at length that day." for n in range(30)]
VECTORS = RANDOM.normal(size=(30, 384)).astype(np.float32)
CROWD = Sentences(
    TEXTS,
    {
        "dense": VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True),
        "static": StaticEncoder().encode(TEXTS),
    },
)


def test_passages_are_recombined_the_same_each_time_and_others_from_another_start() -> None:
    first, again, other = ([*scale.recombined(CROWD, 60, start=n)] for n in (0, 0, 60))
    assert [one.passage.text for one in first] == [one.passage.text for one in again]
    assert [one.passage.text for one in first] != [one.passage.text for one in other]
    assert len({one.passage.passage_id for one in (*first, *other)}) == 120


def test_a_recombined_passage_holds_its_sentences_where_it_says() -> None:
    for record in scale.recombined(CROWD, 5, start=0):
        assert all(text in TEXTS for text in record.passage.quotable_texts)
        rows: Any = record.vectors["sentences"]
        assert len(record.passage.quotable) == len(rows)
        dense: Any = record.vectors["dense"]
        np.testing.assert_allclose(np.linalg.norm(dense), 1, atol=1e-5)


def test_a_larger_knowledge_base_grows_from_a_smaller_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One short text and its questions stand for all.
    whole = own_benchmark("dev")
    text = min(whole.documents, key=lambda one: len(one.text))
    asked = [one for one in whole.queries if {file for file, *_ in one.gold} == {text.document_id}]
    small = LegalBenchmark("dev", (text,), tuple(asked))
    monkeypatch.setattr(scale, "own_benchmark", lambda _name: small)
    # Beyond this a sketch is made, and found by the search.
    monkeypatch.setattr(passage_sketch, "SKETCHED_FROM", 80)
    scale.grown(tmp_path, 60, CROWD, progress=unwatched)
    assert not [*tmp_path.rglob("*.sketch-dense")]
    folder = scale.grown(tmp_path, 100, CROWD, progress=unwatched)
    assert [*folder.rglob("*.sketch-dense")]
    found = scale._measured(folder)
    assert found.n_passages == 100
    # Sentences about witnesses take no answer's place.
    assert min(found.recall, found.scanned_recall) > 0.7
    assert min(found.p50_ms, found.opening_cpu_s, found.private_mb) > 0


def test_sizes_are_compared_with_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(folder: Path) -> Measured:
        n = int(folder.name)
        return Measured(n, 0.9, 0.91, n / 100, n / 10, 1.0, 300.0, 20.0)

    monkeypatch.setattr(scale, "crowd", lambda: CROWD)
    monkeypatch.setattr(scale, "grown", lambda place, size, *_, **__: place / str(size))
    monkeypatch.setattr(scale, "measured", measured)
    arguments = [
        "eval",
        "passage-scale",
        "--passages",
        "4000",
        "--passages",
        "1000",
        "--cache",
        str(tmp_path),
    ]
    header, first, second = CliRunner().invoke(main, arguments).stdout.splitlines()
    assert header.split()[0] == "passages"
    assert first.split()[:2] == ["1,000", "0.900"]
    assert second.split()[5] == "4.00"
    told = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).stdout)
    assert [one["n_passages"] for one in told] == [1_000, 4_000]

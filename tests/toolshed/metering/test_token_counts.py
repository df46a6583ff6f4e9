"""Counting tokens without a download."""

import hashlib
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from toolshed.metering import token_counts
from toolshed.metering.token_counts import PieceCounter, token_counter

# Counted with cl100k_base.
COUNTED = [
    ("Email Ana the weather in Lisbon tomorrow.", 9),
    ('{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}', 23),
    ("replaceCoreV1NamespacedPodEphemeralcontainers", 10),
    ("1234567890", 4),
]


@pytest.fixture(autouse=True)
def _counter_chosen_anew() -> None:
    token_counter.cache_clear()


@pytest.mark.parametrize(("text", "n_tokens"), COUNTED)
def test_the_estimate_is_near_and_rather_above(text: str, n_tokens: int) -> None:
    assert n_tokens * 0.9 <= PieceCounter().count(text) <= n_tokens * 1.6


@pytest.mark.parametrize("text", ["", " ", "\ud800", "天気" * 50, "\x00\x1b", "a" * 100_000, "🙂🙂"])
def test_the_estimate_counts_anything(text: str) -> None:
    assert -(-len(text) // 4) <= PieceCounter().count(text) <= 3 * len(text)


def test_without_a_vocabulary_at_hand_nothing_is_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    assert token_counter().name == "estimate"


def test_a_vocabulary_at_hand_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    address = "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken"
    (tmp_path / hashlib.sha1(address.encode()).hexdigest()).touch()
    stub = ModuleType("tiktoken")
    encoding = SimpleNamespace(encode=lambda text, disallowed_special: text.split())
    stub.get_encoding = lambda name: encoding  # type: ignore[attr-defined]  # a stub
    monkeypatch.setitem(sys.modules, "tiktoken", stub)
    monkeypatch.setattr(token_counts.importlib.util, "find_spec", lambda name: object())
    counter = token_counter()
    assert (counter.name, counter.count("three words here")) == ("tiktoken cl100k_base", 3)
    token_counter.cache_clear()

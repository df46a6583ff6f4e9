"""Tools told apart by the examples of their use."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from toolshed.backbones.embedding import normalise
from toolshed.intra_retrieval import usage_classes
from toolshed.intra_retrieval.usage import UsageIndex
from toolshed.intra_retrieval.usage_classes import fit_classes
from toolshed.knowledge_base.examples import UsageExample
from toolshed.presets import STATIC_USAGE
from toolshed.vectors import CompactVectors, Scores, Vectors

TOOLS = ["shop:a", "shop:b", "shop:c", "shop:d"]
N = len(TOOLS)
_random = np.random.default_rng(5)
# What all requests say, and what tells each kind of them apart: a fifth of their length.
SHARED = normalise(_random.normal(size=(1, 64)).astype(np.float32))
KINDS = normalise(_random.normal(size=(N, 64)).astype(np.float32))
OWN = normalise(SHARED + 0.2 * KINDS)


def requests(kind: int, n: int, seed: int) -> Vectors:
    noise = np.random.default_rng(seed).normal(size=(n, 64)).astype(np.float32)
    return normalise(SHARED + 0.2 * KINDS[kind] + 0.05 * noise)


def documents(encoders: Iterable[str]) -> tuple[Sequence[str], Mapping[str, CompactVectors]]:
    return TOOLS, {name: CompactVectors.of(OWN) for name in encoders}


class Columns:
    """All four tools, in their order."""

    def columns_of(self, tool_ids: Sequence[str]) -> NDArray[np.int64]:
        return np.array([TOOLS.index(one) for one in tool_ids], np.int64)

    def whole(self, channel: str, columns: NDArray[np.int64]) -> Vectors:
        return np.array(OWN[columns])

    def products(self, channel: str, queries: Vectors) -> Scores:
        return np.asarray(queries @ OWN.T)


def examples(kinds: Sequence[int]) -> list[UsageExample]:
    vectors = {kind: requests(kind, 12, seed=kind) for kind in kinds}
    return [
        UsageExample(f"{kind}-{at}", TOOLS[kind], "a", 0, {"static": vector})
        for kind in kinds
        for at, vector in enumerate(vectors[kind])
    ]


def chances(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def test_requests_are_told_apart_by_what_little_differs() -> None:
    known = examples(range(N))
    vectors = {"static": np.stack([one.vectors["static"] for one in known]).astype(np.float32)}
    classes = fit_classes(vectors, [one.tool_id for one in known], np.ones(len(known)), documents)
    asked = np.concatenate([requests(kind, 20, seed=100 + kind) for kind in range(N)])
    logits = classes.logits({"static": asked})
    right = np.repeat([classes.tool_ids.index(tool) for tool in TOOLS], 20)
    assert (logits.argmax(axis=1) == right).mean() > 0.9


def test_tools_without_examples_keep_their_chance() -> None:
    # Two tools have examples; requests of the third, which has none, are like theirs.
    told = UsageIndex(examples([0, 1]), 0, documents=documents)
    plain = np.zeros((20, N))
    queries = {"static": requests(2, 20, seed=7)}
    neighbours = UsageIndex(examples([0, 1]), 0).totals(queries, Columns(), plain)
    both = told.totals(queries, Columns(), plain)
    assert np.abs(both - neighbours).max() > 0.05, "the two are told apart"
    np.testing.assert_array_equal(both[:, 2:], neighbours[:, 2:])
    before, after = (chances(one)[:, :2].sum(axis=1) for one in (neighbours, both))
    np.testing.assert_allclose(after, before, rtol=1e-6)


def test_the_more_needs_a_request_has_the_less_one_choice_says() -> None:
    told = UsageIndex(examples([0, 1]), 0, documents=documents)
    queries, plain = {"static": requests(0, 4, seed=7)}, np.zeros((4, N))
    neighbours = UsageIndex(examples([0, 1]), 0).totals(queries, Columns(), plain)
    alone, of_four = (told.totals(queries, Columns(), plain, n_needs=n) - neighbours for n in (1, 4))
    apart = [one[:, 0] - one[:, 1] for one in (alone, of_four)]
    assert (apart[0] > 0).all()
    np.testing.assert_allclose(apart[1], apart[0] / 4, rtol=1e-3)
    # Needs without a say leave what the whole request adds, which is one of the four.
    gained = told.gains(queries, Columns(), plain.astype(np.float32), np.zeros(4, np.float32))
    np.testing.assert_allclose(gained, STATIC_USAGE.whole * (neighbours + of_four)[0], rtol=1e-5)


def test_a_single_tool_with_examples_is_told_from_no_other() -> None:
    queries, plain = {"static": requests(0, 3, seed=8)}, np.zeros((3, N))
    alone = UsageIndex(examples([0]), 0, documents=documents).totals(queries, Columns(), plain)
    np.testing.assert_array_equal(alone, UsageIndex(examples([0]), 0).totals(queries, Columns(), plain))


def test_only_other_examples_are_fitted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = []
    fit = usage_classes._fitted

    def counted(*given: object) -> object:
        fitted.append(1)
        return fit(*given)  # type: ignore[arg-type]  # as they were given

    monkeypatch.setattr(usage_classes, "_fitted", counted)
    known = examples([0, 1])
    queries, plain = {"static": requests(0, 1, seed=9)}, np.zeros((1, N))
    first = UsageIndex(known, 0, documents=documents)
    first.totals(queries, Columns(), plain)
    same = UsageIndex(known, 0, documents=documents, before=first)
    same.totals(queries, Columns(), plain)
    assert len(fitted) == 1
    UsageIndex(known[1:], 0, documents=documents, before=same).totals(queries, Columns(), plain)
    assert len(fitted) == 2


def test_without_documents_by_the_encoder_nothing_is_told_apart() -> None:
    def none(_: Iterable[str]) -> tuple[Sequence[str], Mapping[str, CompactVectors]]:
        return (), {}

    queries, plain = {"static": requests(0, 3, seed=8)}, np.zeros((3, N))
    found = UsageIndex(examples([0, 1]), 0, documents=none).totals(queries, Columns(), plain)
    np.testing.assert_array_equal(found, UsageIndex(examples([0, 1]), 0).totals(queries, Columns(), plain))


def test_documents_that_change_are_fitted_anew() -> None:
    version = [0]

    def changing(encoders: Iterable[str]) -> tuple[Sequence[str], Mapping[str, CompactVectors]]:
        return TOOLS, {name: CompactVectors.of(np.roll(OWN, version[0], axis=0)) for name in encoders}

    known, queries, plain = examples([0, 1]), {"static": requests(0, 3, seed=8)}, np.zeros((3, N))
    served = UsageIndex(known, 0, documents=changing, version=lambda: version[0])
    first = served.totals(queries, Columns(), plain)
    version[0] = 1
    fresh = UsageIndex(known, 0, documents=changing).totals(queries, Columns(), plain)
    assert np.abs(fresh - first).max() > 0.01
    for index in (served, UsageIndex(known, 0, documents=changing, before=served)):
        np.testing.assert_array_equal(index.totals(queries, Columns(), plain), fresh)

"""Many threads at the smallest switch interval: answers and stored vectors are those of one thread."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.threads import novel_words, switching_at_every_turn
from toolshed.backbones import lexical
from toolshed.catalog.definitions import Catalog
from toolshed.documents import LegalDocument
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool
from toolshed.types import ToolDefinition
from toolshed.vectors import SparseVector
from toolshed.visibility import Visibility

N_THREADS = 32
WORDS = novel_words(2_500)


def tools(source: str, n: int, seed: int) -> tuple[ToolDefinition, ...]:
    draw = random.Random(seed)
    return tuple(
        make_tool(f"t{i}_{draw.choice(WORDS)}", " ".join(draw.sample(WORDS, 12)) + ".", source=source)
        for i in range(n)
    )


def queries(n: int) -> list[str]:
    draw = random.Random(5)
    return [
        f"{' '.join(draw.sample(WORDS, 6))}, and then {' '.join(draw.sample(WORDS, 4))}" for _ in range(n)
    ]


def answers(shed: Toolshed, query: str) -> list[tuple[str, float]]:
    """What two callers find: one who may find a source, and one to whom tools were granted one by one."""
    draw = random.Random(query)
    granted = frozenset(draw.sample([tool.tool_id for tool in tools("still", 150, 1)], 20))
    found = [
        *shed.search(query, k=5, sources=["still"], abstain_below=0.0).tools,
        *shed.seen_by(Visibility(frozenset(), granted)).search(query, k=5, abstain_below=0.0).tools,
    ]
    return [(tool.tool.tool_id, tool.score) for tool in found]


@pytest.fixture
def shed(tmp_path: Path) -> Iterator[Toolshed]:
    with Toolshed(tmp_path / "shed", pipeline="instant") as opened:
        opened.add_catalogs([Catalog("still", tools("still", 150, 1))])
        yield opened


def test_searches_while_others_index_are_answered_as_alone(shed: Toolshed, tmp_path: Path) -> None:
    moving = [Catalog("moving", tools("moving", 80, seed)) for seed in range(2, 6)]
    asked, stop = queries(96), threading.Event()

    def index() -> int:
        n_written = 0
        while not stop.is_set():
            for catalog in moving:
                n_written += len(shed.sync_catalogs([catalog]).added)
        return n_written

    for function in (lexical._stem, lexical._word_parts, lexical._query_terms):
        function.cache_clear()
    with switching_at_every_turn(), ThreadPoolExecutor(N_THREADS + 1) as pool:
        indexing = pool.submit(index)
        try:
            found = list(pool.map(lambda query: answers(shed, query), asked))
        finally:
            stop.set()
        assert indexing.result(120) >= 80
    for function in (lexical._stem, lexical._word_parts, lexical._query_terms):
        function.cache_clear()
    with Toolshed(tmp_path / "alone", pipeline="instant") as alone:
        alone.add_catalogs([Catalog("still", tools("still", 150, 1)), moving[-1]])
        assert found == [answers(alone, query) for query in asked]
        assert_same_vectors(shed, alone)


def assert_same_vectors(shed: Toolshed, alone: Toolshed) -> None:
    ids = alone.list_tools()
    assert shed.list_tools() == ids
    for one, other in zip(shed.knowledge_base.fetch(ids), alone.knowledge_base.fetch(ids), strict=True):
        for name, vector in one.vectors.items():
            expected = other.vectors[name]
            if isinstance(vector, SparseVector):
                assert isinstance(expected, SparseVector)
                assert vector.indices.tolist() == expected.indices.tolist()
            else:
                assert not isinstance(expected, SparseVector)
                np.testing.assert_allclose(vector, expected, atol=1e-5)


def test_threads_that_ask_for_passages_at_once_open_them_once(tmp_path: Path) -> None:
    with Toolshed(tmp_path / "shed", pipeline="instant") as first:
        first.add_documents(
            LegalDocument("act.txt", "§ 1. Fees. Fees are due within ten days.", "Act", "law")
        )
    with Toolshed(tmp_path / "shed", pipeline="instant") as shed, ThreadPoolExecutor(N_THREADS) as pool:
        found = list(pool.map(lambda n: shed.search_passages(f"fees {n}").passages, range(N_THREADS)))
    assert all(found)

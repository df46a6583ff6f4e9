"""What every engine does, as tests for its authors: points, tool documents, passages.

Subclass :class:`EngineContract` in a test module of yours, and give it a way to open your engine::

    from toolshed.testing.engine_contract import EngineContract

    class TestMyEngine(EngineContract):
        @pytest.fixture
        def open_engine(self, tmp_path):
            return lambda layout, manifest: MyEngine(tmp_path / layout.name, layout.schema, manifest)

Its assertions say more with these lines in your ``conftest.py``::

    pytest.register_assert_rewrite("toolshed.testing.engine_contract", "toolshed.testing.store_contract")
"""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from toolshed.errors import KnowledgeBaseError, KnowledgeBaseMismatchError
from toolshed.knowledge_base.engine import Engine, Filter, Point
from toolshed.knowledge_base.memory import MemoryEngine
from toolshed.testing.contract_samples import (
    LAYOUT,
    MANIFEST,
    QUERIES,
    OpenEngine,
    assert_same,
    in_threads,
    points,
)
from toolshed.testing.store_contract import StoreContract
from toolshed.vectors import SparseVector


class EngineContract(StoreContract):
    """Tests of an engine by itself, and under the stores of tools and of passages."""

    # Whether what was written is there when it is opened again.
    persists = True

    @pytest.fixture
    def open_engine(self) -> OpenEngine:
        """Opens the engine again and again: the same one for the same layout."""
        raise NotImplementedError

    @pytest.fixture
    def engine(self, open_engine: OpenEngine) -> Iterator[Engine]:
        opened = open_engine(LAYOUT, MANIFEST)
        yield opened
        opened.close()

    def test_a_new_engine_is_empty(self, engine: Engine) -> None:
        assert engine.count() == 0
        assert list(engine.scroll()) == []
        assert engine.retrieve([str(uuid.uuid4())]) == []
        assert engine.query(QUERIES, limit=3) == [[], [], []]
        assert engine.query([], limit=3) == []

    def test_points_come_back_as_they_were_written(self, engine: Engine) -> None:
        written = points()
        engine.upsert(written)
        found = {point.point_id: point for point in engine.retrieve([p.point_id for p in written])}
        for point in written:
            read = found[point.point_id]
            assert read.payload == point.payload
            for name, vector in point.vectors.items():
                if isinstance(vector, SparseVector):
                    own = read.vectors[name]
                    assert isinstance(own, SparseVector)
                    assert own.indices.tolist() == vector.indices.tolist()
                    np.testing.assert_allclose(own.values, vector.values, atol=1e-6)
                elif vector.size:
                    rows: Any = read.vectors[name]
                    np.testing.assert_allclose(rows, vector, atol=1e-6)
        bare = engine.retrieve([written[0].point_id], vectors=False)
        assert [(p.payload, dict(p.vectors)) for p in bare] == [(written[0].payload, {})]
        (chosen,) = engine.retrieve([written[0].point_id], vectors=["terms"])
        assert [*chosen.vectors] == ["terms"]

    def test_scrolling_passes_every_point_once_in_the_order_of_ids(self, engine: Engine) -> None:
        # More than one page of any engine.
        written = [replace(point, vectors={**point.vectors}) for point in points(1_203)]
        engine.upsert(written)
        found = list(engine.scroll(fields=["name", "page"]))
        assert [p.point_id for p in found] == sorted(p.point_id for p in written)
        assert {p.payload["name"] for p in found} == {p.payload["name"] for p in written}
        assert all(set(p.payload) == {"name", "page"} and not p.vectors for p in found)
        assert next(engine.scroll(vectors=True)).vectors.keys() >= {"whole", "terms"}

    @pytest.mark.parametrize(
        "only",
        [
            {"group": ["a"]},
            {"group": ["a", "b"], "page": [1, 2]},
            {"tags": ["t1", "t3"]},
            {"tags": ["all"], "group": ["b"]},
            {"page": [3], "group": ["nowhere"]},
            {"group": []},
        ],
        ids=str,
    )
    def test_what_a_filter_leaves_out_is_not_there(self, engine: Engine, only: Filter) -> None:
        """Scores are those of an engine that holds nothing else, document frequencies included."""
        engine.upsert(points())
        apart = MemoryEngine(LAYOUT.schema, MANIFEST)
        everything = MemoryEngine(LAYOUT.schema, MANIFEST)
        everything.upsert(points())
        apart.upsert(list(everything.scroll(only=only, vectors=True)))
        passing = {p.payload["name"] for p in points() if _passes(p, only)}
        assert {p.payload["name"] for p in apart.scroll()} == passing
        assert {p.payload["name"] for p in engine.scroll(only=only)} == passing
        assert engine.count(only) == len(passing)
        for found, expected in zip(
            engine.query(QUERIES, limit=50, only=only), apart.query(QUERIES, limit=50), strict=True
        ):
            assert_same(found, expected)

    def test_the_nearest_are_found_within_the_limit(self, engine: Engine) -> None:
        engine.upsert(points())
        oracle = MemoryEngine(LAYOUT.schema, MANIFEST)
        oracle.upsert(points())
        for found, best, expected in zip(
            engine.query(QUERIES, limit=50),
            engine.query(QUERIES, limit=3),
            oracle.query(QUERIES, limit=50),
            strict=True,
        ):
            assert_same(found, expected)
            assert [hit.score for hit in best] == pytest.approx([hit.score for hit in expected[:3]], abs=1e-4)

    def test_writing_again_replaces_and_deleting_passes_over_the_unknown(self, engine: Engine) -> None:
        engine.upsert(points())
        changed = replace(points()[5], payload={**points()[5].payload, "group": "c"})
        engine.upsert([changed])
        assert engine.count() == 40
        assert engine.count({"group": ["c"]}) == 1
        engine.delete([changed.point_id, str(uuid.uuid4())])
        engine.delete([])
        assert engine.count() == 39

    def test_the_revision_grows_with_every_write(self, engine: Engine) -> None:
        revisions = [engine.revision]
        engine.upsert(points())
        revisions.append(engine.revision)
        engine.delete([points()[0].point_id])
        revisions.append(engine.revision)
        assert revisions == sorted(set(revisions))

    def test_a_closed_one_says_so(self, engine: Engine) -> None:
        engine.close()
        engine.close()
        with pytest.raises(KnowledgeBaseError):
            engine.count()

    def test_threads_write_and_read_at_once(self, engine: Engine) -> None:
        engine.upsert(points())

        def work(number: int) -> None:
            for turn in range(6):
                own = points()[number]
                fresh = uuid.uuid5(uuid.NAMESPACE_OID, f"{number}-{turn}")
                engine.upsert([replace(own, point_id=str(fresh))])
                assert engine.query(QUERIES, limit=3, only={"group": ["b"]})[0]
                assert len(engine.retrieve([own.point_id])) == 1

        in_threads(work)
        assert engine.count() == 40 + 4 * 6

    def test_what_was_written_is_there_again_for_the_same_encoder_only(self, open_engine: OpenEngine) -> None:
        if not self.persists:
            return
        first = open_engine(LAYOUT, MANIFEST)
        first.upsert(points())
        first.close()
        refused = [
            (replace(MANIFEST, encoder="other-model"), "'hashing:64' instead of 'other-model'"),
            (replace(MANIFEST, schema_version=0), "schema_version"),
        ]
        for manifest, reason in refused:
            with pytest.raises(KnowledgeBaseMismatchError, match=reason):
                open_engine(LAYOUT, manifest)
        # What needs no transformer may read what was written with one, and writes it no less whole.
        again = open_engine(LAYOUT, replace(MANIFEST, encoder=None, dimension=0))
        assert again.count() == 40
        assert again.manifest == MANIFEST
        assert again.schema == LAYOUT.schema(MANIFEST)
        again.close()


def _passes(point: Point, only: Filter) -> bool:
    def values(field: str) -> set[Any]:
        value = point.payload[field]
        return set(value) if isinstance(value, list) else {value}

    return all(values(field) & set(wanted) for field, wanted in only.items())

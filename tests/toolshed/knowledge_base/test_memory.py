"""The oracle of the contract suite, checked by hand: scores, isolation, and what readers see."""

import math
import uuid
from typing import Any

import numpy as np
import pytest

from toolshed.errors import KnowledgeBaseError
from toolshed.knowledge_base.engine import Point, VectorQuery
from toolshed.knowledge_base.memory import MemoryEngine
from toolshed.testing.contract_samples import ENCODER, LAYOUT, MANIFEST
from toolshed.vectors import SparseVector

NOTHING = np.zeros(ENCODER.dimension, np.float32)


def point(name: str, *, rows: Any = (), terms: dict[int, float] | None = None, **payload: Any) -> Point:
    vectors = {
        "whole": NOTHING,
        "rows": np.array(rows, np.float32).reshape(-1, ENCODER.dimension),
        "terms": SparseVector.from_weights(terms or {}),
    }
    return Point(str(uuid.uuid5(uuid.NAMESPACE_OID, name)), {"name": name, **payload}, vectors)


def engine(*points: Point) -> MemoryEngine:
    made = MemoryEngine(LAYOUT.schema, MANIFEST)
    made.upsert(points)
    return made


def scores(of: MemoryEngine, query: VectorQuery, **options: Any) -> dict[str, float]:
    (hits,) = of.query([query], limit=10, **options)
    return {hit.key: hit.score for hit in hits}


def test_a_sparse_score_is_weight_times_inverse_document_frequency() -> None:
    kept = engine(point("a", terms={1: 2.0, 2: 1.0}), point("b", terms={2: 3.0}), point("c"))
    rare, common = math.log(1 + 2.5 / 1.5), math.log(1 + 1.5 / 2.5)
    found = scores(kept, VectorQuery("terms", SparseVector.from_weights({1: 1.0, 2: 0.5, 9: 1.0})))
    # "c" has none of the terms, and a score of nothing is no hit.
    assert found == {"a": pytest.approx(2 * rare + 0.5 * common), "b": pytest.approx(3 * 0.5 * common)}


def test_of_several_vectors_the_best_counts_and_who_has_none_is_not_found() -> None:
    rows = np.eye(2, ENCODER.dimension, dtype=np.float32)
    kept = engine(point("two", rows=rows), point("one", rows=rows[:1]), point("none"))
    asked = np.zeros(ENCODER.dimension, np.float32)
    asked[:2] = 0.25, 0.75
    assert scores(kept, VectorQuery("rows", asked)) == {"two": 0.75, "one": 0.25}


def test_a_list_passes_by_any_of_its_values_and_a_missing_field_by_none() -> None:
    kept = engine(point("a", tags=["x", "y"]), point("b", tags="y"), point("c", tags=[]), point("d"))
    assert {p.payload["name"] for p in kept.scroll(only={"tags": ["y", "z"]})} == {"a", "b"}


def test_a_reader_goes_on_with_what_was_there_when_it_began() -> None:
    kept = engine(point("a"), point("b"))
    reading = kept.scroll(fields=["name"])
    seen = [next(reading).payload["name"]]
    kept.delete([p.point_id for p in (point("a"), point("b"))])
    seen += [p.payload["name"] for p in reading]
    assert (sorted(seen), kept.count()) == (["a", "b"], 0)


def test_what_a_reader_does_to_a_payload_is_not_stored() -> None:
    kept = engine(point("a", page=1))
    (read,) = kept.retrieve([point("a").point_id])
    assert isinstance(read.payload, dict)
    read.payload["page"] = 2
    assert kept.count({"page": [1]}) == 1


def test_what_it_held_is_gone_when_it_is_closed() -> None:
    kept = engine(point("a"))
    kept.close()
    for use in (kept.count, lambda: kept.upsert([point("b")]), lambda: kept.delete([])):
        with pytest.raises(KnowledgeBaseError, match="is closed, and what it held is gone"):
            use()

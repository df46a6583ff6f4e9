"""Vectors on their way into Qdrant's libraries and back."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from toolshed.knowledge_base.engine import VectorQuery, asked, read, written
from toolshed.testing.contract_samples import LAYOUT, MANIFEST
from toolshed.vectors import SparseVector

SPARSE = SparseVector.from_weights({3: 0.5, 1: 2.0})
SCHEMA = LAYOUT.schema(MANIFEST)


def sparse(**fields: Any) -> SimpleNamespace:
    """A library's class of sparse vectors."""
    return SimpleNamespace(**fields)


def test_a_multivector_without_rows_is_left_out_and_empty_sparse_ones_are_not() -> None:
    none = SparseVector.from_weights({})
    given = {"whole": np.ones(2, np.float32), "rows": np.empty((0, 2), np.float32), "terms": none}
    assert written(given, sparse) == {"whole": [1.0, 1.0], "terms": sparse(indices=[], values=[])}


def test_what_was_written_is_read_back_in_our_own_types() -> None:
    given = {"whole": np.ones(2, np.float32), "rows": np.eye(2, dtype=np.float32), "terms": SPARSE}
    found = read(written(given, sparse))
    terms, rows = found["terms"], found["rows"]
    assert isinstance(terms, SparseVector)
    assert (terms.indices.tolist(), terms.values.tolist()) == ([1, 3], [2.0, 0.5])
    assert (terms.indices.dtype, terms.values.dtype) == (np.uint32, np.float32)
    assert isinstance(rows, np.ndarray)
    np.testing.assert_array_equal(rows, given["rows"])
    assert rows.dtype == np.float32


def test_a_query_of_a_multivector_is_one_of_several_vectors() -> None:
    vector = np.array([0.5, 1.0], np.float32)
    assert asked(VectorQuery("rows", vector), SCHEMA, sparse) == [[0.5, 1.0]]
    assert asked(VectorQuery("whole", vector), SCHEMA, sparse) == [0.5, 1.0]
    assert asked(VectorQuery("terms", SPARSE), SCHEMA, sparse) == sparse(indices=[1, 3], values=[2.0, 0.5])


def test_a_point_that_was_read_without_its_vectors_has_none() -> None:
    assert read(None) == read({}) == {}

"""Sparse vectors and the words of a query."""

import numpy as np
import pytest

from toolshed.vectors import QueryWords, SparseVector

WORDS = QueryWords(np.array([7, 8, 9], np.uint32), (frozenset({1, 2}), frozenset(), frozenset({2, 3})))


def test_weights_become_ascending_indices_with_their_own_values() -> None:
    vector = SparseVector.from_weights({4_294_967_295: 0.5, 3: 1.5, 0: 2.0})
    assert vector.indices.tolist() == [0, 3, 4_294_967_295]
    assert vector.values.tolist() == [2.0, 1.5, 0.5]
    assert (vector.indices.dtype, vector.values.dtype) == (np.uint32, np.float32)


def test_no_weights_are_an_empty_vector_of_the_same_types() -> None:
    vector = SparseVector.from_weights({})
    assert (len(vector.indices), len(vector.values)) == (0, 0)
    assert (vector.indices.dtype, vector.values.dtype) == (np.uint32, np.float32)


@pytest.mark.parametrize(
    ("chosen", "ngrams"),
    [
        ([True, False, True], {1, 2, 3}),
        ([False, True, False], set()),
        ([False, False, False], set()),
        ([False, False, True], {2, 3}),
    ],
    ids=["shared-ones-once", "a-word-too-short", "no-word", "one-word"],
)
def test_ngrams_are_those_of_the_chosen_words(chosen: list[bool], ngrams: set[int]) -> None:
    found = WORDS.ngrams_where(np.array(chosen))
    assert found.dtype == np.uint32
    assert sorted(found.tolist()) == sorted(ngrams)

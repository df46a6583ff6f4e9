"""Sparse vectors and the words of a query."""

import numpy as np
import pytest

from toolshed.vectors import CompactVectors, QueryWords, Ragged, SparseVector, best_places

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


def test_vectors_of_eight_bits_are_near_and_compared_alike_in_any_company() -> None:
    vectors = np.random.default_rng(0).normal(size=(2_500, 48)).astype(np.float32)
    vectors[7] = 0
    compact = CompactVectors.of(vectors)
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    assert (np.abs(compact.floats() - vectors) <= 0.51 * largest / 127).all()
    queries = vectors[:3]
    products = compact.products(queries)
    np.testing.assert_allclose(products, queries @ compact.floats().T, rtol=1e-4, atol=1e-4)
    rows = np.arange(5, 2_500, 3)
    apart = CompactVectors.of(vectors[rows])
    np.testing.assert_array_equal(compact.take(rows).products(queries), apart.products(queries))
    assert sum(len(chunk) for chunk in compact.chunks()) == len(compact) == 2_500


def test_no_vectors_are_compared_with_nothing() -> None:
    assert CompactVectors.of(np.empty((0, 8), np.float32)).products(np.ones((2, 8), np.float32)).shape == (
        2,
        0,
    )


def test_rows_of_different_lengths_are_taken_in_any_order() -> None:
    rows = Ragged.of([np.array([1, 2]), np.array([], np.int64), np.array([3])], np.empty(0, np.int64))
    assert (len(rows), rows.lengths.tolist(), rows.row(2).tolist()) == (3, [2, 0, 1], [3])
    taken = rows.take(np.array([2, 0, 0, 1]))
    assert [taken.row(at).tolist() for at in range(4)] == [[3], [1, 2], [1, 2], []]
    assert len(rows.take(np.empty(0, np.int64))) == 0


@pytest.mark.parametrize(("n_scores", "most"), [(50, 60), (700, 3), (5_000, 10), (5_000, 30), (5_000, 400)])
def test_the_best_places_are_those_of_a_partition_of_all(n_scores: int, most: int) -> None:
    rng = np.random.default_rng(n_scores + most)
    different = rng.normal(size=n_scores).astype(np.float32)
    excluded = np.where(rng.random(n_scores) < 0.5, -np.inf, different).astype(np.float32)
    for scores in (different, different.round(1), excluded, np.zeros_like(different)):
        expected = np.argpartition(scores, -most)[-most:] if most < n_scores else np.arange(n_scores)
        assert sorted(best_places(scores, most)) == sorted(expected)


@pytest.mark.parametrize("n_queries", [1, 3, 40])
def test_products_are_those_of_the_whole_matrix_however_it_is_cut(n_queries: int) -> None:
    rng = np.random.default_rng(n_queries)
    compact = CompactVectors.of(rng.normal(size=(1_500, 96)).astype(np.float32))
    queries = rng.normal(size=(n_queries, 96)).astype(np.float32)
    np.testing.assert_allclose(compact.products(queries), queries @ compact.floats().T, rtol=1e-4, atol=1e-4)

import numpy as np
import pytest
from numpy.typing import NDArray

from toolshed.intra_retrieval.postings import Postings, PostingsIndex
from toolshed.vectors import Ragged, Scores

N_DOCUMENTS, N_TERMS = 300, 60


def drawn() -> tuple[Postings, list[NDArray[np.uint32]]]:
    rng = np.random.default_rng(0)
    documents = [rng.choice(N_TERMS, size=8, replace=False).astype(np.uint32) for _ in range(N_DOCUMENTS)]
    weights = rng.random(8 * N_DOCUMENTS, np.float32)
    # Some that no document has.
    asked = [rng.choice(N_TERMS + 20, size=size).astype(np.uint32) for size in (12, 1, 0, 5)]
    return Postings.of(Ragged.of(documents, np.empty(0, np.uint32)), weights), asked


def term_by_term(postings: Postings, query: NDArray[np.uint32], searched: NDArray[np.bool_]) -> Scores:
    scores, attainable = np.zeros(N_DOCUMENTS), 0.0
    for term in set(query.tolist()):
        (at,) = postings.positions(np.array([term], np.uint32))
        own = slice(postings.starts[at], postings.starts[at + 1]) if at >= 0 else slice(0, 0)
        frequency = searched[postings.owners[own]].sum()
        if frequency:
            idf = np.log(1 + (searched.sum() - frequency + 0.5) / (frequency + 0.5))
            scores[postings.owners[own]] += postings.weights[own] * idf
            attainable += idf
    return np.asarray(scores[searched] / max(attainable, 1e-6), np.float32)


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_all_queries_at_once_score_as_term_by_term(share: float) -> None:
    postings, asked = drawn()
    searched = np.random.default_rng(1).random(N_DOCUMENTS) < share
    columns = np.where(searched, np.cumsum(searched) - 1, -1).astype(np.int32)
    index = PostingsIndex(postings, None if share == 1 else columns, n_columns=int(searched.sum()))
    expected = [term_by_term(postings, query, searched) for query in asked]
    np.testing.assert_allclose(index.score(asked), expected, rtol=1e-5, atol=1e-6)


def test_what_nothing_is_asked_of_scores_nothing() -> None:
    postings, _ = drawn()
    nothing = np.empty(0, np.uint32)
    assert not PostingsIndex(postings).score([nothing, nothing]).any()

from collections.abc import Sequence

import numpy as np
import pytest

from toolshed.backbones.lexical import bm25_vector, query_words, term_index
from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.channels import ScoringIndex, TopicVectors
from toolshed.intra_retrieval.postings import Postings, PostingsIndex
from toolshed.knowledge_base.engine import VectorQuery
from toolshed.pre_retrieval.embedding import embed_tools
from toolshed.presets import TOOL_WORDS
from toolshed.queries import Encodings
from toolshed.testing import make_tool
from toolshed.vectors import CompactVectors, Ragged, Scores, SparseVector, Vectors

TEXTS = ["send an email", "read an email", "weather forecast", ""]
VECTORS = [bm25_vector({"description": text}, TOOL_WORDS) for text in TEXTS]


def topics_of(*topics: Vectors) -> TopicVectors:
    rows = Ragged.of(topics, np.empty((0, 2), np.float32))
    return TopicVectors(rows.starts, CompactVectors.of(rows.values))


def inverted(vectors: Sequence[SparseVector]) -> Postings:
    terms = Ragged.of([vector.indices for vector in vectors], np.empty(0, np.uint32))
    return Postings.of(terms, np.concatenate([vector.values for vector in vectors]))


def assert_near(found: Scores, expected: object) -> None:
    """As near as vectors of eight bits are."""
    np.testing.assert_allclose(found, np.asarray(expected), atol=0.005)


def index_of(*words: str) -> np.ndarray:
    return np.array([term_index(word) for word in words], np.uint32)


def test_scores_are_weight_times_idf_over_the_best_attainable() -> None:
    index = PostingsIndex(inverted(VECTORS))
    (scores,) = index.score([index_of("send", "email")])
    idf = {"send": np.log(1 + 3.5 / 1.5), "email": np.log(1 + 2.5 / 2.5)}
    weight = VECTORS[0].values[0]
    assert scores[0] == pytest.approx(weight)
    assert scores[1] == pytest.approx(weight * idf["email"] / (idf["send"] + idf["email"]))
    assert scores[2] == scores[3] == 0


def test_words_no_document_has_are_not_counted_against_it() -> None:
    index = PostingsIndex(inverted(VECTORS))
    plain, wordy = index.score([index_of("send"), index_of("send", "unheard")])
    np.testing.assert_allclose(plain, wordy)


@pytest.mark.parametrize("queries", [[], [np.empty(0, np.uint32)], [index_of("unheard")]])
def test_queries_without_known_words_score_zero(queries: list[np.ndarray]) -> None:
    scores = PostingsIndex(inverted(VECTORS)).score(queries)
    assert scores.shape == (len(queries), 4)
    assert not scores.any()


def test_documents_without_any_word_can_be_indexed() -> None:
    assert not PostingsIndex(inverted(VECTORS[3:])).score([index_of("send")]).any()


def test_candidates_take_frequencies_from_their_background() -> None:
    background = PostingsIndex(inverted(VECTORS))
    candidates = PostingsIndex(inverted(VECTORS[:1]), background=background)
    query = [index_of("send", "email")]
    assert candidates.score(query)[0, 0] == pytest.approx(background.score(query)[0, 0])


def test_a_tool_is_matched_by_the_best_of_its_topics_or_its_whole() -> None:
    none = np.empty((0, 2), np.float32)
    topics = topics_of(none, np.eye(2, dtype=np.float32), none)
    whole = np.array([[0.5, 0.2, 0.1]], np.float32)
    assert_near(topics.score(np.array([[0, 0.9]], np.float32), whole), [[0.5, 0.9, 0.1]])
    assert_near(topics.score(np.array([[0.1, 0.1]], np.float32), whole), whole)
    assert_near(topics_of(none).score(np.ones((1, 2), np.float32), whole), whole)


def test_only_words_that_no_tool_has_are_looked_up_by_their_ngrams() -> None:
    tools = [make_tool("get_forecast", "Weather forecast.")]
    index = ScoringIndex.of(embed_tools(tools, static=StaticEncoder(), dense=None).records)

    def asked(text: str) -> list[VectorQuery]:
        return list(index.queries(Encodings({}, [query_words(text)]), ["ngrams"]))

    assert asked("weather forecast") == []
    (misspelt,) = asked("wether forecast")
    assert isinstance(misspelt.vector, SparseVector)
    grams = {term_index(gram) for gram in ("_wet", "weth", "ethe", "ther", "her_")}
    assert set(misspelt.vector.indices.tolist()) == grams


def test_several_vectors_without_a_whole_are_matched_by_the_best_of_them() -> None:
    topics = topics_of(np.eye(2, dtype=np.float32), np.array([[0.5, 0.5]], np.float32))
    assert_near(topics.score(np.array([[0.2, 0.9]], np.float32), None), [[0.9, 0.55]])

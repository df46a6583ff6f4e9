from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.threads import novel_words, switching_at_every_turn
from toolshed.backbones import lexical
from toolshed.backbones.lexical import (
    bm25_vector,
    ngram_vector,
    query_words,
    split_identifier,
    term_index,
    terms,
    word_ngrams,
    words,
)
from toolshed.presets import TOOL_WORDS, BM25Preset


@pytest.mark.parametrize(
    ("identifier", "parts"),
    [
        ("getHTTPResponse2", ["get", "HTTP", "Response", "2"]),
        ("parseURL", ["parse", "URL"]),
        ("S3Upload", ["S", "3", "Upload"]),
        ("plain", ["plain"]),
        ("ÉtatCivil", ["État", "Civil"]),
    ],
)
def test_identifiers_are_split_at_humps_and_digits(identifier: str, parts: list[str]) -> None:
    assert split_identifier(identifier) == parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("send_email-now", ["send", "email", "now"], id="separators"),
        pytest.param("getUserById", ["get", "user", "by", "id", "getuserbyid"], id="keeps-the-exact-name"),
        pytest.param("Ｆｕｌｌ ｗｉｄｔｈ", ["full", "width"], id="compatibility-forms"),
        pytest.param("天気予報 city", ["天気", "気予", "予報", "city"], id="unspaced-script-in-pairs"),
        pytest.param("Öffne die Tür", ["öffne", "die", "tür"], id="umlauts"),
        pytest.param("don’t Ana's l'email", ["don't", "ana's", "l", "email", "l'email"], id="apostrophes"),
        pytest.param("a" * 60 + " b", ["b"], id="hashes-are-no-words"),
        pytest.param("🧾 !!", [], id="no-words"),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_terms_are_stemmed_and_without_stop_words() -> None:
    assert terms("I would like the weather forecasts, please") == ["weather", "forecast"]


def test_ngrams_stay_inside_the_word() -> None:
    assert word_ngrams("card") == ("_car", "card", "ard_")
    assert word_ngrams("a") == ("_a_",)


def test_a_rarer_field_weighs_by_its_weight_and_saturates() -> None:
    name, description = {"name": "weather"}, {"description": "weather " * 50}
    (in_name,) = bm25_vector(name, TOOL_WORDS).values
    (in_description,) = bm25_vector(description, TOOL_WORDS).values
    (in_both,) = bm25_vector(name | description, TOOL_WORDS).values
    assert in_description < in_both < 1
    assert in_name < in_both


def test_bm25_matches_the_formula_worked_out_by_hand() -> None:
    # One field of two terms, usual length 2: no length correction; tf 1 / (1 + k1).
    vector = bm25_vector({"text": "rain snow"}, BM25Preset(1.5, 0.75, {"text": (1, 2)}))
    assert vector.values == pytest.approx([1 / 2.5, 1 / 2.5])
    assert set(vector.indices.tolist()) == {term_index("rain"), term_index("snow")}


def test_vectors_are_sorted_unique_and_normalised() -> None:
    vector = ngram_vector("send send an email")
    assert (np.diff(vector.indices.astype(np.int64)) > 0).all()
    assert np.linalg.norm(vector.values) == pytest.approx(1)
    assert len(ngram_vector("").indices) == 0


def test_a_repeated_query_word_counts_once() -> None:
    assert len(query_words("forecast forecasts Forecast the").terms) == 1


def test_the_ngrams_of_chosen_words_only() -> None:
    found = query_words("weather in Lisbon")
    lisbon = found.ngrams_where(found.terms == term_index("lisbon"))
    assert set(lisbon.tolist()) == {term_index(gram) for gram in word_ngrams("lisbon")}
    assert len(found.ngrams_where(np.zeros(2, dtype=bool))) == 0


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    found = query_words(text)
    assert len(found.terms) == len(found.ngrams)
    bm25_vector({"description": text}, TOOL_WORDS)
    ngram_vector(text)


def test_threads_read_the_words_that_one_thread_reads() -> None:
    texts = [" ".join(novel_words(4_000)[start : start + 25]) for start in range(0, 4_000, 25)]
    with switching_at_every_turn(), ThreadPoolExecutor(16) as pool:
        found = list(pool.map(terms, texts))
    clear_caches()
    assert found == [terms(text) for text in texts]


def clear_caches() -> None:
    lexical._stem.cache_clear()
    lexical._word_parts.cache_clear()
    lexical._query_terms.cache_clear()


def test_ever_new_words_do_not_fill_the_memory() -> None:
    for function in (lexical._stem, lexical._word_parts, lexical._query_terms, lexical.term_index):
        size = function.cache_info().maxsize
        assert size is not None
        assert size <= 65_536

"""From passages to records: what is encoded, once each, and which rows are whose."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from toolshed.backbones.embedding import DenseEncoder, TokenVectors, normalise
from toolshed.backbones.lexical import query_words
from toolshed.backbones.static import StaticEncoder
from toolshed.documents import Passage, Section
from toolshed.knowledge_base.passages import PassageRecord
from toolshed.pre_retrieval.passage_embedding import embed_passages
from toolshed.testing import HashingEncoder
from toolshed.vectors import Vectors

STATIC = StaticEncoder()
TEXT = "The tenant pays a late fee. The fee is five percent of it."
PASSAGE = Passage(
    "lease",
    0,
    100,
    158,
    TEXT,
    ((100, 127), (128, 158)),
    header="Lease > 4.2 Fees",
    sections=(Section(90, 95, ("ARTICLE IV", "4.2 Fees")),),
)
OTHER = Passage("lease", 1, 200, 231, "Nobody keeps pets in the house.", ((200, 231),))


def embedded(*passages: Passage, dense: DenseEncoder | None = None) -> list[PassageRecord]:
    return embed_passages(passages, source="law", content_hash="v1", static=STATIC, dense=dense)


def test_header_and_text_are_encoded_together_and_sentences_under_their_section() -> None:
    encoder = HashingEncoder()
    embedded(PASSAGE, OTHER, dense=encoder)
    assert encoder.encoded == [
        f"Lease > 4.2 Fees\n{TEXT}",
        OTHER.text,
        "4.2 Fees: The tenant pays a late fee.",
        "4.2 Fees: The fee is five percent of it.",
        OTHER.text,
    ]


def test_every_passage_has_the_rows_of_its_own_sentences() -> None:
    first, second = embedded(PASSAGE, OTHER, dense=HashingEncoder())
    again = HashingEncoder()
    rows: Any = [record.vectors["sentences"] for record in (first, second)]
    np.testing.assert_allclose(rows[0][1], again.encode(["4.2 Fees: The fee is five percent of it."])[0])
    np.testing.assert_allclose(rows[1], again.encode([OTHER.text]))
    assert [len(own) for own in rows] == [2, 1]


class TokensOfWords:
    """A contextual encoder whose tokens are words, each with the mean of its own and its text's vector."""

    model_id, dimension, is_contextual = "tokens", 256, True

    def __init__(self) -> None:
        self.n_encoded = 0

    def encode_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        self.n_encoded += len(texts)
        found = STATIC.encode_tokens(texts)
        return [TokenVectors(one.hidden + one.hidden.mean(axis=0), one.offsets) for one in found]

    def encode(self, texts: Sequence[str]) -> Vectors:
        return normalise(np.stack([one.hidden.mean(axis=0) for one in self.encode_tokens(texts)]))


def test_each_token_is_encoded_once_where_the_encoder_shows_its_tokens() -> None:
    encoder = TokensOfWords()
    many = [replace(PASSAGE, ordinal=n) for n in range(70)] + [OTHER]
    records = embedded(*many, dense=encoder)
    assert encoder.n_encoded == 71
    rows: Any = [record.vectors["sentences"] for record in records]
    assert [len(own) for own in rows] == [2] * 70 + [1]
    np.testing.assert_allclose(np.linalg.norm(rows[0], axis=1), 1, atol=1e-5)
    whole: Any = records[0].vectors["dense"]
    np.testing.assert_allclose(whole, encoder.encode([PASSAGE.encoded_text])[0], atol=1e-5)
    # Each sentence is nearer to itself by itself than to the other.
    alone = STATIC.encode([TEXT[:27], TEXT[28:]])
    assert (np.argmax(rows[0] @ alone.T, axis=1) == [0, 1]).all()


def test_a_record_knows_its_document_and_how_many_passages_that_has() -> None:
    records = embedded(PASSAGE, OTHER, dense=HashingEncoder())
    assert [(r.passage.ordinal, r.source, r.content_hash, r.n_passages) for r in records] == [
        (0, "law", "v1", 2),
        (1, "law", "v1", 2),
    ]


def test_without_a_dense_encoder_there_are_static_vectors_and_words() -> None:
    (record,) = embedded(PASSAGE)
    assert record.vectors.keys() == {"static", "words"}


@pytest.mark.parametrize("dense", [None, HashingEncoder()], ids=["static", "dense"])
def test_no_passages_are_no_records(dense: HashingEncoder | None) -> None:
    assert embedded(dense=dense) == []


def test_a_word_of_the_text_weighs_more_than_one_of_the_header() -> None:
    (record,) = embedded(replace(PASSAGE, text="percent", header="lease"))
    words: Any = record.vectors["words"]
    weights = dict(zip(words.indices.tolist(), words.values.tolist(), strict=True))
    of_text, of_header = (weights[int(query_words(word).terms[0])] for word in ("percent", "lease"))
    assert of_text > of_header > 0


def test_text_that_no_tokenizer_reads_is_encoded_all_the_same() -> None:
    (record,) = embedded(replace(OTHER, text="Nobody keeps \ud800 pets in house."), dense=HashingEncoder())
    for vector in record.vectors.values():
        assert np.isfinite(getattr(vector, "values", vector)).all()
    assert record.passage.text == "Nobody keeps \ud800 pets in house."

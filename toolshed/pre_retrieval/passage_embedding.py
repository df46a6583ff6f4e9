"""From passages to records: a vector of header and text, one for each sentence, words by field."""

from collections.abc import Sequence

import numpy as np

from toolshed.backbones.embedding import DenseEncoder, TokenEncoder, normalise, shows_tokens
from toolshed.backbones.lexical import bm25_vector
from toolshed.backbones.static import StaticEncoder
from toolshed.documents import Passage
from toolshed.half_characters import without_half_characters
from toolshed.knowledge_base.passages import PassageRecord
from toolshed.presets import PASSAGE_WORDS
from toolshed.vectors import SparseVector, Vectors

# Token vectors take 150 times the memory of their texts.
_BATCH = 32


def embed_passages(
    passages: Sequence[Passage],
    *,
    source: str,
    content_hash: str,
    static: StaticEncoder,
    dense: DenseEncoder | None,
) -> list[PassageRecord]:
    """Encode the passages of one document.

    Raises:
        EncoderError: If an encoder fails or returns unusable vectors.
    """
    by_channel: dict[str, Sequence[Vectors | SparseVector]] = {
        "static": list(
            static.encode([without_half_characters(passage.encoded_text) for passage in passages])
        ),
        "words": [bm25_vector({"text": one.text, "header": one.header}, PASSAGE_WORDS) for one in passages],
    }
    if dense is not None and passages:
        if shows_tokens(dense) and dense.is_contextual:
            encoded = _encoded_once(passages, dense)
        else:
            encoded = _encoded_apart(passages, dense)
        by_channel["dense"], by_channel["sentences"] = encoded
    return [
        PassageRecord(
            passage,
            source,
            content_hash,
            len(passages),
            {name: vectors[row] for name, vectors in by_channel.items()},
        )
        for row, passage in enumerate(passages)
    ]


def _encoded_once(
    passages: Sequence[Passage], dense: TokenEncoder
) -> tuple[Sequence[Vectors], Sequence[Vectors]]:
    """A vector of each passage and of its sentences, all from the vectors of its tokens.

    Sentences that have seen the rest of their passage rank as well as sentences that were encoded by
    themselves, at half the tokens (``toolshed eval legalbench-rag --benchmark dev``).
    """
    whole: list[Vectors] = []
    sentences: list[Vectors] = []
    for start in range(0, len(passages), _BATCH):
        batch = passages[start : start + _BATCH]
        encoded = dense.encode_tokens([without_half_characters(passage.encoded_text) for passage in batch])
        for passage, tokens in zip(batch, encoded, strict=True):
            shift = len(passage.encoded_text) - len(passage.text) - passage.start
            whole.append(tokens.hidden.mean(axis=0))
            sentences.append(normalise(tokens.pool([(a + shift, b + shift) for a, b in passage.quotable])))
    return list(normalise(np.stack(whole))), sentences


def _encoded_apart(
    passages: Sequence[Passage], dense: DenseEncoder
) -> tuple[Sequence[Vectors], Sequence[Vectors]]:
    """A vector of each passage, and of each sentence that can be quoted with the label of its section."""
    whole = list(dense.encode([without_half_characters(passage.encoded_text) for passage in passages]))
    texts = [
        [without_half_characters(_labelled(one, start, end)) for start, end in one.quotable]
        for one in passages
    ]
    vectors = dense.encode([text for own in texts for text in own])
    return whole, np.split(vectors, np.cumsum([len(own) for own in texts])[:-1])


def _labelled(passage: Passage, start: int, end: int) -> str:
    sentence = passage.text[start - passage.start : end - passage.start]
    section = passage.section_at(start)
    return f"{section.path[-1]}: {sentence}" if section else sentence

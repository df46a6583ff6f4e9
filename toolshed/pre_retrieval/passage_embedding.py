"""From passages to records: a vector of header and text, one for each sentence, words by field."""

from collections.abc import Sequence

import numpy as np

from toolshed.backbones.embedding import DenseEncoder
from toolshed.backbones.lexical import bm25_vector
from toolshed.backbones.static import StaticEncoder
from toolshed.documents import Passage
from toolshed.knowledge_base.passages import PassageRecord
from toolshed.presets import PASSAGE_WORDS
from toolshed.vectors import SparseVector, Vectors


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
    texts = [_clean(passage.encoded_text) for passage in passages]
    by_channel: dict[str, Sequence[Vectors | SparseVector]] = {
        "static": list(static.encode(texts)),
        "words": [bm25_vector({"text": one.text, "header": one.header}, PASSAGE_WORDS) for one in passages],
    }
    if dense is not None and texts:
        by_channel["dense"] = list(dense.encode(texts))
        by_channel["sentences"] = _sentence_vectors(passages, dense)
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


def _sentence_vectors(passages: Sequence[Passage], dense: DenseEncoder) -> list[Vectors]:
    """A vector for each sentence that can be quoted, encoded with the label of its section."""
    texts = [
        [_clean(_labelled(passage, start, end)) for start, end in passage.quotable] for passage in passages
    ]
    vectors = dense.encode([text for own in texts for text in own])
    return np.split(vectors, np.cumsum([len(own) for own in texts])[:-1])


def _labelled(passage: Passage, start: int, end: int) -> str:
    sentence = passage.text[start - passage.start : end - passage.start]
    section = passage.section_at(start)
    return f"{section.path[-1]}: {sentence}" if section else sentence


def _clean(text: str) -> str:
    # Lone surrogates are no text to tokenizers.
    return text.encode("utf-8", "replace").decode()

"""Encode the parts of a query: one pass of the transformer for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from toolshed.backbones.embedding import DenseEncoder, TokenEncoder, Vectors, normalise
from toolshed.backbones.lexical import QueryWords, query_words
from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.decomposition import QueryPart


@dataclass(frozen=True, slots=True)
class EncodedParts:
    """The parts of a query in every form a channel asks for; row i belongs to part i.

    Attributes:
        static: float32 ``[n_parts, static_dimension]``.
        words: The different words of each part.
        dense: float32 ``[n_parts, dimension]``, or None when no channel needs the transformer.
    """

    static: Vectors
    words: list[QueryWords]
    dense: Vectors | None = None


def encode_parts(
    parts: Sequence[QueryPart],
    *,
    static: StaticEncoder,
    dense: DenseEncoder | None,
) -> EncodedParts:
    """Encode parts; ``parts[0]`` is the whole query."""
    return EncodedParts(
        static=_encode_static(parts, static),
        words=[query_words(part.text) for part in parts],
        dense=None if dense is None else _encode_dense(parts, dense),
    )


def _encode_static(parts: Sequence[QueryPart], encoder: StaticEncoder) -> Vectors:
    """Static vectors have no context: the query is tokenised once and every part pooled from it."""
    (tokens,) = encoder.encode_tokens([parts[0].text])
    return normalise(tokens.pool([(part.start, part.end) for part in parts]))


def _encode_dense(parts: Sequence[QueryPart], encoder: DenseEncoder) -> Vectors:
    if isinstance(encoder, TokenEncoder):
        return _pooled_from_sentences(parts, encoder)
    return encoder.encode([part.text for part in parts])


def _pooled_from_sentences(parts: Sequence[QueryPart], encoder: TokenEncoder) -> Vectors:
    """Encode each sentence once and pool every other part from its token vectors.

    The whole query is the mean over all tokens, a clause the mean over its own tokens, which have
    seen the rest of their sentence. This ranks as well as encoding every part by itself (measured on
    Seal-Tools and ToolE dev) at a third of the tokens.
    """
    sentences = [part for part in parts if part.kind == "sentence"] or [parts[0]]
    encoded = encoder.encode_tokens([sentence.text for sentence in sentences])
    # The whole query keeps the special tokens that its sentences were encoded with.
    vectors = [np.concatenate([tokens.hidden for tokens in encoded]).mean(axis=0)]
    for part in parts[1:]:
        at = max(part.sentence, 0) if len(sentences) > 1 else 0
        start = sentences[at].start
        vectors.extend(encoded[at].pool([(part.start - start, part.end - start)]))
    return normalise(np.stack(vectors))

"""Encode the sub-queries of a plan: one pass of the transformer for all of them."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.embedding import (
    DenseEncoder,
    TokenEncoder,
    TokenVectors,
    normalise,
    shows_tokens,
)
from toolshed.backbones.english import is_english
from toolshed.backbones.lexical import query_words
from toolshed.metering.runs import MeteredCall, current_run
from toolshed.metering.usage import estimated_usage
from toolshed.queries import EncodedQuery, EncodedText, Encodings, QueryPlan, SubQuery, asked_text
from toolshed.stages import Stage
from toolshed.types import Span
from toolshed.vectors import Vectors

# About 25 KB each.
_REMEMBERED_QUERIES = 256
# Transformers cut what is longer than their window; sentences are shorter.
_MAX_ONE_PASS = 800


class Encode(Stage[QueryPlan, EncodedQuery]):
    """Encode the sub-queries of a plan, the same ones once: agents ask again with another k or source.

    Args:
        encoders: The encoders by the name that channels call them.
        multilingual: What encodes queries that are not in English besides.
    """

    def __init__(
        self, encoders: Mapping[str, DenseEncoder], multilingual: DenseEncoder | None = None
    ) -> None:
        self._encoders, self._multilingual = encoders, multilingual
        self._encodings = lru_cache(maxsize=_REMEMBERED_QUERIES)(self._encode)

    async def run(self, plan: QueryPlan, /) -> EncodedQuery:
        """Return the plan with the encodings of its sub-queries."""
        return EncodedQuery(plan, self._encodings(tuple(plan.sub_queries)))

    def _encode(self, sub_queries: tuple[SubQuery, ...]) -> Encodings:
        encodings = encode_sub_queries(sub_queries, self._encoders)
        text = asked_text(sub_queries)
        if self._multilingual is None or is_english(text):
            return encodings
        with _told_of(self._multilingual, text):
            return replace(encodings, meaning=self._multilingual.encode([text])[0])

    def __repr__(self) -> str:
        return f"Encode({', '.join(f'{name}={e.model_id!r}' for name, e in self._encoders.items())})"


def encode_sub_queries(sub_queries: Sequence[SubQuery], encoders: Mapping[str, DenseEncoder]) -> Encodings:
    """Encode sub-queries; ``sub_queries[0]`` is the whole query."""
    return Encodings(
        vectors={name: _vectors(sub_queries, encoder) for name, encoder in encoders.items()},
        words=[
            query_words(asked_text(sub_queries)),
            *(query_words(sub_query.text) for sub_query in sub_queries[1:]),
        ],
    )


def encode_texts(texts: Sequence[str], encoders: Mapping[str, DenseEncoder]) -> list[EncodedText]:
    """Encode texts that have nothing to do with each other."""
    vectors = {}
    for name, encoder in encoders.items():
        with _told_of(encoder, "".join(texts)):
            vectors[name] = encoder.encode(texts)
    encodings = Encodings(vectors, [query_words(text) for text in texts])
    return [encodings.of(row, text) for row, text in enumerate(texts)]


def encode_question(text: str, left_out: Sequence[Span], encoders: Mapping[str, DenseEncoder]) -> EncodedText:
    """Encode a question in one pass, without the words of these spans where others are left.

    What a document is called by says where to look, and would drown what is looked for.
    """
    vectors = {}
    for name, encoder in encoders.items():
        with _told_of(encoder, text):
            if shows_tokens(encoder):
                (tokens,) = encoder.encode_tokens([text])
                vectors[name] = normalise(_pooled_without(tokens, left_out)[None])[0]
            else:
                vectors[name] = encoder.encode([text])[0]
    return EncodedText(text, vectors, query_words(text))


def _pooled_without(tokens: TokenVectors, spans: Sequence[Span]) -> Vectors:
    starts, ends = tokens.offsets.T
    kept = np.ones(len(starts), dtype=bool)
    for start, end in spans:
        kept &= (ends <= start) | (starts >= end)
    has_words = bool((kept & (ends > starts)).any())
    if not len(tokens.hidden):
        return np.zeros(tokens.hidden.shape[1], np.float32)
    return np.asarray((tokens.hidden[kept] if has_words else tokens.hidden).mean(axis=0))


@contextmanager
def _told_of(encoder: DenseEncoder, text: str) -> Iterator[None]:
    """Report an encoding in this process, unless the encoder reports its calls itself or only looks up."""
    calls, started = current_run().calls, time.monotonic()
    n_before = len(calls)
    yield
    is_lookup = shows_tokens(encoder) and not encoder.is_contextual
    if len(calls) == n_before and not is_lookup:
        seconds = time.monotonic() - started
        calls.append(
            MeteredCall("embedding", encoder.model_id, estimated_usage(text), seconds, is_local=True)
        )


def _vectors(sub_queries: Sequence[SubQuery], encoder: DenseEncoder) -> Vectors:
    with _told_of(encoder, sub_queries[0].text):
        return _encoded(sub_queries, encoder)


def _encoded(sub_queries: Sequence[SubQuery], encoder: DenseEncoder) -> Vectors:
    if not shows_tokens(encoder) or any(one.is_written for one in sub_queries):
        rest = (sub_query.text for sub_query in sub_queries[1:])
        return encoder.encode([asked_text(sub_queries).strip() or sub_queries[0].text, *rest])
    if encoder.is_contextual and len(sub_queries[0].text) > _MAX_ONE_PASS:
        return _pooled_from_sentences(sub_queries, encoder)
    # In one pass a part's vector knows of the product that another sentence named.
    (tokens,) = encoder.encode_tokens([sub_queries[0].text])
    # The whole query keeps the special tokens, which sentence encoders are trained with.
    asked = tokens.hidden[_is_asked(tokens, sub_queries)]
    # Static vectors have no special tokens: where all is forbidden, nothing is left to ask for.
    whole = asked.sum(axis=0, keepdims=True) / max(len(asked), 1)
    parts = tokens.pool([(sub_query.start, sub_query.end) for sub_query in sub_queries[1:]])
    return normalise(np.concatenate([whole, parts]))


def _is_asked(tokens: TokenVectors, sub_queries: Sequence[SubQuery]) -> NDArray[np.bool_]:
    """Which tokens do not belong to what the query says must not be done."""
    starts, ends = tokens.offsets.T
    is_asked = np.ones(len(starts), dtype=bool)
    for one in sub_queries:
        if one.kind == "negated":
            is_asked &= (ends <= one.start) | (starts >= one.end) | (ends == starts)
    return is_asked


def _pooled_from_sentences(sub_queries: Sequence[SubQuery], encoder: TokenEncoder) -> Vectors:
    """Encode each sentence once and pool every other sub-query from its token vectors.

    The whole query is the mean over all tokens, a clause the mean over its own tokens, which have
    seen the rest of their sentence. This ranks as well as encoding every sub-query by itself (measured
    on Seal-Tools and ToolE dev) at a third of the tokens.
    """
    sentences = [one for one in sub_queries if one.kind == "sentence"] or [sub_queries[0]]
    # Sentences with a negation are left out of the plan: what is in none is read by itself.
    read = [*sentences, *(one for one in sub_queries[1:] if not any(_holds(s, one) for s in sentences))]
    encoded = encoder.encode_tokens([one.text for one in read])
    asked = [tokens.hidden for one, tokens in zip(read, encoded, strict=True) if one.kind != "negated"]
    # The whole query keeps the special tokens that its sentences were encoded with.
    vectors = [np.concatenate(asked).mean(axis=0)]
    for sub_query in sub_queries[1:]:
        at = next(at for at, one in enumerate(read) if _holds(one, sub_query))
        start = read[at].start
        vectors.extend(encoded[at].pool([(sub_query.start - start, sub_query.end - start)]))
    return normalise(np.stack(vectors))


def _holds(outer: SubQuery, inner: SubQuery) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end

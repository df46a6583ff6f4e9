"""From tool definitions to records: every text of a batch is encoded once, together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from toolshed.backbones.embedding import DenseEncoder, normalise
from toolshed.backbones.lexical import bm25_vector, ngram_vector
from toolshed.backbones.static import StaticEncoder
from toolshed.knowledge_base.engine import NamedVectors
from toolshed.knowledge_base.tools import ToolRecord
from toolshed.pre_retrieval.documents import ToolDocument, build_tool_document
from toolshed.presets import TOOL_NAME_WEIGHT, TOOL_WORDS
from toolshed.types import Enhancement, ToolDefinition
from toolshed.vectors import SparseVector, Vectors


@dataclass(frozen=True, slots=True)
class EmbeddedTools:
    """Records, and how many different texts went through an encoder for them."""

    records: list[ToolRecord]
    n_texts: int


def embed_tools(
    tools: Sequence[ToolDefinition],
    *,
    static: StaticEncoder,
    dense: DenseEncoder | None,
    multilingual: DenseEncoder | None = None,
    enhancements: Mapping[str, Enhancement] | None = None,
) -> EmbeddedTools:
    """Write the documents of tools and encode them.

    Args:
        tools: The definitions.
        static: Encodes without a transformer.
        dense: Encodes with one; None for knowledge bases without.
        multilingual: Encodes for requests in other languages than English; None likewise.
        enhancements: What was written of them besides, by tool id.

    Raises:
        EncoderError: If an encoder fails or returns unusable vectors.
    """
    written = [(enhancements or {}).get(tool.tool_id) for tool in tools]
    documents = [build_tool_document(tool, one) for tool, one in zip(tools, written, strict=True)]
    static_texts = {text for d in documents for text in (d.summary, d.name, *d.topics)}
    dense_texts = (
        {text for d in documents for text in (*d.views, d.described, d.argued, *d.topics)} if dense else set()
    )
    static_vectors = _lookup(static.encode, static_texts)
    dense_vectors = _lookup(dense.encode, dense_texts) if dense else None
    views = {text for d in documents for text in d.views} if multilingual else set()
    meanings = _lookup(multilingual.encode, views) if multilingual else None

    def vectors(document: ToolDocument) -> NamedVectors:
        by_channel: dict[str, Vectors | SparseVector] = {
            "static": _named(static_vectors([document.summary])[0], static_vectors([document.name])[0]),
            "static_topics": static_vectors(document.topics),
            "words": bm25_vector(document.fields, TOOL_WORDS),
            "ngrams": ngram_vector(document.ngram_text),
        }
        if dense_vectors is not None:
            by_channel["dense"] = _average(dense_vectors(document.views))
            by_channel["described"] = dense_vectors([document.described])[0]
            by_channel["arguments"] = dense_vectors([document.argued])[0]
            by_channel["topics"] = dense_vectors(document.topics)
        if meanings is not None:
            by_channel["meaning"] = _average(meanings(document.views))
        return by_channel

    records = [
        ToolRecord(tool, vectors(document), enhancement=one)
        for tool, document, one in zip(tools, documents, written, strict=True)
    ]
    return EmbeddedTools(records, len(static_texts | dense_texts))


def _named(summary: Vectors, name: Vectors) -> Vectors:
    return normalise(summary + TOOL_NAME_WEIGHT * name)


def _average(vectors: Vectors) -> Vectors:
    return normalise(vectors.mean(axis=0))


def _lookup(
    encode: Callable[[Sequence[str]], Vectors], texts: set[str]
) -> Callable[[Sequence[str]], Vectors]:
    """Encode each text once; similar lengths together, since they share a row."""
    ordered = sorted(texts, key=lambda text: (len(text), text))
    vectors = encode(ordered)
    row = {text: position for position, text in enumerate(ordered)}
    return lambda wanted: vectors[[row[text] for text in wanted]]

"""From tool definitions to records: every text of a batch is encoded once, together."""

from collections.abc import Callable, Sequence

from toolshed.backbones.embedding import DenseEncoder, Vectors, normalise
from toolshed.backbones.lexical import bm25_vector, ngram_vector
from toolshed.backbones.static import StaticEncoder
from toolshed.knowledge_base.protocol import ToolRecord
from toolshed.pre_retrieval.documents import ToolDocument, build_tool_document
from toolshed.types import ToolDefinition

# BM25's saturation and length normalisation, chosen on Seal-Tools dev.
_K1, _B = 1.6, 0.75
_NAME_WEIGHT = 0.25


def embed_tools(
    tools: Sequence[ToolDefinition], *, static: StaticEncoder, dense: DenseEncoder | None
) -> list[ToolRecord]:
    """Write the documents of tools and encode them.

    Raises:
        EncoderError: If an encoder fails or returns unusable vectors.
    """
    documents = [build_tool_document(tool) for tool in tools]
    static_vector = _lookup(
        static.encode, [text for d in documents for text in (d.summary, d.name, *d.topics)]
    )
    dense_vector = None
    if dense is not None:
        dense_vector = _lookup(dense.encode, [text for d in documents for text in (*d.views, *d.topics)])
    return [
        ToolRecord(
            definition=tool,
            static=_named(static_vector([document.summary])[0], static_vector([document.name])[0]),
            static_topics=static_vector(document.topics),
            words=bm25_vector(document.fields, k1=_K1, b=_B),
            ngrams=ngram_vector(document.ngram_text),
            dense=None if dense_vector is None else _average(dense_vector(document.views)),
            topics=None if dense_vector is None else dense_vector(document.topics),
        )
        for tool, document in zip(tools, documents, strict=True)
    ]


def n_texts(tools: Sequence[ToolDefinition]) -> int:
    """How many different texts indexing these tools sends through an encoder."""
    documents = map(build_tool_document, tools)
    return len({text for document in documents for text in _texts(document)})


def _texts(document: ToolDocument) -> tuple[str, ...]:
    return (document.summary, document.name, *document.views, *document.topics)


def _named(summary: Vectors, name: Vectors) -> Vectors:
    """A document's vector, moved a little towards its name, which a long text drowns."""
    return normalise(summary + _NAME_WEIGHT * name)


def _average(vectors: Vectors) -> Vectors:
    return normalise(vectors.mean(axis=0))


def _lookup(
    encode: Callable[[Sequence[str]], Vectors], texts: Sequence[str]
) -> Callable[[Sequence[str]], Vectors]:
    """Encode each different text once; similar lengths together, since they share a row."""
    unique = sorted(set(texts), key=lambda text: (len(text), text))
    vectors = encode(unique)
    row = {text: position for position, text in enumerate(unique)}
    return lambda wanted: vectors[[row[text] for text in wanted]]

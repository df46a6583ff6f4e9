"""Passages of legal text in the knowledge base: what is stored, what can be asked, who answers."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from toolshed.documents import Passage, Section
from toolshed.errors import InvalidQueryError, KnowledgeBaseMismatchError
from toolshed.knowledge_base.protocol import Manifest
from toolshed.legal.citations import normal_citation
from toolshed.options import FilterValue
from toolshed.vectors import SparseVector, Vectors

# Raise when stored passages or their vectors change meaning: older ones are then refused.
PASSAGE_SCHEMA_VERSION = 1
PassageChannel = str

# What passages can be filtered by, and whether its values are numbers.
FILTERS: Mapping[str, bool] = {
    "document": False,
    "source": False,
    "section": False,
    "cites": False,
    "defines": False,
    "page": True,
}
# What is indexed besides: neighbours are found by their place in the document.
INDEXED: Mapping[str, bool] = {**FILTERS, "ordinal": True}
SYNC_FIELDS = ["passage_id", "document", "source", "content_hash", "n_passages"]
_SECTION_WORD = re.compile(
    r"^(?:(?:title|subtitle|chapter|subchapter|part|subpart|article|section|sec\.?|exhibit|schedule|appendix|annex)\s+"
    r"|§{1,2}\s*)?((?:\d[\w.:–-]*\w|\d|[ivxlc]+|[a-z])(?:\([a-z0-9]{1,4}\))*)(?![\w(])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PassageRecord:
    """A passage and its vectors.

    Attributes:
        passage: The passage.
        source: Where its document was found.
        content_hash: Hash of the document it was cut from, with how it was cut.
        n_passages: How many passages the document has: fewer stored means that a run was cut off.
        static: float32 ``[static_dimension]``.
        words: BM25 term weights; the inverse document frequency is applied when searching.
        dense: float32 ``[dimension]``, or None in a knowledge base without a dense encoder.
        sentences: float32 ``[n_sentences, dimension]``, one row for each sentence that can be quoted,
            or None likewise.
    """

    passage: Passage
    source: str
    content_hash: str
    n_passages: int
    static: Vectors
    words: SparseVector
    dense: Vectors | None = None
    sentences: Vectors | None = None


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """What a sync needs to know of a stored document.

    Attributes:
        document_id: Its id.
        source: Where it was found.
        content_hash: Hash of the version that all its passages are of; empty when they differ, or when
            some are missing.
        passage_ids: Ids of its stored passages.
    """

    document_id: str
    source: str
    content_hash: str
    passage_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class PassageQuery:
    """One nearest-neighbour query on one channel."""

    channel: PassageChannel
    vector: Vectors | SparseVector


@dataclass(frozen=True, slots=True)
class PassageHit:
    """A passage and its similarity on the queried channel; the sparse channel includes the IDF."""

    passage_id: str
    score: float


# Every value of a field is an alternative; all fields must match.
PassageFilter = Mapping[str, list[str] | list[int]]


class PassageStore(Protocol):
    """Stores passages and finds the nearest of them, channel by channel.

    Implementations are safe to call from several threads. Every write is durable when the method
    returns, and one passage is always written whole or not at all.
    """

    @property
    def location(self) -> str:
        """Where it is, for messages."""

    @property
    def manifest(self) -> Manifest:
        """What it was written with."""

    def upsert(self, records: Sequence[PassageRecord]) -> None:
        """Insert records, replacing those of the same passage id."""

    def delete(self, passage_ids: Sequence[str]) -> None:
        """Remove passages; ids that are not there are passed over."""

    def stored_documents(self) -> list[StoredDocument]:
        """Every document, ordered by id."""

    def fetch(self, passage_ids: Sequence[str]) -> list[Passage]:
        """The passages of these ids, in this order; ids that are not there are left out."""

    def sentence_vectors(self, passage_ids: Sequence[str]) -> dict[str, Vectors]:
        """The sentence vectors of these passages by id; none where there is no dense encoder."""

    def select(self, only: PassageFilter) -> Iterator[Passage]:
        """The passages that pass a filter, in no particular order."""

    def search(
        self, queries: Sequence[PassageQuery], *, limit: int, only: PassageFilter | None = None
    ) -> list[list[PassageHit]]:
        """The ``limit`` nearest passages for each query, best first; ties ordered by passage id."""

    def count(self) -> int:
        """How many passages there are."""

    def close(self) -> None:
        """Release files and connections; calling it again does nothing."""


def passage_filter(filters: Mapping[str, FilterValue] | None) -> PassageFilter | None:
    """Check a user's filters and bring their values into the form that is stored.

    Raises:
        InvalidQueryError: If a field is unknown, or a value of the wrong type.
    """
    if not filters:
        return None
    checked: dict[str, list[str] | list[int]] = {}
    for field, value in filters.items():
        if field not in FILTERS:
            raise InvalidQueryError(f"unknown filter {field!r}; filter by {', '.join(FILTERS)}")
        values = [value] if isinstance(value, str | int) else list(value)
        if not values:
            raise InvalidQueryError(f"the filter {field!r} has no values; leave it out to match everything")
        wanted = int if FILTERS[field] else str
        if wanted is int:
            # The command line knows text only.
            values = [int(one) if isinstance(one, str) and one.isdecimal() else one for one in values]
        if not all(isinstance(one, wanted) and not isinstance(one, bool) for one in values):
            kind = "whole numbers" if FILTERS[field] else "text"
            raise InvalidQueryError(f"the filter {field!r} takes {kind}, not {value!r}")
        checked[field] = [_stored_form(field, one) for one in values]
    return checked


def _stored_form(field: str, value: Any) -> Any:
    # Any: text or a number, by the field.
    match field:
        case "section":
            return section_key(value)
        case "cites":
            return normal_citation(value)
        case "defines":
            return value.lower().strip("\"'“”")
        case _:
            return value


def section_key(label: str) -> str:
    """What a section is filtered by: its number where it has one, else its label."""
    folded = " ".join(label.lower().split())
    match = _SECTION_WORD.match(folded)
    return match[1] if match else folded


def payload(record: PassageRecord) -> dict[str, Any]:
    """What is stored beside the vectors: the passage as one string, and what it is filtered by."""
    passage = record.passage
    labels = [label for section in passage.sections for label in section.path]
    pages = [] if passage.page is None else list(range(passage.page, (passage.last_page or passage.page) + 1))
    return {
        "passage_id": passage.passage_id,
        "document": passage.document_id,
        "source": record.source,
        "content_hash": record.content_hash,
        "n_passages": record.n_passages,
        "section": sorted(
            {section_key(label) for label in labels} | {" ".join(x.lower().split()) for x in labels}
        ),
        "cites": list(passage.cites),
        "defines": [term.lower() for term in passage.defines],
        "page": pages,
        "ordinal": passage.ordinal,
        "passage": json.dumps(asdict(passage), ensure_ascii=False),
    }


def passage_from(stored_payload: Any) -> Passage:
    """Read back what :func:`payload` wrote."""
    value = json.loads(stored_payload["passage"])
    return Passage(
        **{
            **value,
            "sentences": tuple((start, end) for start, end in value["sentences"]),
            "section_path": tuple(value["section_path"]),
            "sections": tuple(
                Section(section["start"], section["body"], tuple(section["path"]), section["number"])
                for section in value["sections"]
            ),
            "cites": tuple(value["cites"]),
            "defines": tuple(value["defines"]),
        }
    )


def documents_from(payloads: Iterator[Any]) -> list[StoredDocument]:
    """Gather the sync fields of passages by document."""
    found: dict[str, list[Any]] = {}
    for stored in payloads:
        found.setdefault(stored["document"], []).append(stored)
    return [_document(document_id, parts) for document_id, parts in sorted(found.items())]


def _document(document_id: str, parts: Sequence[Any]) -> StoredDocument:
    versions = {(part["content_hash"], part["n_passages"]) for part in parts}
    content_hash, n_passages = next(iter(versions))
    is_whole = len(versions) == 1 and len(parts) == n_passages
    ids = frozenset(part["passage_id"] for part in parts)
    return StoredDocument(document_id, parts[0]["source"], content_hash if is_whole else "", ids)


def named_vectors(record: PassageRecord, sparse: Callable[..., Any]) -> dict[str, Any]:
    """The vectors of a record by channel, as lists and the library's sparse vectors."""
    words = record.words
    vectors: dict[str, Any] = {
        "static": record.static.tolist(),
        "words": sparse(indices=words.indices.tolist(), values=words.values.tolist()),
    }
    if record.dense is not None and record.sentences is not None:
        vectors["dense"], vectors["sentences"] = record.dense.tolist(), record.sentences.tolist()
    return vectors


def query_vector(query: PassageQuery, sparse: Callable[..., Any]) -> Any:
    """The vector of a query as its channel wants it."""
    if isinstance(query.vector, SparseVector):
        return sparse(indices=query.vector.indices.tolist(), values=query.vector.values.tolist())
    vector = query.vector.tolist()
    return [vector] if query.channel == "sentences" else vector


def sentence_vectors_from(points: Iterable[Any]) -> dict[str, Vectors]:
    """The sentence vectors of points of either library, by passage id."""
    return {
        point.payload["passage_id"]: np.array(point.vector["sentences"], np.float32)
        for point in points
        if "sentences" in point.vector
    }


def ordered_hits(hits: list[PassageHit]) -> list[PassageHit]:
    """Best first, ties by passage id, so equal stores give equal answers."""
    return sorted(hits, key=lambda hit: (-hit.score, hit.passage_id))


def check_passages(records: Sequence[PassageRecord], manifest: Manifest) -> None:
    """Refuse vectors that the store would accept and never find again.

    Raises:
        KnowledgeBaseMismatchError: If a vector is missing, of another length, or not finite.
    """
    for record in records:
        name = record.passage.document_id
        vectors = {"static": (record.static, manifest.static_dimension)}
        if manifest.encoder is not None:
            if record.dense is None or record.sentences is None:
                raise KnowledgeBaseMismatchError(
                    f"document {name!r} has no dense vectors, but the knowledge base was made with a dense "
                    "encoder; nothing was written. Index with the pipeline that made it"
                )
            vectors["dense"] = (record.dense, manifest.dimension)
            vectors["sentences"] = (record.sentences, manifest.dimension)
        for channel, (vector, dimension) in vectors.items():
            n_axes = 2 if channel == "sentences" else 1
            if (
                vector.ndim != n_axes
                or not vector.size
                or vector.shape[-1] != dimension
                or not np.isfinite(vector).all()
            ):
                raise KnowledgeBaseMismatchError(
                    f"document {name!r}: a {channel} vector of shape {vector.shape} "
                    f"instead of {dimension} finite numbers; nothing was written"
                )

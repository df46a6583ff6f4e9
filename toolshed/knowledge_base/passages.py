"""Passages of legal text in the knowledge base: what is stored, and what can be asked."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from toolshed.documents import Passage
from toolshed.errors import InvalidQueryError
from toolshed.knowledge_base.engine import FieldKind, Filter, NamedVectors, Point
from toolshed.knowledge_base.store import VECTORS_HASH, Channel, Layout, Store
from toolshed.options import FilterValue
from toolshed.vectors import SparseVector, Vectors

# What passages can be filtered by.
FILTERS: Mapping[str, FieldKind] = {
    "document": "text",
    "source": "text",
    "section": "text",
    "cites": "text",
    "defines": "text",
    "page": "number",
}
PASSAGE_LAYOUT = Layout(
    name="passages",
    noun="document",
    key="passage_id",
    channels=(
        Channel("static", "dense", "static"),
        Channel("words", "sparse", "words"),
        Channel("dense", "dense", "dense"),
        # One row for each sentence that can be quoted.
        Channel("sentences", "multi", "dense"),
    ),
    # Neighbours are found by their place in the document; a question may name the document.
    indexes={**FILTERS, "ordinal": "number", "names": "text"},
    version=1,
)
# Each citation is searched for what it cites.
_MAX_VALUES = 1_000
_SYNC_FIELDS = ["passage_id", "document", "source", "content_hash", "n_passages"]
# Letters by themselves are a number only where a mark follows: "A Fee" and "Civil Procedure" have none.
_SECTION_NUMBER = re.compile(
    r"(?P<word>(?:title|subtitle|chapter|subchapter|part|subpart|article|section|sec\.?|exhibit|schedule|appendix"
    r"|annex|artikel|artículo|articolo|artigo|art\.|kapitel|chapitre|capítulo|capo|abschnitt|teil|anlage|titre)\s+"
    r"|§{1,2}\s*)?"
    r"(?P<number>[lrda]\.?\s?\*?\d[\d-]*|(?:(?P<digits>\d[\w.:–-]*\w|\d)|[ivxlc]+|[a-z])(?:\([a-z0-9]{1,4}\))*)(?![\w(])"
    r"(?(word)|(?(digits)|(?=[.:)]|$)))"
)
# "L121-1" and "L. 121-1" are one article.
_FRENCH_NUMBER = re.compile(r"^([lrda])\.?\s?\*?(?=\d)")


@dataclass(frozen=True, slots=True)
class PassageRecord:
    """A passage and its vectors.

    Attributes:
        passage: The passage.
        source: Where its document was found.
        content_hash: Hash of the document it was cut from, with how it was cut.
        n_passages: How many passages the document has: fewer stored means that a run was cut off.
        vectors: By channel of :data:`PASSAGE_LAYOUT`.
    """

    passage: Passage
    source: str
    content_hash: str
    n_passages: int
    vectors: NamedVectors


@dataclass(frozen=True, slots=True)
class EncodedPassage:
    """A stored passage and its vectors by channel; ``sentences`` has a row for each that can be quoted."""

    passage: Passage
    vectors: Mapping[str, Vectors]


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


class PassageStore(Store[PassageRecord]):
    """The passages of a knowledge base."""

    layout = PASSAGE_LAYOUT

    @staticmethod
    def point_id(key: str) -> str:
        """The id of a passage is a UUID already."""
        return key

    def _point(self, record: PassageRecord) -> Point:
        return Point(record.passage.passage_id, _payload(record), record.vectors)

    def _called(self, point: Point) -> str:
        return str(point.payload.get("document", point.point_id))

    def stored_documents(self) -> list[StoredDocument]:
        """Every document, ordered by id."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for payload in self._payloads(_SYNC_FIELDS):
            found.setdefault(payload["document"], []).append(payload)
        return [_document(document_id, payloads) for document_id, payloads in sorted(found.items())]

    def fetch(self, passage_ids: Sequence[str]) -> list[Passage]:
        """The passages of these ids, in this order; ids that are not there are left out."""
        return [_passage(point) for point in self._retrieve(passage_ids, vectors=False)]

    def fetch_encoded(self, passage_ids: Sequence[str]) -> list[EncodedPassage]:
        """The passages of these ids with their dense vectors, in this order; missing ids are left out."""
        return [
            EncodedPassage(
                _passage(point), {n: v for n, v in point.vectors.items() if not isinstance(v, SparseVector)}
            )
            for point in self._retrieve(passage_ids, vectors=True)
        ]

    def vectors_of(self, passage_ids: Sequence[str], channel: str) -> dict[str, Vectors]:
        """The vector of each passage on a channel of one vector; passages that are not there are left out."""
        points = self._engine.retrieve(passage_ids, vectors=[channel])
        return {point.point_id: np.asarray(point.vectors[channel], np.float32) for point in points}

    def vector_hashes(self) -> Iterator[tuple[str, int]]:
        """The id of each passage and the checksum of its vectors; 0 of those from before there were any."""
        for payload in self._payloads(["passage_id"], optional=[VECTORS_HASH]):
            yield payload["passage_id"], int(payload.get(VECTORS_HASH, "0"), 16)

    def dimension(self, channel: str) -> int:
        """How many numbers a vector of a channel has."""
        return self._engine.schema.vectors[channel].size

    def select(self, only: Filter) -> Iterator[Passage]:
        """The passages that pass a filter, in no particular order."""
        return (_passage(self._verified(point)) for point in self._engine.scroll(only=only))


def passage_filter(filters: Mapping[str, FilterValue] | None) -> Filter | None:
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
        values = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]
        if not values:
            raise InvalidQueryError(f"the filter {field!r} has no values; leave it out to match everything")
        if len(values) > _MAX_VALUES:
            raise InvalidQueryError(
                f"the filter {field!r} has {len(values):,} values, at most {_MAX_VALUES} are compared; ask "
                "in several searches"
            )
        wanted = int if FILTERS[field] == "number" else str
        if wanted is int:
            # The command line knows text only.
            values = [_number(one) if isinstance(one, str) else one for one in values]
        if not all(_can_be_stored(one, wanted) for one in values):
            kind = "whole numbers" if wanted is int else "text"
            raise InvalidQueryError(f"the filter {field!r} takes {kind}, not {value!r}")
        checked[field] = [_stored_form(field, one) for one in values]
    return checked


def _number(text: str) -> int | str:
    return int(text) if text.isdecimal() and len(text) < 19 else text


def _can_be_stored(value: object, kind: type) -> bool:
    """Whether it is text, or a number of the 64 bits that engines keep."""
    if isinstance(value, int):
        return kind is int and not isinstance(value, bool) and value.bit_length() < 64
    return isinstance(value, kind)


def _stored_form(field: str, value: Any) -> Any:
    # Any: text or a number, by the field.
    match field:
        case "section":
            return section_key(value)
        case "cites":
            # Forms of citations of many countries: who only looks for tools need not wait for them.
            from toolshed.legal.citations import normal_citation

            return normal_citation(value)
        case "defines":
            return value.lower().strip("\"'“”")
        case _:
            return value


def section_key(label: str) -> str:
    """What a section is filtered by: its number where it has one, else its label."""
    folded = " ".join(label.lower().split())
    match = _SECTION_NUMBER.match(folded)
    return _FRENCH_NUMBER.sub(r"\1. ", match["number"]) if match else folded


def _payload(record: PassageRecord) -> dict[str, Any]:
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
        "names": list(passage.names),
        "passage": json.dumps({**passage.to_json(), "names": ()}, ensure_ascii=False),
    }


def _passage(point: Point) -> Passage:
    value = json.loads(point.payload["passage"])
    # What was written before documents had names has none.
    return Passage.from_json({**value, "names": point.payload.get("names", ())})


def _document(document_id: str, payloads: Sequence[Mapping[str, Any]]) -> StoredDocument:
    versions = {(payload["content_hash"], payload["n_passages"]) for payload in payloads}
    content_hash, n_passages = next(iter(versions))
    is_whole = len(versions) == 1 and len(payloads) == n_passages
    ids = frozenset(payload["passage_id"] for payload in payloads)
    return StoredDocument(document_id, payloads[0]["source"], content_hash if is_whole else "", ids)

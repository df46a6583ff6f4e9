"""The nouns of legal retrieval: documents as read, sections, passages."""

import uuid
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Any

from toolshed.half_characters import without_half_characters
from toolshed.types import Span

_MIN_QUOTABLE_WORDS = 5
_NAMESPACE = uuid.UUID("b8a9a6d2-6c35-5d43-93f5-4d6b7f0d1a52")


@dataclass(frozen=True, slots=True)
class GivenHeading:
    """A heading that the file marks as one: HTML, DOCX and Markdown do.

    Attributes:
        start: Offset of its first character.
        end: Offset after its last character.
        level: 1 for the highest.
    """

    start: int
    end: int
    level: int


@dataclass(frozen=True)
class LegalDocument:
    """A document as it was read. All offsets of its passages index ``text``.

    Attributes:
        document_id: What it is known by; a path or a name of the caller's.
        text: The text, unchanged.
        title: What it is called, for the header of its passages.
        source: Where it was found: a file or a folder. Syncs compare within one source.
        page_starts: Offset of the first character of each page; empty where there are no pages.
        headings: Headings that the file marks as such.
        kept: Share of the file's words that are in the text.
        remarks: What of the file is not in the text, or is there in one of several ways.
    """

    document_id: str
    text: str
    title: str = ""
    source: str = ""
    page_starts: tuple[int, ...] = ()
    headings: tuple[GivenHeading, ...] = ()
    kept: float = 1.0
    remarks: tuple[str, ...] = ()

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the text and of what describes it."""
        described = repr((self.title, self.page_starts, [(h.start, h.end, h.level) for h in self.headings]))
        return sha256(f"{described}\n{self.text}".encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def whole(self) -> "LegalDocument":
        """The document without half characters, which no store takes; the offsets stay what they are."""
        return replace(
            self,
            document_id=without_half_characters(self.document_id),
            text=without_half_characters(self.text),
            title=without_half_characters(self.title),
            source=without_half_characters(self.source),
        )

    def page_at(self, offset: int) -> int | None:
        """Number of the page an offset is on, from 1; None where there are no pages."""
        return bisect_right(self.page_starts, offset) or None if self.page_starts else None


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a document under one heading, up to the next heading.

    Attributes:
        start: Offset where its heading starts.
        body: Offset after its heading.
        path: Labels of the headings above it and its own, from the outside in.
        number: Its number without the word, such as ``2.1(a)`` or ``IV``; empty where it has none.
    """

    start: int
    body: int
    path: tuple[str, ...]
    number: str = ""


@dataclass(frozen=True)
class Passage:
    """Whole sentences of one document, packed to a token budget; ``text[start:end]`` of the document.

    Attributes:
        document_id: The document it is from.
        ordinal: Its place in the document, from 0.
        start: Offset of its first character.
        end: Offset after its last character.
        text: The passage as it stands in the document.
        sentences: Spans of its sentences in the document.
        lead: White space of the document before it, so that neighbours join without loss.
        title: Title of the document.
        section_path: Headings above its first sentence, from the outside in.
        sections: The sections that begin in it or before it and reach into it.
        page: Page of its first character; None where there are no pages.
        last_page: Page of its last character.
        header: The contextual header: it is encoded before the text and is no part of it.
        n_tokens: Tokens of header and text together.
        is_partial: Whether a sentence had to be cut because it exceeds the budget.
        version: What cut it: segmenter and rules.
        cites: The authorities it cites, in a normal form.
        defines: The terms it defines.
        names: Index terms of what its document is called by: its title, its parties.
    """

    document_id: str
    ordinal: int
    start: int
    end: int
    text: str
    sentences: tuple[Span, ...]
    lead: str = ""
    title: str = ""
    section_path: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    page: int | None = None
    last_page: int | None = None
    header: str = ""
    n_tokens: int = 0
    is_partial: bool = False
    version: str = ""
    cites: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @cached_property
    def passage_id(self) -> str:
        """uuid5 of document, offsets and version: indexing again writes the same points."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.document_id}\n{self.start}\n{self.end}\n{self.version}"))

    def to_json(self) -> dict[str, Any]:
        """The passage as a JSON object; :meth:`from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Passage":
        """Read what :meth:`to_json` wrote."""
        return cls(
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
                "names": tuple(value.get("names", ())),
            }
        )

    @property
    def quotable(self) -> list[Span]:
        """Spans of the sentences that say something by themselves: no headings, no enumerators.

        All of its sentences where none is long enough.
        """
        long_enough = [
            (start, end)
            for start, end in self.sentences
            if len(self.text[start - self.start : end - self.start].split()) >= _MIN_QUOTABLE_WORDS
        ]
        return long_enough or list(self.sentences)

    @property
    def quotable_texts(self) -> list[str]:
        """The texts of these sentences."""
        return [self.text[start - self.start : end - self.start] for start, end in self.quotable]

    @property
    def encoded_text(self) -> str:
        """What the encoder reads: header and text."""
        return f"{self.header}\n{self.text}" if self.header else self.text

    def section_at(self, offset: int) -> Section | None:
        """The section an offset of the document lies in."""
        position = bisect_right([section.start for section in self.sections], offset)
        return self.sections[position - 1] if position else None


def joined_text(passages: Sequence[Passage]) -> str:
    """The text of consecutive passages of one document, as it stands there."""
    return "".join(
        passage.text if position == 0 else passage.lead + passage.text
        for position, passage in enumerate(passages)
    )

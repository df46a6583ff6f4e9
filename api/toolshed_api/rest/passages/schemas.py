"""Bodies of the endpoints of passages."""

from collections.abc import Sequence
from typing import Annotated, Any, Required, Self

from pydantic import BaseModel, ConfigDict, Field, with_config

from toolshed.documents import Passage
from toolshed.options import Option, PassageArguments, TopK
from toolshed.rankings import FoundPassage, SearchStatus
from toolshed.shed.results import PassageSearchResult


@with_config(ConfigDict(extra="forbid", strict=True))
class PassageSearchRequest(PassageArguments, total=False):
    """What passages to search for."""

    query: Required[Annotated[str, Option(None, "The question, in the user's own words.")]]
    k: TopK
    include_stored: Annotated[bool, Option(False, "Give each passage as it is stored.")]


class SectionBody(BaseModel):
    """A stretch of a document under one heading; its offsets index the text of the document."""

    start: int
    body: int = Field(description="Where its heading ends.")
    path: list[str]
    number: str


class StoredPassageBody(BaseModel):
    """A passage as it is stored; its offsets index the text of the document."""

    passage_id: str
    document_id: str
    ordinal: int
    start: int
    end: int
    text: str
    sentences: list[tuple[int, int]]
    lead: str = Field(description="White space before it, so that neighbours join without loss.")
    title: str
    section_path: list[str]
    sections: list[SectionBody]
    page: int | None
    last_page: int | None
    header: str = Field(description="What is encoded before the text, and is no part of it.")
    n_tokens: int
    is_partial: bool
    version: str
    cites: list[str]
    defines: list[str]

    @classmethod
    def of(cls, passage: Passage) -> Self:
        """The passage."""
        return cls.model_validate({**passage.to_json(), "passage_id": passage.passage_id})


class StoredContextBody(BaseModel):
    """A passage and its neighbours as they are stored."""

    passage: StoredPassageBody
    before: list[StoredPassageBody]
    after: list[StoredPassageBody]

    @classmethod
    def of(cls, found: FoundPassage) -> Self:
        """What was found."""
        return cls(
            passage=StoredPassageBody.of(found.passage),
            before=[StoredPassageBody.of(one) for one in found.before],
            after=[StoredPassageBody.of(one) for one in found.after],
        )


class QuoteBody(BaseModel):
    """A sentence of a passage; its offsets index the text of the document."""

    start: int
    end: int
    quote: str
    section: str
    score: float


class PassageBody(BaseModel):
    """A passage of a legal document; its offsets index the text of the document."""

    passage_id: str
    document: str
    title: str
    section_path: list[str]
    page: int | None
    last_page: int | None
    start: int
    end: int
    text: str
    is_partial: bool
    citation: str
    quotes: list[QuoteBody]
    cites: list[str]
    defines: list[str]
    score: float
    channels: dict[str, float]
    sub_query: str
    before: list[str]
    after: list[str]
    stored: StoredContextBody | None = Field(None, description="As stored; null unless it was asked for.")


class RankedPassageBody(PassageBody):
    """A passage that was found, with its place in the answer."""

    rank: int


class DefinitionBody(BaseModel):
    """A definition that was searched with the query."""

    term: str
    text: str
    document: str


class PassageSearchResponse(BaseModel):
    """The passages that were found, best first."""

    query: str
    status: SearchStatus = Field(
        description="'ok'; 'unsure' when the passages may well not answer; 'no_match' when nothing does."
    )
    reason: str = Field(description="Why the status is not 'ok'; empty where it is.")
    confidence: float = Field(description="Estimated probability that any of the passages answers.")
    passages: list[RankedPassageBody]
    definitions: list[DefinitionBody]
    n_passages: int
    unbooked: list[str] = Field(description="Why calls are not in the ledger, where they should be.")

    @classmethod
    def of(cls, found: PassageSearchResult, *, is_stored: bool) -> Self:
        """What was found."""
        told = found.to_json()
        if is_stored:
            add_stored(told["passages"], found.passages)
        return cls.model_validate(told)


def add_stored(bodies: Sequence[dict[str, Any]], found: Sequence[FoundPassage]) -> None:
    """Complete JSON of passages by what is stored of them."""
    for body, one in zip(bodies, found, strict=True):
        body["stored"] = StoredContextBody.of(one)


class DocumentListResponse(BaseModel):
    """A page of document ids, in order."""

    document_ids: list[str]
    total: int
    next_after: str | None = Field(description="Pass it as 'after' to get the next page; null on the last.")

"""Bodies of the endpoints of passages."""

from typing import Annotated, Required

from pydantic import BaseModel, ConfigDict, Field, with_config

from toolshed.options import Option, PassageArguments, TopK
from toolshed.rankings import SearchStatus


@with_config(ConfigDict(extra="forbid", strict=True))
class PassageSearchRequest(PassageArguments, total=False):
    """What passages to search for."""

    query: Required[Annotated[str, Option(None, "The question, in the user's own words.")]]
    k: TopK


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


class DocumentListResponse(BaseModel):
    """A page of document ids, in order."""

    document_ids: list[str]
    total: int
    next_after: str | None = Field(description="Pass it as 'after' to get the next page; null on the last.")

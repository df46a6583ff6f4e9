"""Bodies of the endpoints of passages."""

from pydantic import BaseModel, ConfigDict, Field


class PassageSearchRequest(BaseModel):
    """What passages to search for."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(description="The question, in the user's own words.")
    k: int = Field(default=5, ge=1, description="Most passages; most documents with per_document.")
    filters: dict[str, list[str] | list[int] | str | int] | None = Field(
        default=None,
        description="Values by field: document, source, section, cites, defines, page. Several values of "
        "a field are alternatives; all fields must match.",
    )
    neighbours: int = Field(default=0, ge=0, le=10, description="Passages before and after each.")
    per_document: int | None = Field(
        default=None, ge=1, description="Group by document, with so many of each."
    )
    expand_terms: bool = Field(default=True, description="Search also by definitions of the query's terms.")
    n_quotes: int = Field(default=2, ge=0, le=20, description="Most quotes of each passage.")


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
    part: str
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
    passages: list[RankedPassageBody]
    definitions: list[DefinitionBody]
    n_passages: int


class DocumentListResponse(BaseModel):
    """A page of document ids, in order."""

    document_ids: list[str]
    total: int
    next_after: str | None = Field(description="Pass it as 'after' to get the next page; null on the last.")

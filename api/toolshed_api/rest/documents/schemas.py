"""Bodies of the endpoints of documents."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from toolshed.documents import Passage

MAX_DOCUMENTS = 1_000
DocumentId = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class DocumentBody(BaseModel):
    """The text of a document."""

    model_config = ConfigDict(extra="forbid", strict=True)

    document_id: DocumentId
    text: str = Field(min_length=1)
    title: str = Field("", max_length=1_000)


class DocumentsRequest(BaseModel):
    """Documents to add, or to change."""

    model_config = ConfigDict(extra="forbid", strict=True)

    documents: list[DocumentBody] = Field(min_length=1, max_length=MAX_DOCUMENTS)


class StoredPassageBody(BaseModel):
    """A passage as it is stored; its offsets index the text of the document."""

    passage_id: str
    ordinal: int
    start: int
    end: int
    text: str
    lead: str = Field(description="White space before it, so that neighbours join without loss.")
    sentences: tuple[tuple[int, int], ...]
    title: str
    section_path: tuple[str, ...]
    page: int | None
    last_page: int | None
    is_partial: bool
    cites: tuple[str, ...]
    defines: tuple[str, ...]

    @classmethod
    def of(cls, passage: Passage) -> "StoredPassageBody":
        """The passage."""
        return cls.model_validate({name: getattr(passage, name) for name in cls.model_fields})


class PassageListResponse(BaseModel):
    """Passages of a document, in order."""

    document_id: str
    passages: list[StoredPassageBody]
    total: int
    next_after: int | None = Field(description="Pass it as 'after' to get the next page; null on the last.")


class DocumentRemovedResponse(BaseModel):
    """What was removed."""

    removed: list[str]

"""Bodies of the endpoints of documents."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from toolshed_api.rest.passages.schemas import StoredPassageBody

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


class PassageListResponse(BaseModel):
    """Passages of a document, in order."""

    document_id: str
    passages: list[StoredPassageBody]
    total: int
    next_after: int | None = Field(description="Pass it as 'after' to get the next page; null on the last.")


class DocumentRemovedResponse(BaseModel):
    """What was removed."""

    removed: list[str]

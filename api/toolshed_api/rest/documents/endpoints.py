"""Documents of legal text: add texts and files, look at their passages, remove them."""

import json
from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from toolshed.errors import (
    DocumentConflictError,
    InvalidDocumentError,
    KnowledgeBaseError,
    StateError,
    StorageFullError,
    UnknownDocumentError,
)
from toolshed.legal.readers.files import SUFFIXES
from toolshed.options import TrackedChanges
from toolshed_api.bodies import StrictRoute
from toolshed_api.callers import MissingScopeError
from toolshed_api.dependencies import CurrentJobs, CurrentShed, CurrentWriters
from toolshed_api.jobs.records import JobRequest
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.documents.schemas import (
    DocumentRemovedResponse,
    DocumentsRequest,
    PassageListResponse,
)
from toolshed_api.rest.jobs.schemas import JobResponse
from toolshed_api.rest.passages.schemas import StoredPassageBody
from toolshed_api.routes import WriteRoute
from toolshed_api.scopes import needs

_ANY = problem_responses(
    InvalidRequestError, MissingScopeError, KnowledgeBaseError, StateError, OverloadedError
)
router = APIRouter(
    prefix="/v1/documents",
    tags=["documents"],
    route_class=StrictRoute,
    dependencies=[needs("search")],
    responses=_ANY,
)
writing = APIRouter(
    prefix="/v1/documents",
    tags=["documents"],
    route_class=WriteRoute,
    dependencies=[needs("index")],
    responses=_ANY,
)
# In the words of JSON Schema, which knows no other way to leave the case open.
_ENDING = "|".join("".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in one[1:]) for one in SUFFIXES)
_NAMES_A_FILE = rf"[^/]\.(?:{_ENDING})$"
_FILE = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/{document_id:any}/passages", responses=problem_responses(UnknownDocumentError))
def get_passages(
    document_id: str,
    shed: CurrentShed,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most passages to return.")] = 100,
    after: Annotated[int, Query(ge=-1, le=2**31, description="The last ordinal of the page before.")] = -1,
) -> PassageListResponse:
    """The passages of a document, in order, page by page."""
    found = shed.get_passages(document_id)
    page = [passage for passage in found if passage.ordinal > after][:limit]
    is_last = not page or page[-1].ordinal == found[-1].ordinal
    return PassageListResponse(
        document_id=document_id,
        passages=[StoredPassageBody.of(passage) for passage in page],
        total=len(found),
        next_after=None if is_last else page[-1].ordinal,
    )


@writing.post("", status_code=202, responses=problem_responses(DocumentConflictError))
def add_documents(
    body: DocumentsRequest, shed: CurrentShed, jobs: CurrentJobs, response: Response
) -> JobResponse:
    """Index documents whose text you have; the job says what changed."""
    ids = [one.document_id for one in body.documents]
    if len(set(ids)) < len(ids):
        raise DocumentConflictError("two documents have the same id; give each its own")
    payload = json.dumps([one.model_dump() for one in body.documents]).encode()
    job = jobs.submit(shed.caller, JobRequest("documents", {"file": None}, payload))
    response.headers["location"] = f"/v1/jobs/{job.job_id}"
    return JobResponse.of(job)


@writing.put(
    "/{document_id:any}",
    status_code=202,
    responses=problem_responses(InvalidRequestError, InvalidDocumentError),
    openapi_extra=_FILE,
)
async def put_document(
    document_id: Annotated[str, Path(json_schema_extra={"pattern": _NAMES_A_FILE})],
    request: Request,
    shed: CurrentShed,
    jobs: CurrentJobs,
    response: Response,
    title: Annotated[str, Query(max_length=1_000, description="Where the file names none.")] = "",
    tracked: Annotated[TrackedChanges, Query(description="Which text of tracked changes.")] = "accepted",
) -> JobResponse:
    """Index a file, the body of the request; the ending of its id says of what kind it is: ``lease.pdf``."""
    path = PurePath(document_id)
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidDocumentError(
            f"the id {document_id[:100]!r} ends as no file that can be read; give it one of "
            f"{', '.join(SUFFIXES)}"
        )
    options = {
        "file": path.suffix.lower(),
        "document_id": document_id,
        "title": title or path.stem.replace("_", " "),
        "tracked": tracked,
    }
    job = await jobs.asubmit(shed.caller, JobRequest("documents", options, await request.body()))
    response.headers["location"] = f"/v1/jobs/{job.job_id}"
    return JobResponse.of(job)


@writing.delete("/{document_id:any}", responses=problem_responses(UnknownDocumentError, StorageFullError))
async def delete_document(
    document_id: str, shed: CurrentShed, writers: CurrentWriters
) -> DocumentRemovedResponse:
    """Remove a document with its passages."""
    await writers.run(shed.caller.tenant, shed.delete_document, document_id)
    return DocumentRemovedResponse(removed=[document_id])

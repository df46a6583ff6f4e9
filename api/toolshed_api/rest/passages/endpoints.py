"""Search passages of legal text and list their documents."""

from typing import Annotated, cast

from fastapi import APIRouter, Query

from toolshed.errors import EncoderError, InvalidQueryError, KnowledgeBaseError
from toolshed.options import PassageArguments
from toolshed_api.bodies import StrictRoute
from toolshed_api.dependencies import CurrentSearches, CurrentSettings, CurrentShed
from toolshed_api.limits import check_limits, page_of
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.passages.schemas import (
    DocumentListResponse,
    PassageSearchRequest,
    PassageSearchResponse,
)
from toolshed_api.scopes import needs

router = APIRouter(
    prefix="/v1",
    tags=["passages"],
    route_class=StrictRoute,
    dependencies=[needs("search")],
    responses=problem_responses(InvalidRequestError, KnowledgeBaseError, OverloadedError),
)


@router.post(
    "/passages/search", responses=problem_responses(InvalidRequestError, InvalidQueryError, EncoderError)
)
async def search_passages(
    body: PassageSearchRequest, shed: CurrentShed, settings: CurrentSettings, searches: CurrentSearches
) -> PassageSearchResponse:
    """Find the passages of legal text that answer a question, with quotes and citations."""
    n_passages = body.get("k", 5) * (body.get("per_document") or 1)
    check_limits(body["query"], n_passages, settings, of="passages")
    options = {name: value for name, value in body.items() if name not in ("query", "k", "include_stored")}

    def search() -> PassageSearchResponse:
        found = shed.search_passages(body["query"], body.get("k", 5), **cast(PassageArguments, options))
        return PassageSearchResponse.of(found, is_stored=body.get("include_stored", False))

    return await searches.run(1, search)


@router.get("/documents")
def list_documents(
    shed: CurrentShed,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most ids to return.")] = 100,
    after: Annotated[str, Query(description="The last id of the page before.")] = "",
) -> DocumentListResponse:
    """List the ids of all legal documents, page by page."""
    page = page_of(shed.list_documents(), limit=limit, after=after)
    return DocumentListResponse(document_ids=page.ids, total=page.total, next_after=page.next_after)

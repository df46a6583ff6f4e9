"""Search tools: once, or several times in one request."""

from typing import cast

from fastapi import APIRouter

from toolshed.errors import EncoderError, InvalidQueryError, KnowledgeBaseError, UnknownSourceError
from toolshed.options import SearchArguments
from toolshed_api.bodies import StrictRoute
from toolshed_api.caller_shed import CallerShed
from toolshed_api.callers import MissingScopeError
from toolshed_api.dependencies import CurrentSearches, CurrentSettings, CurrentShed
from toolshed_api.limits import check_limits
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.search.schemas import (
    BatchSearchRequest,
    BatchSearchResponse,
    SearchRequest,
    SearchResponse,
)
from toolshed_api.scopes import needs

router = APIRouter(
    prefix="/v1/tools/search",
    tags=["search"],
    route_class=StrictRoute,
    dependencies=[needs("search")],
    responses=problem_responses(
        InvalidRequestError,
        InvalidQueryError,
        UnknownSourceError,
        EncoderError,
        MissingScopeError,
        KnowledgeBaseError,
        OverloadedError,
    ),
)
_OF_THE_ANSWER = ("query", "k", "format", "explain", "include_definitions")

# The queue runs searches in threads: the encoder and the matrix products release the interpreter, and few
# threads that take turns are quicker than many that take it from each other.


@router.post("")
async def search_tools(
    body: SearchRequest, shed: CurrentShed, settings: CurrentSettings, searches: CurrentSearches
) -> SearchResponse:
    """Find the tools for a request. An empty list with status ``no_match`` says that none fits."""
    check_limits(body["query"], body.get("k", 5), settings, of="tools")
    return await searches.run(1, _found, shed, body)


@router.post("/batch")
async def search_tools_several_times(
    body: BatchSearchRequest, shed: CurrentShed, settings: CurrentSettings, searches: CurrentSearches
) -> BatchSearchResponse:
    """Find the tools for several requests; one that makes no sense refuses all of them."""
    for one in body.searches:
        check_limits(one["query"], one.get("k", 5), settings, of="tools")
    return await searches.run(len(body.searches), _all_found, shed, body)


def _all_found(shed: CallerShed, body: BatchSearchRequest) -> BatchSearchResponse:
    return BatchSearchResponse(results=[_found(shed, one) for one in body.searches])


def _found(shed: CallerShed, body: SearchRequest) -> SearchResponse:
    options = {name: value for name, value in body.items() if name not in _OF_THE_ANSWER}
    found = shed.search(body["query"], body.get("k", 5), **cast(SearchArguments, options))
    return SearchResponse.of(found, body)

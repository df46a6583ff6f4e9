"""``AsyncToolshedClient``: the verbs of a knowledge base that a service keeps, for asynchronous code."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

import httpx

from toolshed.catalog.addresses import certificates
from toolshed.catalog.sources import Source
from toolshed.documents import LegalDocument, Passage
from toolshed.errors import ConfigurationError, ServiceError, UnknownDocumentError, UnknownToolError
from toolshed.indexing.passages import DocumentReport
from toolshed.options import (
    CallArguments,
    DocumentArguments,
    IndexArguments,
    PassageArguments,
    SearchArguments,
)
from toolshed.shed import remote_verbs as verbs
from toolshed.shed.remote_economics import AsyncRemoteBackbones, AsyncRemoteCosts, AsyncRemoteOutcomes
from toolshed.shed.remote_events import EventLines, events_request
from toolshed.shed.remote_exchange import (
    Exchange,
    answer_of,
    checked_url,
    is_passing,
    pause_before_retry,
    unreachable,
)
from toolshed.shed.remote_results import (
    Job,
    cut_page,
    document_report_of,
    ended_job,
    merged_documents,
    sync_report_of,
)
from toolshed.shed.results import PassageSearchResult, SearchResult
from toolshed.types import IndexedSource, SyncReport, ToolDefinition

if TYPE_CHECKING:
    from toolshed.calling.results import CallResult, ResultPage

Result = TypeVar("Result")
# A call may take 25 seconds there, and an answer 30.
_ANSWER_SECONDS = 60.0
# Between looks at a job: often at first, for most jobs are short.
_FIRST_LOOK_SECONDS, _LONGEST_LOOK_SECONDS = 0.05, 2.0


class AsyncToolshedClient:
    """The same verbs as :class:`~toolshed.shed.remote.ToolshedClient`, for asynchronous programs.

    Args:
        base_url: Of the service, ``http(s)://HOST:PORT``.
        api_key: A key of the service; none where it wants none.
        timeout_seconds: Longest wait for an answer.
        job_seconds: Longest wait for a job that indexes.
        transport: Of httpx, in the place of the network.

    Raises:
        ConfigurationError: If the URL is none.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None = None,
        *,
        timeout_seconds: float = _ANSWER_SECONDS,
        job_seconds: float = 3_600.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        headers = {} if api_key is None else {"authorization": f"Bearer {api_key}"}
        self._http = httpx.AsyncClient(
            base_url=checked_url(base_url),
            headers=headers,
            timeout=timeout_seconds,
            transport=transport,
            verify=certificates(),
        )
        self._job_seconds = job_seconds

    async def _ask(self, exchange: Exchange[Result]) -> Result:
        n_tries = 0
        while True:
            n_tries += 1
            response: httpx.Response | None = None
            try:
                response = await self._http.send(exchange.request(self._http))
            except httpx.HTTPError as error:
                pause = pause_before_retry(None, n_tries) if is_passing(error) else None
                if pause is None:
                    raise unreachable(self._http.base_url, error) from error
            else:
                pause = pause_before_retry(response, n_tries)
                if pause is None:
                    return answer_of(exchange, response)
            await asyncio.sleep(pause)

    async def search(self, query: str, k: int = 5, **options: Unpack[SearchArguments]) -> SearchResult:
        """See :meth:`Toolshed.search`."""
        found = await self._ask(verbs.search(query, k, options))
        return found.calling(self.call)

    async def call(
        self,
        tool_id: str,
        arguments: Mapping[str, Any] | None = None,
        **options: Unpack[CallArguments],
    ) -> "CallResult":
        """See :meth:`Toolshed.call`; ``timeout_seconds`` and ``max_characters`` are the options."""
        return await self._ask(verbs.call(tool_id, arguments, options, _Reader()))

    async def read_result(
        self, handle: str, offset: int = 0, *, max_characters: int = 20_000
    ) -> "ResultPage":
        """See :meth:`Toolshed.read_result`."""
        return await self._ask(verbs.read_result(handle, offset, max_characters, _Reader()))

    async def add_tools(self, *sources: Source, **options: Unpack[IndexArguments]) -> SyncReport:
        """See :meth:`Toolshed.add_tools`; URLs are read by the service, all else here."""
        return await self._index(
            await asyncio.to_thread(verbs.indexing, sources, options, remove_missing=False), options
        )

    async def sync_tools(self, *sources: Source, **options: Unpack[IndexArguments]) -> SyncReport:
        """See :meth:`Toolshed.sync_tools`; URLs are read by the service, all else here."""
        return await self._index(
            await asyncio.to_thread(verbs.indexing, sources, options, remove_missing=True), options
        )

    async def _index(self, planned: verbs.Indexing, options: IndexArguments) -> SyncReport:
        reports = [await self._ask(exchange) for exchange in planned.at_once]
        exchanges = list(planned.jobs)
        if (path := options.get("enhancements")) is not None:
            exchanges.append(verbs.enhancing(path))
        # One after the other: the service takes a few jobs of a tenant at once, and does one.
        for exchange in exchanges:
            job = await self.wait_for(await self._ask(exchange))
            reports.append(sync_report_of(job.result or {}))
        return verbs.merged([*reports, planned.left_out])

    async def add_documents(
        self, *sources: str | Path | LegalDocument, **options: Unpack[DocumentArguments]
    ) -> DocumentReport:
        """See :meth:`Toolshed.add_documents`; files are sent as they are, and read by the service."""
        reports = []
        for exchange in await asyncio.to_thread(verbs.adding_documents, sources, options):
            job = await self.wait_for(await self._ask(exchange))
            reports.append(document_report_of(job.result or {}))
        return merged_documents(reports)

    async def search_passages(
        self, query: str, k: int = 5, **options: Unpack[PassageArguments]
    ) -> PassageSearchResult:
        """See :meth:`Toolshed.search_passages`."""
        return await self._ask(verbs.search_passages(query, k, options))

    async def get_tool(self, tool_id: str) -> ToolDefinition:
        """See :meth:`Toolshed.get_tool`."""
        return await self._ask(verbs.get_tool(tool_id))

    async def tool_named(self, name: str) -> ToolDefinition:
        """See :meth:`Toolshed.tool_named`."""
        return await self._ask(verbs.tool_named(name))

    async def list_tools(self) -> list[str]:
        """See :meth:`Toolshed.list_tools`."""
        return [tool_id async for tool_id in self.iter_tools()]

    async def iter_tools(self) -> AsyncIterator[str]:
        """The ids of all tools, sorted; a page is asked for when it is come to."""
        async for one in self._pages(lambda after: verbs.tools_after(after or "")):
            yield one

    async def list_documents(self) -> list[str]:
        """See :meth:`Toolshed.list_documents`."""
        return [one async for one in self._pages(lambda after: verbs.documents_after(after or ""))]

    async def sources(self) -> list[IndexedSource]:
        """See :meth:`Toolshed.sources`."""
        return [one async for one in self._pages(lambda after: verbs.sources_after(after or ""))]

    async def get_passages(self, document_id: str) -> list[Passage]:
        """See :meth:`Toolshed.get_passages`."""
        pages = self._pages(lambda after: verbs.passages_after(document_id, -1 if after is None else after))
        return [one async for one in pages]

    async def _pages(self, page_after: verbs.PageAfter) -> AsyncIterator[Any]:
        after = None
        while True:
            page = await self._ask(page_after(after))
            for item in page.items:
                yield item
            after = page.next_after
            if after is None:
                return

    async def delete_tools(self, *tool_ids: str) -> int:
        """See :meth:`Toolshed.delete_tools`."""
        return sum([await self._removed(verbs.delete_tool(tool_id)) for tool_id in dict.fromkeys(tool_ids)])

    async def delete_documents(self, *document_ids: str) -> int:
        """See :meth:`Toolshed.delete_documents`."""
        return sum([await self._removed(verbs.delete_document(one)) for one in dict.fromkeys(document_ids)])

    async def _removed(self, exchange: Exchange[int]) -> int:
        try:
            return await self._ask(exchange)
        except (UnknownToolError, UnknownDocumentError):
            return 0

    async def remove_source(self, name: str) -> int:
        """See :meth:`Toolshed.remove_source`."""
        return await self._ask(verbs.remove_source(name))

    async def jobs(self) -> AsyncIterator[Job]:
        """Your jobs, the latest first; a page is asked for when it is come to."""
        async for one in self._pages(verbs.jobs_after):
            yield one

    async def job(self, job_id: str) -> Job:
        """How far a job is."""
        return await self._ask(verbs.job(job_id))

    async def cancel_job(self, job_id: str) -> Job:
        """End a job that waits, or ask one that runs to end."""
        return await self._ask(verbs.cancel_job(job_id))

    async def follow_job(self, job_id: str) -> AsyncIterator[Job]:
        """A job each time it changes, until it has ended."""
        job = await self.job(job_id)
        yield job
        while not job.has_ended:
            lines = EventLines()
            try:
                async with self._http.stream(**events_request(job)) as response:
                    async for line in response.aiter_lines():
                        if (told := lines.take(line)) is not None:
                            job = told
                            yield job
            except httpx.TransportError:
                # The service may have been started anew: the job goes on there.
                await asyncio.sleep(_FIRST_LOOK_SECONDS)
            if not job.has_ended and not lines.n_events:
                await asyncio.sleep(_FIRST_LOOK_SECONDS)
                job = await self.job(job_id)

    async def wait_for(self, job: Job) -> Job:
        """A job when it has succeeded.

        Raises:
            ToolshedError: Why it failed.
            ServiceError: If it was cancelled, or does not end in time.
        """
        until, pause = asyncio.get_running_loop().time() + self._job_seconds, _FIRST_LOOK_SECONDS
        while not job.has_ended:
            if asyncio.get_running_loop().time() > until:
                raise ServiceError(f"the job {job.job_id!r} has not ended in {self._job_seconds:g} seconds")
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_LOOK_SECONDS)
            job = await self.job(job.job_id)
        return ended_job(job)

    @property
    def backbones(self) -> AsyncRemoteBackbones:
        """See :attr:`Toolshed.backbones`; choosing only, for calls are made from here."""
        return AsyncRemoteBackbones(self._ask)

    @property
    def outcomes(self) -> AsyncRemoteOutcomes:
        """See :attr:`Toolshed.outcomes`."""
        return AsyncRemoteOutcomes(self._ask, self._ask)

    @property
    def costs(self) -> AsyncRemoteCosts:
        """See :attr:`Toolshed.costs`; reports come as JSON."""
        return AsyncRemoteCosts(self._ask)

    async def close(self) -> None:
        """End the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class _Reader:
    """Says how to read on: pages of an answer come over the network, and have to be awaited."""

    def read(self, handle: str, offset: int, max_characters: int) -> "ResultPage":
        """See :class:`~toolshed.calling.results.ResultReader`."""
        raise ConfigurationError(
            f"read on with: await client.read_result({handle!r}, {offset}, max_characters={max_characters})"
        )

    def page(self, text: str, max_characters: int) -> "ResultPage":
        """See :class:`~toolshed.calling.results.ResultReader`; the service keeps the first text only."""
        return cut_page(text, max_characters, self)

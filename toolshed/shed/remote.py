"""``ToolshedClient``: the verbs of a knowledge base that a service keeps."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

import httpx

from toolshed.catalog.addresses import certificates
from toolshed.catalog.sources import Source
from toolshed.documents import LegalDocument, Passage
from toolshed.errors import ServiceError, UnknownDocumentError, UnknownToolError
from toolshed.indexing.passages import DocumentReport
from toolshed.options import (
    CallArguments,
    DocumentArguments,
    IndexArguments,
    PassageArguments,
    SearchArguments,
)
from toolshed.shed import remote_verbs as verbs
from toolshed.shed.remote_economics import RemoteBackbones, RemoteCosts, RemoteOutcomes
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


class ToolshedClient:
    """A knowledge base that a service keeps, by the verbs of :class:`~toolshed.shed.shed.Toolshed`.

    Whatever fails for a while (a service that is busy, or is started anew) is tried again; a write, or a
    call, is done once however often it is sent. Threads may share a client.

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
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {} if api_key is None else {"authorization": f"Bearer {api_key}"}
        self._http = httpx.Client(
            base_url=checked_url(base_url),
            headers=headers,
            timeout=timeout_seconds,
            transport=transport,
            verify=certificates(),
        )
        self._job_seconds = job_seconds

    def _ask(self, exchange: Exchange[Result]) -> Result:
        n_tries = 0
        while True:
            n_tries += 1
            response: httpx.Response | None = None
            try:
                response = self._http.send(exchange.request(self._http))
            except httpx.HTTPError as error:
                pause = pause_before_retry(None, n_tries) if is_passing(error) else None
                if pause is None:
                    raise unreachable(self._http.base_url, error) from error
            else:
                pause = pause_before_retry(response, n_tries)
                if pause is None:
                    return answer_of(exchange, response)
            time.sleep(pause)

    def search(self, query: str, k: int = 5, **options: Unpack[SearchArguments]) -> SearchResult:
        """See :meth:`Toolshed.search`."""
        found = self._ask(verbs.search(query, k, options))
        return found.calling(self.call)

    def call(
        self,
        tool_id: str,
        arguments: Mapping[str, Any] | None = None,
        **options: Unpack[CallArguments],
    ) -> "CallResult":
        """See :meth:`Toolshed.call`; ``timeout_seconds`` and ``max_characters`` are the options."""
        return self._ask(verbs.call(tool_id, arguments, options, _Reader(self)))

    def read_result(self, handle: str, offset: int = 0, *, max_characters: int = 20_000) -> "ResultPage":
        """See :meth:`Toolshed.read_result`."""
        return self._ask(verbs.read_result(handle, offset, max_characters, _Reader(self)))

    def add_tools(self, *sources: Source, **options: Unpack[IndexArguments]) -> SyncReport:
        """See :meth:`Toolshed.add_tools`; URLs are read by the service, all else here."""
        return self._index(verbs.indexing(sources, options, remove_missing=False), options)

    def sync_tools(self, *sources: Source, **options: Unpack[IndexArguments]) -> SyncReport:
        """See :meth:`Toolshed.sync_tools`; URLs are read by the service, all else here."""
        return self._index(verbs.indexing(sources, options, remove_missing=True), options)

    def _index(self, planned: verbs.Indexing, options: IndexArguments) -> SyncReport:
        reports = [self._ask(exchange) for exchange in planned.at_once]
        exchanges = list(planned.jobs)
        if (path := options.get("enhancements")) is not None:
            exchanges.append(verbs.enhancing(path))
        # One after the other: the service takes a few jobs of a tenant at once, and does one.
        for exchange in exchanges:
            job = self.wait_for(self._ask(exchange))
            reports.append(sync_report_of(job.result or {}))
        return verbs.merged([*reports, planned.left_out])

    def add_documents(
        self, *sources: str | Path | LegalDocument, **options: Unpack[DocumentArguments]
    ) -> DocumentReport:
        """See :meth:`Toolshed.add_documents`; files are sent as they are, and read by the service."""
        reports = []
        for exchange in verbs.adding_documents(sources, options):
            job = self.wait_for(self._ask(exchange))
            reports.append(document_report_of(job.result or {}))
        return merged_documents(reports)

    def search_passages(
        self, query: str, k: int = 5, **options: Unpack[PassageArguments]
    ) -> PassageSearchResult:
        """See :meth:`Toolshed.search_passages`."""
        return self._ask(verbs.search_passages(query, k, options))

    def get_tool(self, tool_id: str) -> ToolDefinition:
        """See :meth:`Toolshed.get_tool`."""
        return self._ask(verbs.get_tool(tool_id))

    def tool_named(self, name: str) -> ToolDefinition:
        """See :meth:`Toolshed.tool_named`."""
        return self._ask(verbs.tool_named(name))

    def list_tools(self) -> list[str]:
        """See :meth:`Toolshed.list_tools`."""
        return list(self.iter_tools())

    def iter_tools(self) -> Iterator[str]:
        """The ids of all tools, sorted; a page is asked for when it is come to."""
        yield from self._pages(lambda after: verbs.tools_after(after or ""))

    def list_documents(self) -> list[str]:
        """See :meth:`Toolshed.list_documents`."""
        return list(self._pages(lambda after: verbs.documents_after(after or "")))

    def sources(self) -> list[IndexedSource]:
        """See :meth:`Toolshed.sources`."""
        return list(self._pages(lambda after: verbs.sources_after(after or "")))

    def get_passages(self, document_id: str) -> list[Passage]:
        """See :meth:`Toolshed.get_passages`."""
        return list(
            self._pages(lambda after: verbs.passages_after(document_id, -1 if after is None else after))
        )

    def _pages(self, page_after: verbs.PageAfter) -> Iterator[Any]:
        after = None
        while True:
            page = self._ask(page_after(after))
            yield from page.items
            after = page.next_after
            if after is None:
                return

    def delete_tools(self, *tool_ids: str) -> int:
        """See :meth:`Toolshed.delete_tools`."""
        return sum(self._removed(verbs.delete_tool(tool_id)) for tool_id in dict.fromkeys(tool_ids))

    def delete_documents(self, *document_ids: str) -> int:
        """See :meth:`Toolshed.delete_documents`."""
        return sum(self._removed(verbs.delete_document(one)) for one in dict.fromkeys(document_ids))

    def _removed(self, exchange: Exchange[int]) -> int:
        try:
            return self._ask(exchange)
        except (UnknownToolError, UnknownDocumentError):
            return 0

    def remove_source(self, name: str) -> int:
        """See :meth:`Toolshed.remove_source`."""
        return self._ask(verbs.remove_source(name))

    def jobs(self) -> Iterator[Job]:
        """Your jobs, the latest first; a page is asked for when it is come to."""
        yield from self._pages(verbs.jobs_after)

    def job(self, job_id: str) -> Job:
        """How far a job is."""
        return self._ask(verbs.job(job_id))

    def cancel_job(self, job_id: str) -> Job:
        """End a job that waits, or ask one that runs to end."""
        return self._ask(verbs.cancel_job(job_id))

    def follow_job(self, job_id: str) -> Iterator[Job]:
        """A job each time it changes, until it has ended."""
        job = self.job(job_id)
        yield job
        while not job.has_ended:
            lines = EventLines()
            try:
                with self._http.stream(**events_request(job)) as response:
                    for line in response.iter_lines() if response.is_success else ():
                        if (told := lines.take(line)) is not None:
                            job = told
                            yield job
            except httpx.TransportError:
                # The service may have been started anew: the job goes on there.
                time.sleep(_FIRST_LOOK_SECONDS)
            if not job.has_ended and not lines.n_events:
                time.sleep(_FIRST_LOOK_SECONDS)
                job = self.job(job_id)

    def wait_for(self, job: Job) -> Job:
        """A job when it has succeeded.

        Raises:
            ToolshedError: Why it failed.
            ServiceError: If it was cancelled, or does not end in time.
        """
        until, pause = time.monotonic() + self._job_seconds, _FIRST_LOOK_SECONDS
        while not job.has_ended:
            if time.monotonic() > until:
                raise ServiceError(f"the job {job.job_id!r} has not ended in {self._job_seconds:g} seconds")
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_LOOK_SECONDS)
            job = self.job(job.job_id)
        return ended_job(job)

    @property
    def backbones(self) -> RemoteBackbones:
        """See :attr:`Toolshed.backbones`; choosing only, for calls are made from here."""
        return RemoteBackbones(self._ask)

    @property
    def outcomes(self) -> RemoteOutcomes:
        """See :attr:`Toolshed.outcomes`."""
        return RemoteOutcomes(self._ask, self._ask)

    @property
    def costs(self) -> RemoteCosts:
        """See :attr:`Toolshed.costs`; reports come as JSON."""
        return RemoteCosts(self._ask)

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Reader:
    """Reads on in a service's answers."""

    def __init__(self, client: ToolshedClient) -> None:
        self._client = client

    def read(self, handle: str, offset: int, max_characters: int) -> "ResultPage":
        """See :class:`~toolshed.calling.results.ResultReader`."""
        return self._client.read_result(handle, offset, max_characters=max_characters)

    def page(self, text: str, max_characters: int) -> "ResultPage":
        """See :class:`~toolshed.calling.results.ResultReader`; the service keeps the first text only."""
        return cut_page(text, max_characters, self)

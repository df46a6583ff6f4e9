"""The verbs of a knowledge base as exchanges with a service."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from toolshed.calling.results import CallResult, ResultPage, ResultReader
from toolshed.catalog.definitions import Catalog
from toolshed.catalog.locations import NamedSource, checked_source_name, split_name
from toolshed.catalog.sources import Source, read_sources
from toolshed.documents import LegalDocument
from toolshed.errors import ConfigurationError, SourceError
from toolshed.indexing.origins import renamed
from toolshed.indexing.tools import check_catalogs
from toolshed.legal.readers.files import SUFFIXES, FoundFile, find_files
from toolshed.options import (
    CallArguments,
    DocumentArguments,
    IndexArguments,
    PassageArguments,
    Progress,
    SearchArguments,
    checked,
)
from toolshed.shed.remote_exchange import Exchange, in_path, write_key
from toolshed.shed.remote_results import (
    Job,
    call_result_of,
    passage_of,
    passage_result_of,
    result_page_of,
    search_result_of,
    source_of,
    sync_report_of,
    tool_of,
)
from toolshed.shed.results import PassageSearchResult, SearchResult
from toolshed.types import SyncReport, ToolDefinition

_URLS = ("http://", "https://", "mcp+http://", "mcp+https://", "mcp+sse:http://", "mcp+sse:https://")
_PAGE = 1_000
_GIVEN_BY_INDEXER = ("location", "exported_name")
# What a service takes at once; more, and what is to be removed, is a job.
_MOST_AT_ONCE = 256
# Texts that the service takes in one request.
_MOST_TEXTS = 500


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, and where the next one begins; None on the last."""

    items: Sequence[Any]
    next_after: Any


# Gives the exchange for the page after an id; None stands for the beginning. Any: ids, or ordinals.
PageAfter = Callable[[Any], Exchange[Page]]


def search(query: str, k: int, options: SearchArguments) -> Exchange[SearchResult]:
    """Search tools."""
    checked(SearchArguments, options, k=k)
    body = {"query": query, "k": k, **_given(options), "include_definitions": True}
    return Exchange("POST", "/v1/tools/search", search_result_of, body=body)


def search_passages(query: str, k: int, options: PassageArguments) -> Exchange[PassageSearchResult]:
    """Search passages."""
    checked(PassageArguments, options, k=k)
    body = {"query": query, "k": k, **_given(options), "include_stored": True}
    return Exchange("POST", "/v1/passages/search", passage_result_of, body=body)


def call(
    tool_id: str, arguments: Mapping[str, Any] | None, options: CallArguments, reader: ResultReader
) -> Exchange[CallResult]:
    """Call a tool."""
    checked(CallArguments, options)
    refused = sorted(options.keys() - {"timeout_seconds", "max_characters"})
    if refused:
        raise ConfigurationError(
            f"{refused[0]!r} is for who calls from here; the service's operator says how it calls"
        )
    body = {"arguments": dict(arguments or {}), **options}
    path = f"/v1/tools/{in_path(tool_id)}/call"
    return Exchange("POST", path, lambda told: call_result_of(told, reader), body=body, key=write_key())


def read_result(handle: str, offset: int, max_characters: int, reader: ResultReader) -> Exchange[ResultPage]:
    """Read on in a long answer."""
    query = {"offset": offset, "max_characters": max_characters}
    path = f"/v1/results/{in_path(handle)}"
    return Exchange("GET", path, lambda told: result_page_of(told, reader), query)


def get_tool(tool_id: str) -> Exchange[ToolDefinition]:
    """The definition of a tool."""
    return Exchange("GET", f"/v1/tools/{in_path(tool_id)}", tool_of)


def tool_named(name: str) -> Exchange[ToolDefinition]:
    """The tool that an exported name stands for."""
    return Exchange("GET", f"/v1/tools/named/{in_path(name)}", tool_of)


def tools_after(after: str) -> Exchange[Page]:
    """A page of tool ids."""
    return _page("/v1/tools", after, "tool_ids")


def documents_after(after: str) -> Exchange[Page]:
    """A page of document ids."""
    return _page("/v1/documents", after, "document_ids")


def sources_after(after: str) -> Exchange[Page]:
    """A page of sources."""

    def read(told: Any) -> Page:
        return Page([source_of(one) for one in told["sources"]], told["next_after"])

    return Exchange("GET", "/v1/sources", read, {"limit": _PAGE, "after": after})


def passages_after(document_id: str, after: int) -> Exchange[Page]:
    """A page of passages."""

    def read(told: Any) -> Page:
        return Page([passage_of(one) for one in told["passages"]], told["next_after"])

    path = f"/v1/documents/{in_path(document_id)}/passages"
    return Exchange("GET", path, read, {"limit": _PAGE, "after": after})


def jobs_after(after: str | None) -> Exchange[Page]:
    """A page of jobs."""

    def read(told: Any) -> Page:
        return Page([Job.of(one) for one in told["jobs"]], told["next_after"])

    return Exchange("GET", "/v1/jobs", read, {"limit": 100, "after": after})


def delete_tool(tool_id: str) -> Exchange[int]:
    """Remove a tool."""
    return Exchange("DELETE", f"/v1/tools/{in_path(tool_id)}", lambda _: 1, key=write_key())


def delete_document(document_id: str) -> Exchange[int]:
    """Remove a document."""
    return Exchange("DELETE", f"/v1/documents/{in_path(document_id)}", lambda _: 1, key=write_key())


def remove_source(name: str) -> Exchange[int]:
    """Remove a source."""
    return Exchange(
        "DELETE", f"/v1/sources/{in_path(name)}", lambda told: int(told["n_tools"]), key=write_key()
    )


def job(job_id: str) -> Exchange[Job]:
    """How far a job is."""
    return Exchange("GET", f"/v1/jobs/{in_path(job_id)}", Job.of)


def cancel_job(job_id: str) -> Exchange[Job]:
    """End a job."""
    return Exchange("POST", f"/v1/jobs/{in_path(job_id)}/cancel", Job.of, key=write_key())


def _page(path: str, after: str, name: str) -> Exchange[Page]:
    query = {"limit": _PAGE, "after": after}
    return Exchange("GET", path, lambda told: Page(told[name], told["next_after"]), query)


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Indexing:
    """What is to be indexed, and what to say of what is not.

    Attributes:
        at_once: What is done when it is answered.
        jobs: What is done by jobs.
        left_out: What the reports cannot tell: entries and sources that were not sent.
    """

    at_once: Sequence[Exchange[SyncReport]]
    jobs: Sequence[Exchange[Job]]
    left_out: SyncReport


def indexing(sources: Sequence[Source], options: IndexArguments, *, remove_missing: bool) -> Indexing:
    """Plan what is to be sent: URLs as they are, for the service to read; what is here, with its text."""
    given = checked(IndexArguments, options)
    listed = [one for source in sources for one in (source if isinstance(source, list | tuple) else [source])]
    urls = [split_name(one) for one in listed if isinstance(one, str)]
    urls = [one for one in urls if one.location.startswith(_URLS)]
    here = [
        one for one in listed if not (isinstance(one, str) and split_name(one).location.startswith(_URLS))
    ]
    _refuse_progress(given["progress"])
    if given["on_change"] is not None:
        raise ConfigurationError("what changes are held back is the service's policy; leave on_change out")
    if given["source_name"] is not None and len(urls) + bool(here) > 1:
        raise ConfigurationError("a name can be given to one source only; write NAME=SOURCE")
    catalogs = (
        read_sources(here, name=given["source_name"], timeout_seconds=given["timeout_seconds"])
        if here or not urls
        else []
    )
    check_catalogs(catalogs, strict=given["strict"], skip_invalid=given["skip_invalid"])
    catalogs = renamed(catalogs, given["source_name"]) if catalogs else []
    terms = {name: given[name] for name in ("replace", "strict", "skip_invalid")}
    terms |= {"keep_removed": not remove_missing}
    jobs = [_of_url(one, given, terms) for one in urls]
    sent = [(catalog, _definitions(catalog)) for catalog in catalogs if catalog.tools]
    small = [] if remove_missing else [one for one in sent if len(one[1]) <= _MOST_AT_ONCE]
    jobs += [_of_catalog(*one, terms) for one in sent if one not in small]
    return Indexing([_of_few(*one, given) for one in small], jobs, _left_out(catalogs))


def _is_url(source: str) -> bool:
    return split_name(source).location.startswith(_URLS)


def _of_url(place: NamedSource, given: IndexArguments, terms: Mapping[str, Any]) -> Exchange[Job]:
    name = given["source_name"] or place.name
    body = {"url": place.location, **terms}
    if name is not None:
        body["name"] = checked_source_name(name)
    if given["timeout_seconds"] is not None:
        body["timeout_seconds"] = given["timeout_seconds"]
    return Exchange("POST", "/v1/sources", Job.of, body=body, key=write_key())


def _of_catalog(catalog: Catalog, tools: Sequence[Any], terms: Mapping[str, Any]) -> Exchange[Job]:
    body = {"name": catalog.source, "tools": tools, "origin": catalog.location[:500], **terms}
    return Exchange("POST", "/v1/sources", Job.of, body=body, key=write_key())


def _of_few(catalog: Catalog, tools: Sequence[Any], given: IndexArguments) -> Exchange[SyncReport]:
    body = {
        "source": catalog.source,
        "tools": tools,
        "origin": catalog.location[:500],
        "replace": given["replace"],
        "strict": given["strict"],
    }
    return Exchange("POST", "/v1/tools", sync_report_of, body=body, key=write_key())


def _definitions(catalog: Catalog) -> list[dict[str, Any]]:
    """The tools as they are sent: what only this machine can call goes without how."""
    sent = []
    for tool in catalog.tools:
        here = (tool.binding or {}).get("kind") == "mcp"
        said = (replace(tool, binding=None) if here else tool).to_json()
        sent.append(
            {name: value for name, value in said.items() if name not in ("location", "exported_name")}
        )
    return sent


def _left_out(catalogs: Sequence[Catalog]) -> SyncReport:
    local = [one.source for one in catalogs if any((t.binding or {}).get("kind") == "mcp" for t in one.tools)]
    return SyncReport(
        invalid=[f"{catalog.source}, {entry}" for catalog in catalogs for entry in catalog.invalid],
        failed=[catalog.failure for catalog in catalogs if catalog.failure],
        warnings=[
            *(f"{catalog.source}: {warning}" for catalog in catalogs for warning in catalog.warnings),
            *(f"{name}: its MCP server was read here, not callable by the service" for name in local),
        ],
    )


def enhancing(path: str) -> Exchange[Job]:
    """Index what was written of tools."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path!r} cannot be read: {error.strerror or error}") from error
    return Exchange("POST", "/v1/enhancements", Job.of, content=content, key=write_key())


def merged(reports: Sequence[SyncReport]) -> SyncReport:
    """Several reports as one."""
    lists = ("added", "changed", "removed", "invalid", "unbooked", "failed", "warnings", "quarantined")
    return SyncReport(
        **{name: [one for report in reports for one in getattr(report, name)] for name in lists},
        unchanged=sum(report.unchanged for report in reports),
        n_embedded=sum(report.n_embedded for report in reports),
    )


def _refuse_progress(progress: Progress | None) -> None:
    if progress is not None:
        raise ConfigurationError("progress is told by follow_job of a service's jobs; leave it out")


def adding_documents(
    sources: Sequence[str | Path | LegalDocument], options: DocumentArguments
) -> Iterator[Exchange[Job]]:
    """Send texts, and files as they are, for the service to read; each is read when its turn comes."""
    given = checked(DocumentArguments, options)
    _refuse_progress(given["progress"])
    if given["segmenter"] != "legal":
        raise ConfigurationError("the segmenter is the service's; leave it out")
    if given["ocr"]:
        raise ConfigurationError(
            "the service recognises no scans; leave ocr out, and send what ocrmypdf made of them"
        )
    if not sources:
        raise ConfigurationError("give at least one file, folder or document")
    texts = [one for one in sources if isinstance(one, LegalDocument)]
    files, problems = find_files(
        [one for one in sources if not isinstance(one, LegalDocument)], glob=given["glob"]
    )
    if problems:
        raise SourceError("\n".join(problems))
    for file in files:
        _check_file(file, given)
    return _sending(files, texts, given)


def _sending(
    files: Sequence[FoundFile], texts: Sequence[LegalDocument], given: DocumentArguments
) -> Iterator[Exchange[Job]]:
    for file in files:
        yield _of_file(file, given)
    for start in range(0, len(texts), _MOST_TEXTS):
        some = texts[start : start + _MOST_TEXTS]
        bodies = [{"document_id": one.document_id, "text": one.text, "title": one.title} for one in some]
        yield Exchange("POST", "/v1/documents", Job.of, body={"documents": bodies}, key=write_key())


def _check_file(file: FoundFile, given: DocumentArguments) -> None:
    """Refuse what cannot be sent before anything is."""
    if not file.document_id.lower().endswith(SUFFIXES):
        raise SourceError(
            f"{str(file.path)!r} is of no kind that can be read; give one of {', '.join(SUFFIXES)}"
        )
    try:
        n_bytes = file.path.stat().st_size
    except OSError as error:
        raise SourceError(f"{str(file.path)!r} cannot be read: {error.strerror or error}") from error
    if n_bytes > given["max_megabytes"] * 2**20:
        raise SourceError(
            f"{str(file.path)!r} is larger than {given['max_megabytes']} MB (max_megabytes); nothing was sent"
        )


def _of_file(file: FoundFile, given: DocumentArguments) -> Exchange[Job]:
    try:
        content = file.path.read_bytes()
    except OSError as error:
        raise SourceError(f"{str(file.path)!r} cannot be read: {error.strerror or error}") from error
    path = f"/v1/documents/{in_path(file.document_id)}"
    query = {"tracked": given["tracked"]}
    return Exchange("PUT", path, Job.of, query, content=content, key=write_key())

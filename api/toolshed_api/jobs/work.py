"""What each kind of job does."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from toolshed.catalog.definitions import Catalog
from toolshed.catalog.locations import NamedSource
from toolshed.catalog.reach import Reach
from toolshed.catalog.sources import check_any_was_read, parse_document, read_places
from toolshed.documents import LegalDocument
from toolshed.errors import InvalidToolError, UnknownSourceError
from toolshed.indexing.origins import check_origins
from toolshed.indexing.tools import check_catalogs
from toolshed.legal.readers.files import FoundFile, read_document
from toolshed.options import IndexArguments
from toolshed.pre_retrieval.enhancement import enhancement_line, matched, read_enhancements
from toolshed.settings import Settings
from toolshed.types import SyncReport, ToolDefinition
from toolshed_api.audit.trail import AuditTrail
from toolshed_api.caller_shed import CallerShed
from toolshed_api.jobs.runner import Run
from toolshed_api.rest.sources.locations import syncable_location
from toolshed_api.rest.tools.definitions import uploaded, uploaded_catalogs
from toolshed_api.tenant_sheds import TenantSheds
from toolshed_api.writers import Writers

Result = TypeVar("Result")
# Where documents are from that were uploaded, and what a file is called whose text names no title.
_UPLOADED, _UNTITLED = "upload", "untitled"
# Tools that are written in one turn: between two of them, others have theirs.
_IN_A_TURN = 64


class JobWork:
    """Does jobs of every kind, with the rights of whoever asked for them.

    Args:
        sheds: The knowledge bases.
        writers: Who writes to them.
        settings: What callers may ask for.
        trail_of: Gives the trail that a job leaves in the audit log, by its id.
    """

    def __init__(
        self, sheds: TenantSheds, writers: Writers, settings: Settings, trail_of: Callable[[str], AuditTrail]
    ) -> None:
        self._sheds, self._writers, self._trail_of = sheds, writers, trail_of
        self._reach = Reach.of_service(settings.allowed_sources)

    def __call__(self, run: Run) -> Mapping[str, Any]:
        """Do a job; what came of it, as JSON."""
        trail = self._trail_of(run.job.job_id)
        shed = CallerShed(self._sheds.of(run.job.tenant), run.job.in_whose_hands(), trail)
        match run.job.kind:
            case "source":
                return self._indexed(run, shed, self._read(run), run.job.request)
            case "sync":
                return self._synced(run, shed)
            case "documents":
                return self._documents(run, shed)
            case "enhancements":
                return self._enhanced(run, shed)

    def _write(self, run: Run, write: Callable[..., Result], *given: Any, **options: Any) -> Result:
        run.check()
        return self._writers.submit(run.job.tenant, write, *given, **options).result()

    def _read(self, run: Run) -> list[Catalog]:
        """The catalogs of a source that was uploaded, or is to be fetched."""
        request = run.job.request
        name, origin = request["name"], request["origin"]
        if request["url"] is not None:
            return self._fetched(request["url"], name, request)
        if request["is_list"]:
            return uploaded_catalogs(json.loads(run.payload), source=name or "tools", origin=origin)
        catalog = parse_document(run.payload, origin or f"{name or 'tools'}.json", name=name)
        _check_bindings(catalog.tools)
        return [uploaded(catalog, origin)]

    def _fetched(self, location: str, name: str | None, request: Mapping[str, Any]) -> list[Catalog]:
        """What is at a place that a caller of the service may reach."""
        return read_places(
            [NamedSource(location, name)], timeout_seconds=request["timeout_seconds"], reach=self._reach
        )

    def _synced(self, run: Run, shed: CallerShed) -> Mapping[str, Any]:
        """Read a source again where it was read before."""
        name = run.job.request["name"]
        known = {source.name: source for source in shed.sources()}
        if name not in known:
            raise UnknownSourceError(f"there is no source {name!r}")
        catalogs = self._fetched(syncable_location(known[name]), name, run.job.request)
        return self._indexed(run, shed, catalogs, {**run.job.request, "keep_removed": False})

    def _indexed(
        self, run: Run, shed: CallerShed, catalogs: Sequence[Catalog], request: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Write catalogs turn by turn, then bring what is left of their sources in step."""
        options: IndexArguments = {
            "replace": request.get("replace", False),
            "strict": request.get("strict", False),
            "skip_invalid": request.get("skip_invalid", False),
        }
        check_any_was_read(catalogs)
        check_catalogs(catalogs, strict=options["strict"], skip_invalid=options["skip_invalid"])
        keeps = bool(request.get("keep_removed", False))
        if not options["replace"]:
            stored = shed.shed.knowledge_base.stored_tools()
            read = [catalog for catalog in catalogs if not catalog.failure]
            check_origins(read, stored, remove_missing=not keeps)
        reports = self._written(run, catalogs, lambda piece: shed.add_catalogs([piece], replace=True))
        write = shed.add_catalogs if keeps else shed.sync_catalogs
        last = self._write(run, write, catalogs, **{**options, "replace": True})
        return asdict(_merged([*reports, last], last, sum(len(catalog.tools) for catalog in catalogs)))

    def _documents(self, run: Run, shed: CallerShed) -> Mapping[str, Any]:
        """Cut documents and write them, one by one."""
        request = run.job.request
        if request["file"] is None:
            given = [LegalDocument(**one, source=_UPLOADED) for one in json.loads(run.payload)]
            report = self._write(run, shed.add_documents, *given, progress=run.advance)
            return asdict(report)
        with tempfile.TemporaryDirectory(prefix="toolshed-") as folder:
            path = Path(folder, f"{_UNTITLED}{request['file']}")
            path.write_bytes(run.payload)
            # Outside of the turn: a long file takes a while, and its reader is confined.
            document = read_document(
                FoundFile(path, request["document_id"], folder), tracked=request["tracked"]
            )
            title = request["title"] if document.title == _UNTITLED else document.title
            document = replace(document, title=title, source=_UPLOADED)
            return asdict(self._write(run, shed.add_documents, document, progress=run.advance))

    def _enhanced(self, run: Run, shed: CallerShed) -> Mapping[str, Any]:
        """Index tools anew with what was written of them."""
        with tempfile.TemporaryDirectory(prefix="toolshed-") as folder:
            path = Path(folder, "enhancements.jsonl")
            path.write_bytes(run.payload)
            tools = shed.writable_tools()
            given = matched(read_enhancements(path), tools)
            # By the ids that their names stand for, which are looked for among all tools.
            lines = [enhancement_line(replace(one, tool=of)) for of, one in given.by_tool.items()]
            path.write_text("".join(lines), encoding="utf-8")
            meant = [tool for tool in tools if tool.tool_id in given.by_tool]
            reports = self._written(
                run, [*_by_place(meant)], lambda piece: shed.enhance_catalogs([piece], str(path))
            )
        return asdict(_merged(reports, SyncReport(warnings=given.warnings), len(meant)))

    def _written(
        self, run: Run, catalogs: Sequence[Catalog], write: Callable[[Catalog], SyncReport]
    ) -> list[SyncReport]:
        """Write the tools of catalogs, turn by turn."""
        total = sum(len(catalog.tools) for catalog in catalogs)
        reports, done = list[SyncReport](), 0
        run.advance(0, total)
        for piece in _pieces(catalogs):
            reports.append(self._write(run, write, piece))
            done += len(piece.tools)
            run.advance(done, total)
        return reports


def _pieces(catalogs: Sequence[Catalog]) -> Iterator[Catalog]:
    for catalog in catalogs:
        if not catalog.failure:
            for start in range(0, len(catalog.tools), _IN_A_TURN):
                tools = catalog.tools[start : start + _IN_A_TURN]
                yield replace(catalog, tools=tools, invalid=(), warnings=())


def _by_place(tools: Sequence[ToolDefinition]) -> Iterator[Catalog]:
    """Stored tools as the catalogs that they are of."""
    by_place: dict[tuple[str, str], list[ToolDefinition]] = {}
    for tool in tools:
        by_place.setdefault((tool.source, tool.location), []).append(tool)
    for (source, location), of_place in by_place.items():
        yield Catalog(source, tuple(of_place), location=location)


def _check_bindings(tools: Sequence[ToolDefinition]) -> None:
    if any((tool.binding or {}).get("kind") == "mcp" for tool in tools):
        raise InvalidToolError("tools of an MCP server are read from it; give its URL")


def _merged(reports: Sequence[SyncReport], last: SyncReport, total: int) -> SyncReport:
    added = [tool_id for report in reports for tool_id in report.added]
    changed = [tool_id for report in reports for tool_id in report.changed]
    quarantined = [*dict.fromkeys(tool_id for report in reports for tool_id in report.quarantined)]
    return replace(
        last,
        added=added,
        changed=changed,
        unchanged=total - len(added) - len(changed) - len(quarantined),
        n_embedded=sum(report.n_embedded for report in reports),
        quarantined=quarantined,
        unbooked=[reason for report in reports for reason in report.unbooked],
    )

"""``toolshed index``: from sources to a knowledge base."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolshed.commands.declared import takes
from toolshed.commands.knowledge_base import (
    KnowledgeBaseOptions,
    knowledge_base_options,
    open_shed,
    service_options,
)
from toolshed.commands.output import print_json, progress_bar, say
from toolshed.errors import ConfigurationError, SourceError, ToolshedError
from toolshed.options import DocumentArguments, IndexArguments

if TYPE_CHECKING:
    from toolshed.catalog.definitions import Catalog
    from toolshed.catalog.locations import NamedSource
    from toolshed.indexing.passages import DocumentReport
    from toolshed.shed.shed import Toolshed
    from toolshed.types import SyncReport


# Between attempts to follow a server that went away.
_PAUSES_SECONDS = (2.0, 10.0, 60.0, 300.0)


@click.group()
def index() -> None:
    """Fill the knowledge base."""


@index.command("tools")
@click.argument("sources", nargs=-1, required=True)
@takes(IndexArguments)
@click.option(
    "--keep-removed",
    is_flag=True,
    envvar="TOOLSHED_KEEP_REMOVED",
    help="Keep tools that a source no longer lists.",
)
@click.option(
    "--watch",
    is_flag=True,
    help="Stay, and follow the MCP servers whose lists of tools change; Ctrl-C ends it.",
)
@click.option(
    "--workers",
    default=os.cpu_count() or 1,
    show_default="all cores",
    type=click.IntRange(1, 64),
    envvar="TOOLSHED_WORKERS",
    help="Threads of the encoder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@service_options
def index_tools(
    sources: tuple[str, ...],
    options: IndexArguments,
    keep_removed: bool,
    watch: bool,
    workers: int,
    as_json: bool,
    at: KnowledgeBaseOptions,
) -> None:
    """Index the tools of SOURCES: files, URLs, MCP servers, each server that an mcp.json names, folders of
    skills.

    Only what is new or changed is embedded. A run that was killed goes on where it stopped. A source may
    be named: NAME=SOURCE; the name is the first half of its tools' ids, and belongs to the location that it
    was first indexed from.

    What cannot be read (an entry, a server) is named, with the reason, and left out; the exit code is 1 then.

    \b
    Examples:
      toolshed index tools tools.json openapi.yaml
      toolshed index tools "mcp+stdio:mcp-server-git" mcp+http://localhost:8000/mcp
      toolshed index tools .vscode/mcp.json --timeout 60
      toolshed index tools crm=https://example.com/openapi.json .claude/skills
    """
    from toolshed.catalog.sources import check_any_was_read, read_places, servers_of
    from toolshed.indexing.tools import check_catalogs

    if at.url is not None:
        _index_there(sources, options, at, keep_removed=keep_removed, watch=watch, as_json=as_json)
        return
    named = _named(sources, options["source_name"])
    watched = [server for place in named for server in servers_of(place) or ()] if watch else []
    if watch and not watched:
        raise ConfigurationError("--watch follows MCP servers, and none of the sources is one")
    catalogs = read_places(named, timeout_seconds=options["timeout_seconds"])
    # Before a folder is made: a run that is refused leaves nothing behind.
    check_any_was_read(catalogs)
    check_catalogs(catalogs, strict=options["strict"], skip_invalid=options["skip_invalid"])
    with open_shed(at, must_exist=False, threads=workers) as shed:
        write = shed.sync_catalogs if not keep_removed else shed.add_catalogs
        with progress_bar("embedding", show=not as_json) as advance:
            options["progress"] = advance
            report = write(catalogs, **options)

        def tell(report: "SyncReport", shed: "Toolshed") -> None:
            show = _print_json if as_json else _print
            show(report, shed.knowledge_base.count(), shed.knowledge_base.location)

        tell(report, shed)
        if watched:
            with suppress(KeyboardInterrupt, asyncio.CancelledError):
                asyncio.run(_follow(watched, shed, tell, write, options))
    if report.failed or (report.invalid and not options["skip_invalid"]):
        raise click.exceptions.Exit(1)


def _index_there(
    sources: Sequence[str],
    options: IndexArguments,
    at: KnowledgeBaseOptions,
    *,
    keep_removed: bool,
    watch: bool,
    as_json: bool,
) -> None:
    """Index into a running service: it reads URLs, and the rest is read here and sent."""
    from toolshed.shed.remote import ToolshedClient

    if watch:
        raise ConfigurationError("--watch follows servers into a knowledge base here; leave --url out")
    assert at.url is not None
    with ToolshedClient(at.url, at.api_key) as client:
        write = client.add_tools if keep_removed else client.sync_tools
        report = write(*sources, **options)
        show = _print_json if as_json else _print
        show(report, sum(source.n_tools for source in client.sources()), at.url)
    if report.failed or (report.invalid and not options["skip_invalid"]):
        raise click.exceptions.Exit(1)


def _named(sources: Sequence[str], name: str | None) -> "list[NamedSource]":
    """The sources with the names that they were given, each or by ``--as``."""
    from toolshed.catalog.locations import NamedSource, checked_source_name, split_name

    named = [split_name(source) for source in sources]
    if name is None:
        return named
    if len(named) > 1:
        raise ConfigurationError("--as names one source; of several, name each: NAME=SOURCE")
    return [NamedSource(named[0].location, checked_source_name(name))]


@index.command("legal")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@takes(DocumentArguments)
@click.option(
    "--keep-removed",
    is_flag=True,
    envvar="TOOLSHED_KEEP_REMOVED",
    help="Keep documents whose files are gone from the folders.",
)
@click.option(
    "--workers",
    default=os.cpu_count() or 1,
    show_default="all cores",
    type=click.IntRange(1, 64),
    envvar="TOOLSHED_WORKERS",
    help="Processes that read and cut, and threads of the encoder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@knowledge_base_options
def index_legal(
    paths: tuple[Path, ...],
    options: DocumentArguments,
    keep_removed: bool,
    workers: int,
    as_json: bool,
    at: KnowledgeBaseOptions,
) -> None:
    """Index legal documents: PATHS are files, and folders that are searched through.

    Reads txt, Markdown, HTML, DOCX, ODT, RTF, e-mail (eml) and PDF; the text of scans is recognised with
    --ocr, at every run anew. Only what is new or changed is embedded. A run that was killed goes on where it
    stopped. A file that cannot be read is named, with the reason, and left out; the exit code is 1 then.

    \b
    Examples:
      toolshed index legal contracts/ --glob "*.pdf"
      toolshed index legal statute.txt policy.html --workers 4
    """
    from toolshed.legal.readers.files import find_files

    # Before a folder is made: a run that is refused leaves nothing behind.
    found, problems = find_files(paths, glob=options["glob"])
    if not found and not problems:
        raise SourceError(f"there is nothing to read in {', '.join(map(str, paths))}; is --glob right?")
    with open_shed(at, must_exist=False, threads=workers) as shed:
        write = shed.add_documents if keep_removed else shed.sync_documents
        with progress_bar("documents", show=not as_json) as advance:
            options["n_workers"], options["progress"] = workers, advance
            report = write(*paths, **options)
        n_passages, location = shed.passages.store.count(), shed.passages.store.location
    _tell_of_documents(report, n_passages, location, as_json=as_json)
    if report.left_out:
        raise click.exceptions.Exit(1)


def _tell_of_documents(report: "DocumentReport", n_passages: int, location: str, *, as_json: bool) -> None:
    if as_json:
        print_json({**asdict(report), "n_passages_stored": n_passages})
    else:
        say(
            f"{len(report.added):,} documents added, {len(report.changed):,} changed, "
            f"{len(report.removed):,} removed, {report.unchanged:,} unchanged; "
            f"{report.n_passages:,} passages embedded; {n_passages:,} passages in {location}"
        )
        if report.kept:
            least = min(report.kept, key=lambda document: (report.kept[document], document))
            say(f"{report.kept[least]:.1%} or more of every file's words were read (least: {least!r})")
    for remark in report.remarks:
        say(f"note: {remark}", err=True)
    for reason in report.left_out:
        say(f"left out: {reason}", err=True)


async def _follow(
    servers: Sequence["NamedSource"],
    shed: "Toolshed",
    tell: "Callable[[SyncReport, Toolshed], None]",
    write: "Callable[..., SyncReport]",
    options: IndexArguments,
) -> None:
    """Bring the knowledge base in step whenever one of the servers changes its list."""
    from toolshed.catalog.locations import location_of
    from toolshed.catalog.mcp_servers import watch_mcp_server

    following = asyncio.current_task()
    assert following is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        # Where a loop takes no signal handlers (Windows), Ctrl-C interrupts it anyway.
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, following.cancel)

    async def sync(server: "NamedSource", catalog: "Catalog") -> None:
        located = replace(catalog, location=catalog.location or location_of(server.location))
        report = await asyncio.to_thread(
            write, [located], skip_invalid=True, enhancements=options["enhancements"]
        )
        if report.added or report.changed or report.removed:
            tell(report, shed)

    async def keep_following(server: "NamedSource") -> None:
        """One server that goes away costs only itself, and may come back."""
        for pause in chain(_PAUSES_SECONDS, repeat(_PAUSES_SECONDS[-1])):
            try:
                await watch_mcp_server(
                    server.location,
                    partial(sync, server),
                    source=server.name,
                    timeout_seconds=options["timeout_seconds"],
                )
            except ToolshedError as error:
                say(f"{error}; it is asked again in {pause:g} seconds", err=True)
            await asyncio.sleep(pause)

    async with asyncio.TaskGroup() as tasks:
        for server in servers:
            tasks.create_task(keep_following(server))


def _print_json(report: "SyncReport", n_tools: int, _location: str) -> None:
    print_json(
        {
            "added": list(report.added),
            "changed": list(report.changed),
            "removed": list(report.removed),
            "unchanged": report.unchanged,
            "n_embedded": report.n_embedded,
            "invalid": list(report.invalid),
            "failed": list(report.failed),
            "warnings": list(report.warnings),
            "n_tools": n_tools,
        }
    )


def _print(report: "SyncReport", n_tools: int, location: str) -> None:
    say(
        f"{len(report.added):,} added, {len(report.changed):,} changed, {len(report.removed):,} removed, "
        f"{report.unchanged:,} unchanged; {report.n_embedded:,} texts embedded; "
        f"{n_tools:,} tools in {location}"
    )
    for reason in (*report.failed, *report.invalid):
        say(f"left out: {reason}", err=True)
    for warning in report.warnings:
        say(f"note: {warning}", err=True)

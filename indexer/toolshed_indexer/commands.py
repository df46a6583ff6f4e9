"""``toolshed index``: from sources to a knowledge base."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from toolshed.cli import knowledge_base_options, open_shed, print_json
from toolshed.types import SyncReport


@click.group()
def index() -> None:
    """Fill the knowledge base."""


@index.command("tools")
@click.argument("sources", nargs=-1, required=True)
@click.option(
    "--skip-invalid",
    is_flag=True,
    envvar="TOOLSHED_SKIP_INVALID",
    help="Index the good entries when some are bad.",
)
@click.option(
    "--keep-removed",
    is_flag=True,
    envvar="TOOLSHED_KEEP_REMOVED",
    help="Keep tools that a source no longer lists.",
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
@knowledge_base_options
def index_tools(
    sources: tuple[str, ...],
    skip_invalid: bool,
    keep_removed: bool,
    workers: int,
    as_json: bool,
    kb: str,
    pipeline: str,
    collection: str,
) -> None:
    """Index the tools of SOURCES: files, URLs, MCP servers.

    Only what is new or changed is embedded. A run that was killed goes on where it stopped. A source may
    be named: NAME=SOURCE; the name is the first half of its tools' ids.

    \b
    Examples:
      toolshed index tools tools.json openapi.yaml
      toolshed index tools "mcp+stdio:mcp-server-git" mcp+http://localhost:8000/mcp
      toolshed index tools crm=https://example.com/openapi.json
    """
    from toolshed.catalog.sources import read_source

    catalogs = [read_source(source) for source in sources]
    with open_shed(kb, pipeline, collection, must_exist=False, threads=workers) as shed:
        write = shed.sync_catalogs if not keep_removed else shed.add_catalogs
        with _progress_bar(show=not as_json) as advance:
            report = write(catalogs, skip_invalid=skip_invalid, progress=advance)
        n_tools = shed.knowledge_base.count()
    if as_json:
        print_json(_as_json(report, n_tools))
    else:
        _print(report, n_tools, kb)


@contextmanager
def _progress_bar(*, show: bool) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("embedding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not show or not console.is_terminal) as bar:
        task = bar.add_task("embedding", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _as_json(report: SyncReport, n_tools: int) -> dict[str, object]:
    return {
        "added": list(report.added),
        "changed": list(report.changed),
        "removed": list(report.removed),
        "unchanged": report.unchanged,
        "n_embedded": report.n_embedded,
        "invalid": list(report.invalid),
        "n_tools": n_tools,
    }


def _print(report: SyncReport, n_tools: int, kb: str) -> None:
    click.echo(
        f"{len(report.added):,} added, {len(report.changed):,} changed, {len(report.removed):,} removed, "
        f"{report.unchanged:,} unchanged; {report.n_embedded:,} texts embedded; {n_tools:,} tools in {kb}"
    )
    for reason in report.invalid:
        click.echo(f"left out: {reason}", err=True)

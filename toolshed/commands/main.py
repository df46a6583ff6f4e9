"""The command line. Commands of the applications arrive through the entry points ``toolshed.commands``."""

import functools
import importlib.util
import json
import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from toolshed.errors import ConfigurationError, ToolshedError

if TYPE_CHECKING:
    from toolshed.presets import PipelineName
    from toolshed.shed.passage_library import FoundPassage
    from toolshed.shed.results import SearchResult
    from toolshed.shed.shed import Toolshed

_GROUP = "toolshed.commands"
_CONTEXT = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": 100,
    # Options without a variable of their own get one: TOOLSHED_SEARCH_EXPLAIN, TOOLSHED_INDEX_TOOLS_WATCH.
    "auto_envvar_prefix": "TOOLSHED",
}
# What commands of the applications import, and the extra that brings it.
_EXTRAS = {
    "alembic": "economics",
    "fastapi": "api",
    "genai_prices": "economics",
    "ir_measures": "evals",
    "matplotlib": "evals",
    "pyarrow": "economics",
    "rank_bm25": "evals",
    "scipy": "evals",
    "sentence_transformers": "bench",
    "sqlalchemy": "economics",
    "eyecite": "legal",
    "torch": "bench",
    "uvicorn": "api",
}
Command = TypeVar("Command", bound=Callable[..., Any])


class _Group(click.Group):
    """Finds commands by entry point and turns our errors into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_entry_points()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None or cmd_name not in _entry_points():
            return own
        command: click.Command = _entry_points()[cmd_name].load()
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if error.name not in _EXTRAS:
                raise
            raise _Misuse(
                f"this command needs {error.name}; run pip install 'toolshed-kb[{_EXTRAS[error.name]}]'"
            ) from error
        except ConfigurationError as error:
            raise _Misuse(str(error)) from error
        except ToolshedError as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            # The reader of our output, such as head, has enough.
            sys.stderr.close()
            ctx.exit(0)


class _Misuse(click.ClickException):
    exit_code = 2


def _entry_points() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=_GROUP)}


@dataclass(frozen=True, slots=True)
class KnowledgeBaseOptions:
    """Where the knowledge base is, what wrote it and which pipeline reads it."""

    kb: str
    pipeline: "PipelineName"
    encoder: str | None
    collection: str


def knowledge_base_options(command: Command) -> Callable[..., Any]:
    """Give a command the options of a knowledge base; they arrive together, as its argument ``at``."""

    @click.option(
        "--kb",
        default="./shed",
        show_default=True,
        envvar="TOOLSHED_KB",
        help="Folder of the knowledge base, or URL of a Qdrant server.",
    )
    @click.option(
        "--pipeline",
        default="default",
        show_default=True,
        envvar="TOOLSHED_PIPELINE",
        type=click.Choice(["default", "instant", "hybrid", "dense", "bm25"]),
        help="Named pipeline; 'instant' needs no transformer.",
    )
    @click.option(
        "--encoder",
        envvar="TOOLSHED_ENCODER",
        help="Another dense encoder: sentence-transformers:MODEL or openai:MODEL[:DIMENSION].",
    )
    @click.option(
        "--collection",
        default="tools",
        show_default=True,
        envvar="TOOLSHED_COLLECTION",
        help="Collection on the Qdrant server.",
    )
    @functools.wraps(command)
    def with_options(
        *arguments: Any,
        kb: str,
        pipeline: "PipelineName",
        encoder: str | None,
        collection: str,
        **options: Any,
    ) -> Any:
        # Any: the command's own arguments, passed on unchanged.
        return command(*arguments, at=KnowledgeBaseOptions(kb, pipeline, encoder, collection), **options)

    return with_options


def open_shed(at: KnowledgeBaseOptions, *, must_exist: bool, threads: int = 1) -> "Toolshed":
    """Open a knowledge base for a command.

    Raises:
        ConfigurationError: If it must exist and does not.
    """
    import os

    from toolshed.shed.shed import Toolshed

    is_folder = not at.kb.startswith(("http://", "https://", "memory:"))
    if must_exist and is_folder and not (Path(at.kb) / "manifest.json").exists():
        raise ConfigurationError(
            f"there is no knowledge base in {at.kb!r}; "
            f"make one with: toolshed index tools SOURCE --kb {at.kb}, or index legal PATH"
        )
    return Toolshed(
        at.kb,
        pipeline=at.pipeline,
        encoder=at.encoder,
        encoder_threads=threads,
        qdrant_api_key=os.environ.get("TOOLSHED_QDRANT_API_KEY"),
        collection=at.collection,
        ledger=os.environ.get("TOOLSHED_LEDGER"),
        prices=os.environ.get("TOOLSHED_PRICES"),
    )


@contextmanager
def progress_bar(label: str, *, show: bool = True) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, where that is a terminal; yields what to call with the done and the total."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not show or not console.is_terminal) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def print_json(value: object) -> None:
    """Write JSON for a machine to standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


@click.group(cls=_Group, context_settings=_CONTEXT)
@click.version_option(version("toolshed-kb"), prog_name="toolshed")
@click.option("-v", "--verbose", is_flag=True, envvar="TOOLSHED_VERBOSE", help="Log what happens to stderr.")
def main(verbose: bool) -> None:
    """Find the few tools an agent needs, among hundreds to a million.

    \b
    Examples:
      toolshed index tools openapi.json mcp+stdio:mcp-server-git
      toolshed search "email Ana the weather in Lisbon tomorrow"
      toolshed serve
    """
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if verbose else logging.ERROR,
        format="%(levelname)s %(name)s: %(message)s",
    )


@main.command()
@click.argument("query")
@click.option(
    "-k",
    "--top-k",
    default=5,
    show_default=True,
    type=click.IntRange(min=1),
    envvar="TOOLSHED_TOP_K",
    help="Most tools to return.",
)
@click.option(
    "--min-confidence",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0, 1),
    envvar="TOOLSHED_MIN_CONFIDENCE",
    help="Leave out tools below this confidence.",
)
@click.option(
    "--abstain-below",
    type=click.FloatRange(0, 1),
    envvar="TOOLSHED_ABSTAIN_BELOW",
    help="Return no tool when even the best is below this confidence; 0 never abstains.",
)
@click.option(
    "--max-tokens",
    type=click.IntRange(min=1),
    envvar="TOOLSHED_MAX_TOKENS",
    help="Token budget for the definitions together.",
)
@click.option("--source", "sources", multiple=True, help="Search this source only; may be repeated.")
@click.option("--passages", "include_passages", is_flag=True, help="Also find the governing legal passages.")
@click.option("--explain", is_flag=True, help="Say which part and which channel brought each tool in.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@knowledge_base_options
def search(
    query: str,
    top_k: int,
    min_confidence: float,
    abstain_below: float | None,
    max_tokens: int | None,
    sources: tuple[str, ...],
    include_passages: bool,
    explain: bool,
    as_json: bool,
    at: KnowledgeBaseOptions,
) -> None:
    """Find the tools for QUERY; "-" reads it from standard input.

    \b
    Examples:
      toolshed search "convert 20 EUR to yen" -k 3
      echo "book a flight and a hotel" | toolshed search - --json
    """
    if query == "-":
        query = sys.stdin.read()
    with open_shed(at, must_exist=True) as shed:
        found = shed.search(
            query,
            top_k,
            min_confidence=min_confidence,
            abstain_below=abstain_below,
            max_tokens=max_tokens,
            sources=sources or None,
            include_passages=include_passages,
        )
    if as_json:
        print_json(found.to_json())
    elif explain:
        click.echo(found.explain())
    else:
        click.echo(_table(found))
        for rank, one in enumerate(found.passages, 1):
            click.echo(_passage_text(rank, one))


def _table(found: "SearchResult") -> str:
    if not found.tools:
        hint = "--abstain-below 0 shows the nearest" if found.n_tools else "the knowledge base is empty"
        return f"no tool fits ({found.n_tools:,} searched); {hint}"
    width = max(len(tool.tool.tool_id) for tool in found.tools)
    room = max(20, shutil.get_terminal_size().columns - width - 10)
    rows = []
    for tool in found.tools:
        text = " ".join(tool.tool.description.split())
        shown = text if len(text) <= room else text[: room - 1] + "…"
        rows.append(f"{tool.confidence:>4.0%}  {tool.tool.tool_id:<{width}}  {shown}")
    return "\n".join(rows)


@main.command()
@click.argument("query")
@click.option(
    "-k",
    "--top-k",
    default=5,
    show_default=True,
    type=click.IntRange(1, 1000),
    envvar="TOOLSHED_TOP_K",
    help="Most passages to return; most documents with --per-document.",
)
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Only passages of this document, source, section or page, or that cite or define this; "
    "may be repeated.",
)
@click.option(
    "--neighbours",
    default=0,
    show_default=True,
    type=click.IntRange(0, 10),
    help="Passages before and after each to print with it.",
)
@click.option(
    "--per-document", type=click.IntRange(1, 1000), help="Group by document, with this many passages of each."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@knowledge_base_options
def passages(
    query: str,
    top_k: int,
    filters: tuple[str, ...],
    neighbours: int,
    per_document: int | None,
    as_json: bool,
    at: KnowledgeBaseOptions,
) -> None:
    """Find the passages of legal text that answer QUERY; "-" reads it from standard input.

    \b
    Examples:
      toolshed passages "How long must records be kept?" -k 3
      toolshed passages "standard of proof" --filter "cites=38 U.S.C. § 1110" --neighbours 1
      toolshed passages "late fees" --filter section=4.2 --json
    """
    if query == "-":
        query = sys.stdin.read()
    wanted = _parsed_filters(filters)
    with open_shed(at, must_exist=True) as shed:
        found = shed.search_passages(
            query, top_k, filters=wanted, neighbours=neighbours, per_document=per_document
        )
    if as_json:
        print_json(found.to_json())
    elif found.passages:
        click.echo("\n\n".join(_passage_text(rank, one) for rank, one in enumerate(found.passages, 1)))
    else:
        hint = (
            "loosen the filters"
            if filters and found.n_passages
            else "toolshed index legal PATH adds documents"
        )
        click.echo(f"no passage found ({found.n_passages:,} searched); {hint}")


def _parsed_filters(filters: tuple[str, ...]) -> dict[str, Any]:
    """Values by field; a field given twice matches either value."""
    parsed: dict[str, list[Any]] = {}
    for given in filters:
        field, equals, value = given.partition("=")
        if not equals or not value:
            raise ConfigurationError(f"the filter {given!r} is not of the form FIELD=VALUE")
        parsed.setdefault(field, []).append(int(value) if field == "page" and value.isdecimal() else value)
    return parsed


def _passage_text(rank: int, found: "FoundPassage") -> str:
    quotes = [f"    “{' '.join(quote.text.split())}”  [{quote.start}–{quote.end}]" for quote in found.quotes]
    around = [f"    {' '.join(found.expanded_text.split())}"] if found.before or found.after else []
    place = f"{found.citation}  ({found.passage.document_id})"
    return "\n".join([f"{rank:>2}. {place}  score {found.score:.2f}", *quotes, *around])


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@knowledge_base_options
def doctor(as_json: bool, at: KnowledgeBaseOptions) -> None:
    """Check the installation and the knowledge base, and say what to do about what is wrong.

    \b
    Example:
      toolshed doctor --kb ./shed
    """
    checks = [*_package_checks(), _encoder_check(), _knowledge_base_check(at)]
    if as_json:
        print_json([{"check": name, "ok": ok, "detail": detail} for name, ok, detail in checks])
    else:
        for name, ok, detail in checks:
            click.echo(f"{'ok  ' if ok else 'FAIL'}  {name:<16} {detail}")
    if not all(ok for _, ok, _ in checks):
        raise click.exceptions.Exit(1)


def _package_checks() -> list[tuple[str, bool, str]]:
    extras = {
        "transformer": "onnxruntime",
        "legal": "eyecite",
        "economics": "sqlalchemy",
        "server": "qdrant_client",
        "api": "fastapi",
        "mcp": "mcp",
    }
    checks = [("toolshed-kb", True, version("toolshed-kb"))]
    for extra, module in extras.items():
        installed = importlib.util.find_spec(module) is not None
        detail = "installed" if installed else f"not installed; optional: pip install 'toolshed-kb[{extra}]'"
        checks.append((f"extra {extra}", True, detail))
    return checks


def _encoder_check() -> tuple[str, bool, str]:
    from toolshed.backbones.static import StaticEncoder

    try:
        StaticEncoder()
        if importlib.util.find_spec("onnxruntime") is None:
            return "encoder", True, "the transformer is not installed; the pipeline 'instant' works without"
        from toolshed.backbones.minilm import MiniLMEncoder

        dimension = MiniLMEncoder().encode(["doctor"]).shape[1]
    except ToolshedError as error:
        return "encoder", False, str(error)
    return "encoder", True, f"all-MiniLM-L6-v2 verified and answering, {dimension} dimensions"


def _knowledge_base_check(at: KnowledgeBaseOptions) -> tuple[str, bool, str]:
    try:
        with open_shed(at, must_exist=True) as shed:
            n_tools, n_documents = shed.knowledge_base.count(), len(shed.list_documents())
            return "knowledge base", True, f"{n_tools:,} tools in {at.kb}, {n_documents:,} legal documents"
    except ToolshedError as error:
        return "knowledge base", False, str(error)


if __name__ == "__main__":
    main()

"""``toolshed search``."""

import gc
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from toolshed.commands.declared import takes
from toolshed.commands.knowledge_base import KnowledgeBaseOptions, open_anywhere, service_options
from toolshed.commands.output import print_json, say
from toolshed.commands.passages import passage_text
from toolshed.options import SearchArguments

if TYPE_CHECKING:
    from toolshed.shed.results import SearchResult


@click.command()
@click.argument("query")
@click.option(
    "-k",
    "--top-k",
    default=5,
    show_default=True,
    type=click.IntRange(1, 1000),
    envvar="TOOLSHED_TOP_K",
    help="Most tools to return.",
)
@takes(SearchArguments)
@click.option(
    "--chat",
    envvar="TOOLSHED_CHAT",
    help="Model that plans the request, reranks tools and reflects on them: openai:MODEL, "
    "openai-responses:MODEL, or replay:FILE.",
)
@click.option("--explain", is_flag=True, help="Say which sub-query and channel brought each tool in.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@service_options
def search(
    query: str,
    top_k: int,
    options: SearchArguments,
    chat: str | None,
    explain: bool,
    as_json: bool,
    at: KnowledgeBaseOptions,
) -> None:
    """Find the tools for QUERY; "-" reads it from standard input.

    \b
    Examples:
      toolshed search "convert 20 EUR to yen" -k 3
      echo "book a flight and a hotel" | toolshed search - --json
      TOOLSHED_API_KEY=... toolshed search "send an email" --url https://tools.example.com
    """
    if query == "-":
        query = sys.stdin.read()
    with _without_collector(), open_anywhere(at, must_exist=True, chat=chat) as shed:
        found = shed.search(query, top_k, **options)
    if as_json:
        print_json(found.to_json())
    elif explain:
        say(found.explain())
    else:
        say(_table(found))
        for rank, one in enumerate(found.passages, 1):
            say(passage_text(rank, one))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Leave out the cycle collector: a tenth of the time of one search is its looking at what is imported."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _table(found: "SearchResult") -> str:
    if not found.tools:
        hint = "--abstain-below 0 shows the nearest" if found.n_tools else "the knowledge base is empty"
        why = f": {found.reason}" if found.n_tools and found.reason else ""
        return f"no tool fits ({found.n_tools:,} searched){why}; {hint}"
    width = max(len(tool.tool.tool_id) for tool in found.tools)
    room = max(20, shutil.get_terminal_size().columns - width - 10)
    rows = []
    for tool in found.tools:
        mark = "[skill] " if tool.tool.kind == "skill" else ""
        text = mark + " ".join(tool.tool.description.split())
        shown = text if len(text) <= room else text[: room - 1] + "…"
        rows.append(f"{tool.confidence:>4.0%}  {tool.tool.tool_id:<{width}}  {shown}")
    if found.n_tokens is not None:
        rows.append(
            f"{found.n_tokens:,} tokens ({found.tokens_counted_by}); {found.n_shortened} definitions "
            f"shortened, {found.n_over_budget} left out"
        )
    if found.status == "unsure":
        rows.append(f"unsure: {found.reason}")
    return "\n".join(rows)

"""``toolshed demo``: the main job from nothing, on a sample catalog and a real MCP server."""

import shutil
import time
from importlib.resources import as_file, files
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from toolshed.shed.results import SearchResult

_QUERIES = (
    "Email Ana the weather in Lisbon tomorrow.",
    "The customer of order 5531 wants her money back because the lamp was broken. Also make a return sticker "
    "for the carrier.",
    "Show me what I changed since the last commit, then commit it.",
    "It's too dark in the kitchen.",
    "First check the weather on the day of the accident, 4 February, in Leeds. Then look for court rulings "
    "about black ice. My client's name is Jones.",
    "Tell me a joke about cats.",
)
# Answered with the text that governs them.
_LEGAL_QUERIES = (
    "How long does a data broker have to answer a consumer's request? Put the deadline into my calendar.",
    "Create a reminder to check the backups. How many days after deletion are backups overwritten?",
)
_MCP_SERVER = "mcp-server-git"
_WIDTH = 110
# Sub-queries that have less of a say are not worth a line.
_MIN_WEIGHT = 0.5


@click.command()
@click.option(
    "--kb",
    default="./shed",
    show_default=True,
    envvar="TOOLSHED_KB",
    help="Folder of the knowledge base.",
)
@click.option(
    "-k", "--top-k", default=4, show_default=True, type=click.IntRange(1, 20), help="Tools per query."
)
@click.option(
    "--picture", type=click.Path(dir_okay=False, path_type=Path), help="Also draw what is printed, as SVG."
)
def demo(kb: str, top_k: int, picture: Path | None) -> None:
    """Index a sample catalog, a real MCP server and legal text, and answer queries.

    \b
    Example:
      toolshed demo
    """
    from rich.console import Console

    console = Console(record=picture is not None, width=_WIDTH, highlight=False, markup=False, emoji=False)
    _show(console, kb, top_k)
    if picture is not None:
        console.save_svg(str(picture), title="make demo")


def _show(console: "Console", kb: str, top_k: int) -> None:
    from toolshed.shed.shed import Toolshed

    started = time.perf_counter()
    with Toolshed(kb, encoder_threads=2) as shed, as_file(files("toolshed_evals") / "sample") as sample:
        sources = [f"sample={sample / 'tools.jsonl'}"]
        if shutil.which(_MCP_SERVER):
            sources.append(f"git=mcp+stdio:{_MCP_SERVER}")
        report = shed.sync_tools(*sources)
        documents = shed.sync_documents(sample.parent / "legal" / "sample" / "corpus")
        server = f" and the MCP server {_MCP_SERVER}" if len(sources) > 1 else ""
        console.print(
            f"{shed.knowledge_base.count()} tools (sample catalog{server}): "
            f"{len(report.added)} added, {report.n_embedded} texts embedded"
        )
        console.print(
            f"{len(shed.list_documents())} legal documents: {documents.n_passages} passages embedded"
        )
        console.print(f"{time.perf_counter() - started:.1f} s in all, kept in {kb}", soft_wrap=True)
        console.print("For each request: confidence, score, tool.")
        shed.warm_up()
        found = [shed.search(query, top_k) for query in _QUERIES]
        governed = [
            shed.search(query, 2, include_passages=True, passages_per_need=1) for query in _LEGAL_QUERIES
        ]
        everything = shed.catalog_tokens()
    widest = max(
        (len(tool.tool.tool_id) for result in (*found, *governed) for tool in result.tools), default=0
    )
    for result in found:
        _answer(console, result, widest, everything)
    console.print("\nTools, with the legal text that governs what is asked:")
    for result in governed:
        _answer(console, result, widest, everything)
    console.print(f'\nYour turn:  toolshed search "..." --kb {kb} --explain', soft_wrap=True)


def _answer(console: "Console", found: "SearchResult", widest_id: int, everything: int) -> None:
    from toolshed.post_retrieval.selection import estimated_tokens

    console.print("\n" + fill(f"> {found.query}", _WIDTH, subsequent_indent="  "), style="bold")
    for asked in found.sub_queries:
        if asked.kind != "whole" and asked.weight >= _MIN_WEIGHT:
            console.print(f"  sub-query  {asked.text}", style="dim", no_wrap=True, overflow="ellipsis")
    for tool in found.tools:
        described = " ".join(tool.tool.description.split())
        line = f"  {tool.confidence:>4.0%}  {tool.score:5.2f}  {tool.tool.tool_id:<{widest_id}}  {described}"
        console.print(line, no_wrap=True, overflow="ellipsis")
    if not found.tools:
        console.print(f"  no tool fits: {found.reason}")
    elif found.status == "unsure":
        console.print(f"  unsure: {found.reason}")
    for passage in found.passages:
        console.print(f"  law   {passage.citation}", no_wrap=True, overflow="ellipsis")
        quote = " ".join(passage.quotes[0].text.split())
        console.print(fill(f"“{quote}”", _WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 9))
    sent = sum(estimated_tokens(tool.tool) for tool in found.tools)
    console.print(
        f"  {found.timings_ms['total']:.1f} ms; about {sent:,} tokens instead of {everything:,} "
        f"for all tools ({1 - sent / everything:.0%} saved)",
        style="green",
    )

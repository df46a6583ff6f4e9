"""``toolshed demo``: the main job from nothing, on a sample catalog and a real MCP server."""

import shutil
import time
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from toolshed.client import Toolshed

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
_MCP_SERVER = "mcp-server-git"


@click.command()
@click.option(
    "--kb", default="./shed", show_default=True, envvar="TOOLSHED_KB", help="Folder of the knowledge base."
)
@click.option(
    "-k", "--top-k", default=4, show_default=True, type=click.IntRange(1, 20), help="Tools per query."
)
def demo(kb: str, top_k: int) -> None:
    """Index a sample catalog and a real MCP server, and answer queries.

    \b
    Example:
      toolshed demo
    """
    from toolshed.client import Toolshed

    started = time.perf_counter()
    with Toolshed(kb, encoder_threads=2) as shed, as_file(files("toolshed_evals") / "sample") as sample:
        sources = [f"sample={sample / 'tools.jsonl'}"]
        if shutil.which(_MCP_SERVER):
            sources.append(f"git=mcp+stdio:{_MCP_SERVER}")
        report = shed.sync_tools(*sources)
        everything = shed.catalog_tokens()
        server = f" and the MCP server {_MCP_SERVER}" if len(sources) > 1 else ""
        click.echo(
            f"{shed.knowledge_base.count()} tools in {kb} (sample catalog{server}): "
            f"{len(report.added)} added, {report.n_embedded} texts embedded, "
            f"{time.perf_counter() - started:.1f} s"
        )
        shed.warm_up()
        for query in _QUERIES:
            _answer(shed, query, top_k, everything)
    click.echo(f'\nYour turn:  toolshed search "..." --kb {kb} --explain')


def _answer(shed: "Toolshed", query: str, top_k: int, everything: int) -> None:
    from toolshed.post_retrieval.selection import estimated_tokens

    found = shed.search(query, top_k)
    click.secho(f"\n> {query}", bold=True)
    needs = [part for part in found.parts if part.weight >= 0.5 and part.kind != "whole"]
    for part in needs:
        click.echo(f"    part {part.weight:.2f}  {part.text}")
    for tool in found.tools:
        click.echo(f"  {tool.confidence:>4.0%}  {tool.tool.tool_id:<36} {tool.tool.description[:60]}")
    if not found.tools:
        click.echo("  no tool fits")
    sent = sum(estimated_tokens(tool.tool) for tool in found.tools)
    click.echo(
        f"  {found.timings_ms['total']:.1f} ms; about {sent:,} tokens instead of {everything:,} "
        f"for all tools ({1 - sent / everything:.0%} saved)"
    )

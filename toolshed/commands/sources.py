"""``toolshed sources``: the sources of tools in a knowledge base."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from toolshed.commands.knowledge_base import KnowledgeBaseOptions, open_anywhere, service_options
from toolshed.commands.output import confirm_removal, print_json, say
from toolshed.errors import UnknownSourceError

if TYPE_CHECKING:
    from toolshed.types import IndexedSource


@click.group()
def sources() -> None:
    """List and remove the sources of tools."""


@sources.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@service_options
def list_sources(as_json: bool, at: KnowledgeBaseOptions) -> None:
    """List the sources by name: how many tools each has, and where it was read.

    \b
    Examples:
      toolshed sources list
      toolshed sources list --json --kb ./shed
    """
    with open_anywhere(at, must_exist=True) as shed:
        found = shed.sources()
    if as_json:
        print_json([asdict(source) for source in found])
    elif found:
        say(_table(found))
    else:
        say("there are no sources yet; add one with: toolshed index tools SOURCE")


@sources.command("remove")
@click.argument("names", nargs=-1, required=True)
@click.option("-y", "--yes", is_flag=True, help="Remove without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@service_options
def remove_sources(names: tuple[str, ...], yes: bool, as_json: bool, at: KnowledgeBaseOptions) -> None:
    """Remove the sources NAMES, with all of their tools.

    \b
    Examples:
      toolshed sources remove crm
      toolshed sources remove crm brave-search --yes
    """
    wanted = list(dict.fromkeys(names))
    with open_anywhere(at, must_exist=True) as shed:
        sizes = {source.name: source.n_tools for source in shed.sources()}
        unknown = [name for name in wanted if name not in sizes]
        if unknown:
            raise UnknownSourceError(
                f"there is no source {unknown[0]!r}; the sources are {', '.join(sizes) or 'none yet'}"
            )
        n_tools = sum(sizes[name] for name in wanted)
        confirm_removal(f"Remove {', '.join(wanted)} with {n_tools:,} tools?", is_confirmed=yes)
        removed = {name: shed.remove_source(name) for name in wanted}
    if as_json:
        print_json({"removed": removed})
    else:
        say("\n".join(f"removed {name} with {n:,} tools" for name, n in removed.items()))


def _table(found: "list[IndexedSource]") -> str:
    width = max(len(source.name) for source in found)
    return "\n".join(
        f"{source.name:<{width}}  {source.n_tools:>7,} tools  "
        f"{', '.join(source.locations) or '(location not recorded)'}"
        for source in found
    )

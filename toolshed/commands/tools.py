"""``toolshed tools``: the tools of a knowledge base, one by one."""

import json
import shutil
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from toolshed.commands.knowledge_base import KnowledgeBaseOptions, open_anywhere, service_options
from toolshed.commands.output import confirm_removal, print_json, say
from toolshed.errors import UnknownSourceError, UnknownToolError

if TYPE_CHECKING:
    from toolshed.types import ToolDefinition

_MAX_LISTED = 10_000
_N_NAMED = 5


@click.group()
def tools() -> None:
    """List, show and remove tools."""


@tools.command("list")
@click.option("--source", help="Only the tools of this source.")
@click.option("--match", help="Only tools whose id holds this text, in any case.")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, _MAX_LISTED), help="Most tools to list."
)
@click.option("--offset", default=0, type=click.IntRange(min=0), help="How many to pass over.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@service_options
def list_tools(
    source: str | None, match: str | None, limit: int, offset: int, as_json: bool, at: KnowledgeBaseOptions
) -> None:
    """List tools, ordered by id.

    \b
    Examples:
      toolshed tools list --source crm
      toolshed tools list --match invoice --limit 20 --json
    """
    with open_anywhere(at, must_exist=True) as shed:
        if source is not None:
            _check_source(source, [one.name for one in shed.sources()])
        ids = _chosen(shed.list_tools(), source, match)
        page = [shed.get_tool(tool_id) for tool_id in ids[offset : offset + limit]]
    if as_json:
        print_json({"tools": [_summary(tool) for tool in page], "n_tools": len(ids), "offset": offset})
        return
    say(_table(page) if page else "no tools")
    rest = len(ids) - offset - len(page)
    if page and rest > 0:
        say(f"{len(page):,} of {len(ids):,} tools; more with --offset {offset + len(page)}", err=True)


@tools.command("show")
@click.argument("tool_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@service_options
def show_tool(tool_id: str, as_json: bool, at: KnowledgeBaseOptions) -> None:
    """Show everything that is known of TOOL_ID.

    \b
    Example:
      toolshed tools show crm:find_customer
    """
    with open_anywhere(at, must_exist=True) as shed:
        tool = shed.get_tool(tool_id)
    if as_json:
        print_json({"tool_id": tool.tool_id, **tool.to_json()})
    else:
        say("\n".join(_lines(tool)))


@tools.command("remove")
@click.argument("tool_ids", nargs=-1, required=True)
@click.option("-y", "--yes", is_flag=True, help="Remove without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@service_options
def remove_tools(tool_ids: tuple[str, ...], yes: bool, as_json: bool, at: KnowledgeBaseOptions) -> None:
    """Remove the tools TOOL_IDS; those that their source still lists come back when it is indexed again.

    \b
    Example:
      toolshed tools remove crm:find_customer crm:delete_customer --yes
    """
    wanted = list(dict.fromkeys(tool_ids))
    with open_anywhere(at, must_exist=True) as shed:
        unknown = sorted(set(wanted) - set(shed.list_tools()))
        if unknown:
            raise UnknownToolError(
                f"there is no tool {unknown[0]!r}, so nothing was removed; toolshed tools list shows the ids"
            )
        confirm_removal(f"Remove {_named(wanted)}?", is_confirmed=yes)
        n_removed = shed.delete_tools(*wanted)
    if as_json:
        print_json({"removed": wanted})
    else:
        say(f"{n_removed:,} removed")


def _check_source(source: str, known: Sequence[str]) -> None:
    if source not in known:
        raise UnknownSourceError(
            f"there is no source {source!r}; the sources are {', '.join(known) or 'none yet'}"
        )


def _chosen(ids: Sequence[str], source: str | None, match: str | None) -> list[str]:
    of_source = f"{source}:" if source is not None else ""
    text = (match or "").casefold()
    return [one for one in ids if one.startswith(of_source) and text in one.casefold()]


def _named(tool_ids: Sequence[str]) -> str:
    more = len(tool_ids) - _N_NAMED
    return ", ".join(tool_ids[:_N_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _summary(tool: "ToolDefinition") -> dict[str, Any]:
    return {
        "tool_id": tool.tool_id,
        "kind": tool.kind,
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "source": tool.source,
        "location": tool.location,
    }


def _table(page: "Sequence[ToolDefinition]") -> str:
    width = max(len(tool.tool_id) for tool in page)
    room = max(20, shutil.get_terminal_size().columns - width - 2)
    return "\n".join(f"{tool.tool_id:<{width}}  {_first_words(tool, room)}".rstrip() for tool in page)


def _first_words(tool: "ToolDefinition", room: int) -> str:
    mark = "[skill] " if tool.kind == "skill" else ""
    text = mark + " ".join((tool.description or tool.title).split())
    return text if len(text) <= room else text[: room - 1] + "…"


def _lines(tool: "ToolDefinition") -> Iterator[str]:
    said = {
        "id": tool.tool_id,
        "kind": tool.kind,
        "name": tool.name,
        "title": tool.title,
        "exported as": tool.exported_name,
        "tags": ", ".join(tool.tags),
        "service": tool.service,
        "source": f"{tool.source}, read from {tool.location}" if tool.location else tool.source,
        "called by": (tool.binding or {}).get("kind", "") if tool.kind == "tool" else "",
        "hints": json.dumps(tool.annotations, ensure_ascii=False) if tool.annotations else "",
    }
    for label, text in said.items():
        if text:
            yield f"{label:<12}{text}"
    yield f"\n{tool.description or '(no description)'}\n"
    if tool.kind == "skill":
        yield f"instructions\n{tool.instructions}"
        return
    yield f"arguments\n{json.dumps(tool.parameters, indent=2, ensure_ascii=False)}"
    if tool.output_schema:
        yield f"result\n{json.dumps(tool.output_schema, indent=2, ensure_ascii=False)}"

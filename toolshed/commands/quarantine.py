"""``toolshed quarantine``: definitions whose changes are held back."""

from typing import TYPE_CHECKING

import click

from toolshed.commands.knowledge_base import KnowledgeBaseOptions, knowledge_base_options, open_shed
from toolshed.commands.output import print_json, say
from toolshed.options import OnChange

if TYPE_CHECKING:
    from toolshed.safety.quarantine import HeldTool


@click.group()
def quarantine() -> None:
    """Decide on definitions that changed in a way that could harm."""


@quarantine.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@knowledge_base_options
def list_held(as_json: bool, at: KnowledgeBaseOptions) -> None:
    """List what waits for a decision, with what changed; what was there before serves meanwhile.

    \b
    Example:
      toolshed quarantine list
    """
    with open_shed(at, must_exist=True) as shed:
        held, policy = shed.quarantine.held(), shed.quarantine.policy
    if as_json:
        print_json({"policy": policy, "held": [one.to_json() for one in held]})
        return
    for one in held:
        say(_lines(one))
    if not held:
        say("nothing is held back")
    if policy == "accept":
        say("changes are accepted, where --on-change does not say otherwise; see quarantine policy", err=True)


@quarantine.command("approve")
@click.argument("tool_ids", nargs=-1, required=True)
@knowledge_base_options
def approve(tool_ids: tuple[str, ...], at: KnowledgeBaseOptions) -> None:
    """Let the definitions of TOOL_IDS that are held back serve from now on.

    \b
    Example:
      toolshed quarantine approve crm:find_customer
    """
    with open_shed(at, must_exist=True) as shed:
        for tool_id in tool_ids:
            shed.quarantine.approve(tool_id)
            say(f"{tool_id} is approved, and searched as its source says it now")


@quarantine.command("reject")
@click.argument("tool_ids", nargs=-1, required=True)
@knowledge_base_options
def reject(tool_ids: tuple[str, ...], at: KnowledgeBaseOptions) -> None:
    """Never let the definitions of TOOL_IDS that are held back serve.

    \b
    Example:
      toolshed quarantine reject crm:find_customer
    """
    with open_shed(at, must_exist=True) as shed:
        for tool_id in tool_ids:
            shed.quarantine.reject(tool_id)
            say(f"{tool_id} is rejected; what was there before serves on")


@quarantine.command("policy")
@click.argument("on_change", type=click.Choice(["accept", "quarantine"]), required=False)
@knowledge_base_options
def policy(on_change: OnChange | None, at: KnowledgeBaseOptions) -> None:
    """Say what happens to dangerous changes from now on, or show it.

    \b
    Example:
      toolshed quarantine policy quarantine
    """
    with open_shed(at, must_exist=True) as shed:
        if on_change is not None:
            shed.quarantine.set_policy(on_change)
        say(shed.quarantine.policy)


def _lines(held: "HeldTool") -> str:
    lines = [f"{held.tool.tool_id}  {', '.join(held.change['grades'])}  {held.tool.content_hash[:12]}"]
    for finding in held.change["findings"]:
        lines.append(f"    {finding['rule']} in {finding['place']}: {finding['excerpt']!r}")
    for one in held.change["differences"]:
        lines += [f"    {one['place']}"]
        lines += [f"      - {one['before']!r}"] * (one["before"] is not None)
        lines += [f"      + {one['after']!r}"] * (one["after"] is not None)
    return "\n".join(lines)

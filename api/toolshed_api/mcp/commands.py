"""``toolshed mcp``."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from toolshed.commands.knowledge_base import KnowledgeBaseOptions, knowledge_base_options, open_shed
from toolshed_api.mcp.hosts import HOSTS, Entry, configuration_file

if TYPE_CHECKING:
    from toolshed_api.mcp.hosts import HostName


@click.group(invoke_without_command=True)
@click.option(
    "--pin",
    "pinned",
    multiple=True,
    metavar="TOOL_ID",
    help="List this tool beside the search, as itself; may be given several times.",
)
@knowledge_base_options
@click.pass_context
def mcp(context: click.Context, pinned: tuple[str, ...], at: KnowledgeBaseOptions) -> None:
    """Serve the knowledge base to one host over MCP, on standard input and output.

    Hosts start this command themselves: 'toolshed mcp install' writes it into their configuration. Over HTTP
    'toolshed serve' speaks MCP at /mcp. The embedded knowledge base belongs to one process: where several
    hosts shall use it at once, let them use the service.

    \b
    Examples:
      toolshed mcp install --host claude-code --kb ./shed
      toolshed mcp --kb ./shed --pin git:git_status
    """
    if context.invoked_subcommand is not None:
        return
    import asyncio

    from toolshed.settings import read_settings
    from toolshed_api.mcp.sdk import check_sdk

    check_sdk()
    from toolshed_api.mcp.stdio import serve_stdio

    settings = read_settings(kb=at.kb, pipeline=at.pipeline, encoder=at.encoder, collection=at.collection)
    with open_shed(at, must_exist=True) as shed:
        asyncio.run(serve_stdio(shed, settings, pinned or settings.mcp_pinned))


@mcp.command("install")
@click.option("--host", type=click.Choice(HOSTS), required=True, help="The program that shall use Toolshed.")
@click.option(
    "--url", help="Address of a running service's /mcp, in place of a program that the host starts."
)
@click.option(
    "--key-variable",
    default="",
    metavar="NAME",
    help="Variable of the host's environment with the service's API key; the key itself is written nowhere.",
)
@click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Another file than the host's own, such as a project's .mcp.json or .vscode/mcp.json.",
)
@click.option("--pin", "pinned", multiple=True, metavar="TOOL_ID", help="List this tool beside the search.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@knowledge_base_options
def install_command(
    host: str,
    url: str | None,
    key_variable: str,
    config_path: Path | None,
    pinned: tuple[str, ...],
    dry_run: bool,
    at: KnowledgeBaseOptions,
) -> None:
    """Write Toolshed into the configuration of a host.

    Other entries stay as they are, and the file as it was is kept beside it. Restart the host afterwards.

    \b
    Examples:
      toolshed mcp install --host claude-desktop --kb ./shed
      toolshed mcp install --host vscode --config .vscode/mcp.json --dry-run
      toolshed mcp install --host cursor --url https://tools.example.com/mcp --key-variable TOOLSHED_KEY
    """
    from toolshed_api.mcp.install import install, planned

    name = cast("HostName", host)
    entry = Entry(url=url, key_variable=key_variable) if url else Entry(_command(at, pinned))
    plan = planned(name, entry, config_path or configuration_file(name))
    if dry_run:
        click.echo(json.dumps(plan.entry, indent=2, ensure_ascii=False))
        click.echo(f"would be written to {plan.path}", err=True)
        return
    install(plan)
    kept = f"; the file as it was is {plan.backup}" if plan.backup else ""
    said = "names Toolshed now" if plan.is_change else "names Toolshed already"
    click.echo(f"{plan.path} {said}{kept}")


def _command(at: KnowledgeBaseOptions, pinned: tuple[str, ...]) -> list[str]:
    """How a host starts this: by whole paths, since it runs elsewhere and without our PATH."""
    from toolshed.shed.location import Location

    folder = Location.of(at.kb).folder
    command = [
        sys.executable,
        "-m",
        "toolshed",
        "mcp",
        "--kb",
        at.kb if folder is None else str(folder.resolve()),
    ]
    if at.pipeline != "default":
        command += ["--pipeline", at.pipeline]
    if at.encoder is not None:
        command += ["--encoder", at.encoder]
    if at.collection != "tools":
        command += ["--collection", at.collection]
    for tool_id in pinned:
        command += ["--pin", tool_id]
    return command

"""``toolshed mcp``."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from toolshed.commands.knowledge_base import (
    KnowledgeBaseOptions,
    knowledge_base_options,
    open_shed,
    service_options,
)
from toolshed.errors import ConfigurationError
from toolshed_api.mcp.hosts import HOSTS, Entry, configuration_file

if TYPE_CHECKING:
    from toolshed_api.mcp.hosts import HostName


_key_file = click.option(
    "--api-key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that holds the key of the service of --url, and nothing else.",
)


def _kept_key(path: Path) -> str:
    try:
        key = path.expanduser().read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the key in {str(path)!r} cannot be read: {error}") from error
    if not key or len(key.split()) > 1 or not key.isprintable():
        raise ConfigurationError(f"{str(path)!r} holds no key; write the key into it, and nothing else")
    return key


@click.group(invoke_without_command=True)
@click.option(
    "--pin",
    "pinned",
    multiple=True,
    metavar="TOOL_ID",
    help="List this tool beside the search, as itself; may be given several times.",
)
@_key_file
@service_options
@click.pass_context
def mcp(
    context: click.Context, pinned: tuple[str, ...], api_key_file: Path | None, at: KnowledgeBaseOptions
) -> None:
    """Serve the knowledge base to one host over MCP, on standard input and output.

    Hosts start this command themselves: 'toolshed mcp install' writes it into their configuration. Over HTTP
    'toolshed serve' speaks MCP at /mcp. The embedded knowledge base belongs to one process: where several
    hosts shall use it at once, let them use the service, by --url where they start programs only.

    \b
    Examples:
      toolshed mcp install --host claude-code --kb ./shed
      toolshed mcp --kb ./shed --pin git:git_status
      toolshed mcp --url https://tools.example.com --api-key-file ~/.toolshed-key
    """
    if context.invoked_subcommand is not None:
        return
    import asyncio

    from toolshed.settings import read_settings
    from toolshed_api.mcp.sdk import check_sdk

    check_sdk()
    if at.url is not None:
        if pinned:
            raise ConfigurationError("a service pins tools by its own TOOLSHED_MCP_PINNED; leave out --pin")
        from toolshed_api.mcp.bridge import serve_bridge

        asyncio.run(serve_bridge(at.url, at.api_key if api_key_file is None else _kept_key(api_key_file)))
        return
    from toolshed_api.mcp.stdio import serve_stdio

    settings = read_settings(kb=at.kb, pipeline=at.pipeline, encoder=at.encoder, collection=at.collection)
    with open_shed(at, must_exist=True) as shed:
        asyncio.run(serve_stdio(shed, settings, pinned or settings.mcp_pinned))


@mcp.command("install")
@click.option("--host", type=click.Choice(HOSTS), required=True, help="The program that shall use Toolshed.")
@click.option("--url", help="Address of a running service, in place of a knowledge base here.")
@click.option(
    "--bridge",
    is_flag=True,
    help="Let the host start a program that speaks to the service of --url. Claude Desktop takes it so only.",
)
@_key_file
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
    bridge: bool,
    api_key_file: Path | None,
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
    from toolshed_api.mcp.addresses import endpoint
    from toolshed_api.mcp.install import install, planned

    name = cast("HostName", host)
    if url is None:
        entry = Entry(_command(at, pinned))
    elif bridge or name == "claude-desktop":
        entry = Entry(_bridge(url, api_key_file), key_variable=key_variable)
    elif api_key_file is not None:
        raise ConfigurationError(
            f"{host} reads no key from a file; name its --key-variable, or give --bridge"
        )
    else:
        entry = Entry(url=endpoint(url), key_variable=key_variable)
    plan = planned(name, entry, config_path or configuration_file(name))
    if dry_run:
        click.echo(json.dumps(plan.entry, indent=2, ensure_ascii=False))
        click.echo(f"would be written to {plan.path}", err=True)
        return
    install(plan)
    kept = f"; the file as it was is {plan.backup}" if plan.backup else ""
    said = "names Toolshed now" if plan.is_change else "names Toolshed already"
    click.echo(f"{plan.path} {said}{kept}")


def _bridge(url: str, api_key_file: Path | None) -> list[str]:
    """How a host starts what speaks to a service."""
    from toolshed_api.mcp.addresses import endpoint

    key = [] if api_key_file is None else ["--api-key-file", str(api_key_file.expanduser().resolve())]
    return [sys.executable, "-m", "toolshed", "mcp", "--url", endpoint(url), *key]


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

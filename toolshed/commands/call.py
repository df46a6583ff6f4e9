"""``toolshed call``."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from toolshed.commands.declared import takes
from toolshed.commands.knowledge_base import KnowledgeBaseOptions, open_anywhere, service_options
from toolshed.commands.output import print_json, say
from toolshed.errors import ConfigurationError
from toolshed.options import CallArguments, Credential, declared_options

if TYPE_CHECKING:
    from toolshed.calling.results import CallResult
    from toolshed.shed.remote import ToolshedClient
    from toolshed.shed.shed import Toolshed


@click.command()
@click.argument("tool_id")
@click.argument("arguments", default="{}")
@takes(CallArguments)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the answer to a file: its binary content, or all of its text.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@service_options
def call(
    tool_id: str,
    arguments: str,
    options: CallArguments,
    output: Path | None,
    as_json: bool,
    at: KnowledgeBaseOptions,
) -> None:
    """Call TOOL_ID with ARGUMENTS, a JSON object; "-" reads it from standard input.

    Credentials come from the environment: TOOLSHED_CREDENTIAL_<SOURCE>__<SCHEME> holds that of a security
    scheme (NAME:PASSWORD for basic authentication), TOOLSHED_CREDENTIAL_<SOURCE> one for every scheme of a
    source, in upper case with everything but letters and digits as one underscore. Of an MCP server that is
    a program SCHEME is the variable that the program reads. They are stored nowhere. With --url the service
    calls, with its own credentials.

    Exits with 1 where the tool answers that it failed, or no answer comes.

    \b
    Examples:
      toolshed call desks:get_desk '{"number": 4}'
      TOOLSHED_CREDENTIAL_GITHUB__TOKEN=... toolshed call github:get_user --json
      toolshed call maps:draw '{"place": "Lisbon"}' -o lisbon.png
    """
    given = _parsed(sys.stdin.read() if arguments == "-" else arguments)
    with open_anywhere(at, must_exist=True) as shed:
        if at.url is None:
            options["credentials"] = _credentials(shed, tool_id)
        else:
            options = _for_service(options)
        result = shed.call(tool_id, given, **options)
        if output is not None:
            _write(output, result)
        if as_json:
            print_json(result.to_json())
        elif output is None:
            say(_shown(result))
    if result.is_error:
        sys.exit(1)


def _for_service(options: CallArguments) -> CallArguments:
    """What may be asked of a service; how it calls, its operator says."""
    defaults = {one.name: one.option.default for one in declared_options(CallArguments)}
    changed = {name: value for name, value in options.items() if value != defaults[name]}
    # The service waits for less; where nothing was asked for, its own default holds.
    return cast(CallArguments, changed)


def _parsed(text: str) -> dict[str, Any]:
    # Any: JSON values; what they may be is the tool's to say.
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"the arguments are no JSON: {error}; write for instance '{{\"a\": 1}}'"
        ) from error
    if not isinstance(given, dict):
        raise ConfigurationError(
            f"the arguments are of type {type(given).__name__}; write a JSON object such as '{{\"a\": 1}}'"
        )
    return given


def _credentials(
    shed: "Toolshed | ToolshedClient", tool_id: str
) -> Mapping[str, Credential | Mapping[str, Credential]]:
    from toolshed.calling.credentials import from_environment

    tool = shed.get_tool(tool_id)
    schemes = (tool.binding or {}).get("security_schemes") or ()
    names = [source.name for source in shed.sources()]
    return from_environment(os.environ, tool.source, schemes=[*schemes], sources=names)


def _shown(result: "CallResult") -> str:
    if result.next_offset is None:
        return result.text
    return (
        f"{result.text}\n[cut: {result.next_offset:,} of {result.n_characters:,} characters; "
        "--max-characters shows more, -o FILE writes all]"
    )


def _write(path: Path, result: "CallResult") -> None:
    try:
        with path.open("wb") as file:
            if result.binaries:
                file.write(result.binaries[0].data)
                return
            page = result.page
            file.write(page.text.encode())
            while page.next_offset is not None:
                page = page.read_more()
                file.write(page.text.encode())
    except OSError as error:
        raise ConfigurationError(f"{str(path)!r} cannot be written: {error.strerror or error}") from error

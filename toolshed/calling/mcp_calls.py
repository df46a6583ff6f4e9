"""Calling tools of MCP servers, with the credentials of their configuration and of the caller."""

import asyncio
import base64
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx

from toolshed.calling.credentials import Ask, CredentialBook, asked, variable_name
from toolshed.calling.mcp_answers import mcp_answer
from toolshed.calling.mcp_dialogues import answered_in_rounds, patient
from toolshed.calling.mcp_sessions import McpSessions
from toolshed.calling.plans import timed_out
from toolshed.calling.results import Answer
from toolshed.catalog.mcp_configs import ServerConfig, server_at
from toolshed.catalog.reach import LOCAL, Reach
from toolshed.dialogues import Dialogue
from toolshed.errors import (
    ConfigurationError,
    ForbiddenAddressError,
    NotCallableError,
    ServerAnswerError,
    SourceError,
)
from toolshed.options import CallArguments, Credential
from toolshed.types import JsonObject, ToolDefinition

_BEARER, _BASIC = "bearer", "basic"


async def call_mcp_tool(
    tool: ToolDefinition,
    arguments: dict[str, Any],
    book: CredentialBook,
    options: CallArguments,
    *,
    sessions: McpSessions,
    ask: Ask,
    seconds: float,
    is_shared: bool,
    reach: Reach = LOCAL,
) -> Answer:
    """Call a tool of an MCP server.

    Args:
        tool: It; its location says where the server is.
        arguments: Checked against its schema.
        book: What the caller has of credentials, beside those of the server's configuration.
        options: As the caller gave them.
        sessions: Where connections are kept.
        ask: See :data:`~toolshed.calling.credentials.Ask`.
        seconds: Longest wait for all of it.
        is_shared: Whether others may have written where the server is.
        reach: What whoever calls may reach.

    Raises:
        ToolCallError: If it cannot be called or does not answer; see the subclasses.
    """
    is_sent = False
    try:
        async with asyncio.timeout(seconds) as deadline:
            if is_shared:
                _check_command(tool, options)
            config = replace(await _config(tool, book, options, ask), reach=reach)
            is_sent = True
            hints = tool.annotations
            is_repeatable = hints.get("readOnlyHint") is True or hints.get("idempotentHint") is True
            dialogue = patient(options["dialogue"], deadline)

            async def send(said: Dialogue | None) -> JsonObject:
                return await sessions.call(
                    config, tool.name, arguments, is_repeatable=is_repeatable, dialogue=said
                )

            answer = await answered_in_rounds(tool.tool_id, send, dialogue)
    except TimeoutError:
        raise timed_out(tool.tool_id, seconds, may_have_acted=is_sent) from None
    except ServerAnswerError as error:
        # It is there and says no: that is the tool's answer.
        return Answer(str(error), is_error=True)
    return mcp_answer(tool.tool_id, answer, config.masked)


def _check_command(tool: ToolDefinition, options: CallArguments) -> None:
    """Refuse to run what somebody else may have written."""
    is_remote = tool.location.startswith(("mcp+http:", "mcp+https:", "mcp+sse:"))
    if not (is_remote or options["allow_commands"]):
        raise NotCallableError(
            f"calling {tool.tool_id!r} starts a program here that the shared knowledge base names, "
            f"{tool.location[:200]!r}; allow it by allow_commands=True (--allow-commands) if you trust "
            "whoever writes to it; nothing was started"
        )


async def _config(
    tool: ToolDefinition, book: CredentialBook, options: CallArguments, ask: Ask
) -> ServerConfig:
    if not tool.location:
        raise NotCallableError(
            f"it is not recorded where the MCP server of {tool.tool_id!r} is; index it again from the server"
        )
    try:
        config = await asyncio.to_thread(server_at, tool.location)
        environment, headers = await _credentials(tool.source, config, book, ask)
        if headers:
            _check_is_private(tool, config, options)
        return config.with_credentials(environment=environment, headers=headers)
    except SourceError as error:
        raise NotCallableError(f"{tool.tool_id!r} cannot be called: {error}; nothing was sent") from None


async def _credentials(
    source: str, config: ServerConfig, book: CredentialBook, ask: Ask
) -> tuple[dict[str, str], dict[str, str]]:
    """Variables of a program, or headers, that the caller gave."""
    given = book.of_source(source)
    if given is None and config.transport != "stdio":
        # A function can be asked for one by name only.
        given = await asked(book, source, _BEARER, ask)
    if given is None:
        return {}, {}
    if config.transport != "stdio":
        named = given if isinstance(given, Mapping) else {_BEARER: given}
        return {}, dict(_header(name, value) for name, value in named.items() if value)
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            f"the MCP server of {source!r} is a program, and takes credentials as variables; give them by "
            f"credentials={{{source!r}: {{'VARIABLE': ...}}}}, on the command line by "
            f"{variable_name(source, 'VARIABLE')}"
        )
    return {name: _text(value) for name, value in given.items() if value is not None}, {}


def _header(name: str, value: Credential) -> tuple[str, str]:
    text = _text(value)
    if isinstance(value, tuple | list) or name.lower() == _BASIC:
        return "Authorization", f"Basic {base64.b64encode(text.encode()).decode()}"
    if name.lower() in (_BEARER, "token", "authorization", ""):
        return "Authorization", text if " " in text else f"Bearer {text}"
    # Variables of the environment have no hyphens.
    return name.replace("_", "-"), text


def _text(value: Credential) -> str:
    return value if isinstance(value, str) else ":".join(value)


def _check_is_private(tool: ToolDefinition, config: ServerConfig, options: CallArguments) -> None:
    url = httpx.URL(config.url)
    is_loopback = url.host in ("localhost", "::1") or bool(re.fullmatch(r"127(\.\d{1,3}){3}", url.host))
    if url.scheme == "http" and not (is_loopback or options["allow_plain_http"]):
        raise ForbiddenAddressError(
            f"the MCP server of {tool.tool_id!r}, {url.host!r}, is spoken to without TLS, and everybody on "
            "the way could read the credentials; allow it by allow_plain_http=True (--allow-plain-http); "
            "nothing was sent"
        )

"""The MCP servers that were indexed, as a registry names them: without credentials, paths or commands."""

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from urllib.parse import urlsplit, urlunsplit

from toolshed.catalog.mcp_configs import ServerConfig, server_at
from toolshed.catalog.secrets import has_secret_path
from toolshed.errors import SourceError
from toolshed.types import ToolDefinition
from toolshed_api.caller_shed import CallerShed

_NAMESPACE = "toolshed"
_MAX_DESCRIPTION = 300
_MAX_REMEMBERED = 10_000
# Runners of packages, and the registry that each takes them from.
_RUNNERS = {"npx": "npm", "bunx": "npm", "uvx": "pypi", "pipx": "pypi"}
_PACKAGE = re.compile(r"(@[\w.-]+/)?[\w.-]+(\[[\w,-]+\])?([@=]{1,2}[\w.+-]+)?")


@dataclass(frozen=True, slots=True)
class RegisteredServer:
    """A server, as a registry names it.

    Attributes:
        name: Its name: a namespace, and that of its source.
        title: Its name for people.
        description: What it is for.
        version: Another one whenever its tools are others.
        url: Its address; empty of programs.
        transport: What is spoken there.
        package_registry: Where the program is to be had, ``npm`` or ``pypi``; empty where nobody knows.
        package: What it is called there.
    """

    name: str
    title: str
    description: str
    version: str
    url: str = ""
    transport: str = ""
    package_registry: str = ""
    package: str = ""


class FirstSeen:
    """When this process first saw each version of a server; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, str, str], datetime] = OrderedDict()

    def of(self, tenant: str, server: RegisteredServer) -> datetime:
        """When that was, in whole seconds."""
        key = (tenant, server.name, server.version)
        with self._lock:
            seen = self._seen.setdefault(key, datetime.now(UTC).replace(microsecond=0))
            if len(self._seen) > _MAX_REMEMBERED:
                self._seen.popitem(last=False)
            return seen


def registered_servers(shed: CallerShed) -> list[RegisteredServer]:
    """The servers of the tools that a caller may find, by name."""
    tools = [tool for tool in shed.definitions() if (tool.binding or {}).get("kind") == "mcp"]
    tools.sort(key=lambda tool: (tool.source, tool.tool_id))
    is_trusted = shed.caller.sees_locations
    servers = [
        _server(source, list(own), is_trusted=is_trusted)
        for source, own in groupby(tools, key=lambda tool: tool.source)
    ]
    return sorted(servers, key=lambda server: server.name)


def _name(source: str) -> str:
    """The name of a source's server; sources whose names are cleaned alike still have two."""
    cleaned = re.sub(r"[^A-Za-z0-9._-]+", "-", source).strip("-") or "server"
    if cleaned != source:
        cleaned += f"-{hashlib.sha256(source.encode()).hexdigest()[:8]}"
    return f"{_NAMESPACE}/{cleaned}"


def _server(source: str, tools: Sequence[ToolDefinition], *, is_trusted: bool) -> RegisteredServer:
    first = tools[0]
    said = " ".join(first.service_description.split()) or f"{len(tools):,} tools of {source}."
    named = RegisteredServer(
        name=_name(source),
        title=first.service or source,
        description=said if len(said) <= _MAX_DESCRIPTION else f"{said[: _MAX_DESCRIPTION - 1]}…",
        version=f"0.0.0-{_digest(tools)}",
    )
    config = _config(first.location)
    return named if config is None else _reached(named, config, is_trusted=is_trusted)


def _config(location: str) -> ServerConfig | None:
    try:
        return server_at(location) if location else None
    except SourceError:
        # A file that is gone, a variable that is not set here: there is still the server.
        return None


def _reached(server: RegisteredServer, config: ServerConfig, *, is_trusted: bool) -> RegisteredServer:
    if config.transport == "stdio":
        registry, package = _package(config)
        return replace(server, package_registry=registry, package=package)
    parts = urlsplit(config.url)
    # Keys stand in names and queries of addresses; whatever is secret is not told at all.
    if parts.username or parts.password or config.masked(config.url) != config.url:
        return server
    if not is_trusted and has_secret_path(config.url):
        return server
    url = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    return replace(server, url=url, transport="sse" if config.transport == "sse" else "streamable-http")


def _package(config: ServerConfig) -> tuple[str, str]:
    """Where a program comes from, if a runner of packages starts it; its arguments are nobody's business."""
    runner = config.command[0].rsplit("/", 1)[-1].removesuffix(".cmd")
    words = [word for word in config.command[1:] if not word.startswith("-") and word != "run"]
    package = words[0] if words else ""
    is_plain = _PACKAGE.fullmatch(package) is not None and config.masked(package) == package
    return (_RUNNERS[runner], package) if runner in _RUNNERS and is_plain else ("", "")


def _digest(tools: Iterable[ToolDefinition]) -> str:
    return hashlib.sha256("".join(tool.content_hash for tool in tools).encode()).hexdigest()[:12]

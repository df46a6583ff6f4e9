"""Sources of tools: files, URLs, MCP servers, Python objects; one call reads any of them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import yaml

from toolshed.catalog.definitions import Catalog, InvalidEntry, collect, define_tool, source_name
from toolshed.catalog.json_shapes import parse_tool, parse_tools
from toolshed.catalog.langchain_tools import is_langchain_tool, langchain_tool
from toolshed.catalog.mcp_servers import read_mcp_server
from toolshed.catalog.openapi import is_openapi, parse_openapi
from toolshed.catalog.python_functions import function_tool
from toolshed.errors import ConfigurationError, InvalidToolError, SourceError
from toolshed.types import ToolDefinition

_MAX_BYTES = 256 * 2**20
_URL_TIMEOUT_SECONDS = 30.0
_MAX_REDIRECTS = 5


class LangChainTool(Protocol):
    """The part of LangChain's ``BaseTool`` that is read."""

    name: str
    description: str


Source = str | Path | ToolDefinition | Callable[..., Any] | LangChainTool


def read_source(source: str | Path, *, name: str | None = None) -> Catalog:
    """Read the tools of a file, a URL or an MCP server.

    Args:
        source: A path to ``.json``, ``.jsonl``, ``.yaml``; ``http(s)://...`` of such a document;
            ``mcp+stdio:COMMAND`` or ``mcp+http://...``; each may be written ``NAME=SOURCE``.
        name: Name of the source, first half of its tools' ids; found out when not given.

    Raises:
        SourceError: If it cannot be read or is no catalog.
    """
    named = split_name(str(source))
    name, text = name or named.name, named.location
    if text.startswith(("mcp+", "mcp:")):
        return read_mcp_server(text, source=name)
    if text.startswith(("http://", "https://")):
        return _parse(*_download(text), name=name)
    return _read_file(Path(text), name)


@dataclass(frozen=True, slots=True)
class NamedSource:
    """Where a source is, and the name it was given."""

    location: str
    name: str | None


def split_name(source: str) -> NamedSource:
    """Split ``NAME=SOURCE``; a file whose name holds an equals sign stays a file."""
    name, separator, location = source.partition("=")
    if separator and name.isidentifier() and not _exists(source):
        return NamedSource(location, name)
    return NamedSource(source, None)


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def read_objects(objects: Sequence[Any]) -> list[Catalog]:
    """Read functions, LangChain tools, definitions and dictionaries; one catalog per source."""
    by_source: dict[str, list[tuple[str, Callable[[], ToolDefinition]]]] = {}
    failed: list[InvalidEntry] = []
    for position, value in enumerate(objects, start=1):
        label = f"number {position}"
        try:
            tool = read_object(value)
        except InvalidToolError as error:
            failed.append(InvalidEntry(label, str(error)))
            continue
        by_source.setdefault(tool.source, []).append((label, lambda tool=tool: tool))  # type: ignore[misc]
    catalogs = [collect(source, entries) for source, entries in by_source.items()]
    return [*catalogs, Catalog("arguments", (), tuple(failed))] if failed else catalogs


def read_sources(sources: Sequence[Source]) -> list[Catalog]:
    """Read sources of any kind: what has a place one by one, Python objects together.

    Raises:
        ConfigurationError: If there are none.
        SourceError: If one cannot be read.
    """
    if not sources:
        raise ConfigurationError("give at least one source of tools")
    locations = [source for source in sources if isinstance(source, str | Path)]
    objects = [source for source in sources if not isinstance(source, str | Path)]
    return [*map(read_source, locations), *read_objects(objects)]


def read_object(value: Any) -> ToolDefinition:
    """Describe one Python object as a tool.

    Raises:
        InvalidToolError: If it is nothing we can describe.
    """
    if isinstance(value, ToolDefinition):
        return _checked(value)
    if isinstance(value, dict):
        return parse_tool(value, source="python")
    if is_langchain_tool(value):
        return langchain_tool(value)
    if callable(value):
        return function_tool(value)
    raise InvalidToolError(
        f"{type(value).__name__} is no source of tools; give a path, a URL, a function, a LangChain tool, "
        "a dictionary or a ToolDefinition"
    )


def _checked(tool: ToolDefinition) -> ToolDefinition:
    return define_tool(
        tool.name,
        tool.description,
        dict(tool.parameters),
        source=source_name(tool.source),
        tags=tool.tags,
        output_schema=tool.output_schema,
        annotations=tool.annotations,
        key=tool.key,
    )


def _read_file(path: Path, name: str | None) -> Catalog:
    try:
        if path.is_file() and path.stat().st_size > _MAX_BYTES:
            raise SourceError(f"{str(path)!r} is larger than {_MAX_BYTES // 2**20} MB; split it")
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{str(path)!r} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise SourceError(f"{str(path)[:80]!r} is not a path: {error}") from error
    return _parse(content, str(path), name=name)


def _download(url: str) -> tuple[bytes, str]:
    content = bytearray()
    try:
        with (
            httpx.Client(
                follow_redirects=True, max_redirects=_MAX_REDIRECTS, timeout=_URL_TIMEOUT_SECONDS
            ) as client,
            client.stream("GET", url) as response,
        ):
            response.raise_for_status()
            if "html" in response.headers.get("content-type", ""):
                raise SourceError(
                    f"{url!r} answers a web page, not JSON or YAML; give the document's own URL"
                )
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > _MAX_BYTES:
                    raise SourceError(f"{url!r} sends more than {_MAX_BYTES // 2**20} MB")
    except httpx.HTTPStatusError as error:
        raise SourceError(f"{url!r} answered with status {error.response.status_code}") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceError(f"{url!r} cannot be fetched: {error or type(error).__name__}") from error
    return bytes(content), url


def _parse(content: bytes, location: str, *, name: str | None) -> Catalog:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{location!r} is not UTF-8 text: {error.reason} at byte {error.start}") from error
    stem = source_name(Path(location.split("?")[0]).stem)
    if location.endswith((".jsonl", ".ndjson")):
        return _parse_lines(text, location, name or stem)
    document = _parse_document(text, location)
    if is_openapi(document):
        return parse_openapi(document, source=name)
    try:
        return parse_tools(document, source=name or stem)
    except SourceError as error:
        raise SourceError(f"{location!r}: {error}") from error


def _parse_document(text: str, location: str) -> Any:
    if not text.strip():
        raise SourceError(f"{location!r} is empty; a catalog lists at least one tool")
    try:
        return json.loads(text)
    except RecursionError as error:
        raise SourceError(f"{location!r} is nested too deeply to be a catalog") from error
    except ValueError as json_error:
        if location.split("?")[0].endswith(".json") or text.lstrip()[:1] in "{[<":
            raise SourceError(f"{location!r} is not JSON: {json_error}") from json_error
    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # a safe loader
    except (yaml.YAMLError, RecursionError) as error:
        raise SourceError(f"{location!r} is neither JSON nor YAML: {error}") from error


def _parse_lines(text: str, location: str, source: str) -> Catalog:
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        raise SourceError(f"{location!r} is empty; a catalog lists at least one tool")
    return collect(source, ((f"line {number}", _line_builder(line, source)) for number, line in lines))


def _line_builder(line: str, source: str) -> Callable[[], ToolDefinition]:
    def build() -> ToolDefinition:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InvalidToolError(f"not JSON: {error}") from error
        return parse_tool(entry, source=source)

    return build

"""Sources of tools: files, URLs, MCP servers, Python objects; one call reads any of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from toolshed.catalog.definitions import Catalog, collect, source_name
from toolshed.catalog.json_shapes import parse_tool, parse_tools
from toolshed.catalog.json_values import parse_json
from toolshed.catalog.locations import NamedSource, checked_source_name, location_of, split_name
from toolshed.catalog.mcp_servers import read_mcp_server
from toolshed.catalog.openapi import is_openapi, parse_openapi
from toolshed.catalog.python_objects import read_object, read_objects
from toolshed.catalog.urls import MAX_BYTES, download
from toolshed.catalog.yaml_values import parse_yaml
from toolshed.errors import ConfigurationError, InvalidToolError, SourceError
from toolshed.types import ToolDefinition

__all__ = ["Source", "read_object", "read_objects", "read_source", "read_sources"]

# Twice what the largest definition takes.
_MAX_LINE_BYTES = 8 * 2**20


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
    given = split_name(str(source))
    catalog = _read(given.location, checked_source_name(name) if name else given.name)
    return replace(catalog, location=catalog.location or location_of(given.location))


def _read(text: str, name: str | None) -> Catalog:
    if text.startswith(("mcp+", "mcp:")):
        return read_mcp_server(text, source=name)
    if text.startswith(("http://", "https://")):
        return _parse(BytesIO(download(text)), text, name=name)
    return _read_file(Path(text), name)


def read_sources(sources: Sequence[Source], *, name: str | None = None) -> list[Catalog]:
    """Read sources of any kind: what has a place one by one, Python objects together.

    A source that cannot be read costs itself: its catalog says why (:attr:`Catalog.failure`).

    Args:
        sources: The sources.
        name: What the one source shall be called; Python objects are one source then.

    Raises:
        ConfigurationError: If there are none, or several under one name.
        SourceError: If none of them can be read.
    """
    if not sources:
        raise ConfigurationError("give at least one source of tools")
    places = [source for source in sources if isinstance(source, str | Path)]
    objects = [source for source in sources if not isinstance(source, str | Path)]
    if name is not None and len(places) + bool(objects) > 1:
        raise ConfigurationError(f"the name {name!r} can be given to one source only; write NAME=SOURCE")
    catalogs = read_places([split_name(str(place)) for place in places], name=name)
    catalogs += read_objects(objects, name=name)
    check_any_was_read(catalogs)
    return catalogs


def read_places(places: Sequence[NamedSource], *, name: str | None = None) -> list[Catalog]:
    """Read files, URLs and servers; of one that cannot be read, its catalog says why."""
    return [_read_or_failure(place.location, name or place.name) for place in places]


def _read_or_failure(location: str, name: str | None) -> Catalog:
    try:
        return read_source(location, name=name)
    except SourceError as error:
        return Catalog(name or "", (), location=location_of(location), failure=str(error))


def check_any_was_read(catalogs: Sequence[Catalog]) -> None:
    """Refuse a run in which no source could be read.

    Raises:
        SourceError: With the reasons.
    """
    if all(catalog.failure for catalog in catalogs):
        raise SourceError("\n".join(catalog.failure for catalog in catalogs))


def _read_file(path: Path, name: str | None) -> Catalog:
    with _opened(path) as file:
        return _parse(file, str(path), name=name)


def _opened(path: Path) -> BinaryIO:
    try:
        # A pipe or a device may never begin, and never end.
        if path.exists() and not path.is_file():
            raise SourceError(f"{str(path)!r} cannot be read: it is no regular file")
        if path.stat().st_size > MAX_BYTES:
            raise SourceError(f"{str(path)!r} is larger than {MAX_BYTES // 2**20} MB; split it")
        return path.open("rb")
    except OSError as error:
        raise SourceError(f"{str(path)!r} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise SourceError(f"{str(path)[:80]!r} is not a path: {error}") from error


def _parse(file: BinaryIO, location: str, *, name: str | None) -> Catalog:
    stem = source_name(Path(location.split("?")[0]).stem)
    if location.split("?")[0].endswith((".jsonl", ".ndjson")):
        return _parse_lines(file, location, name or stem)
    document = _parse_document(file.read(), location)
    if is_openapi(document):
        return parse_openapi(document, source=name, location=location)
    try:
        return parse_tools(document, source=name or stem)
    except SourceError as error:
        raise SourceError(f"{location!r}: {error}") from error


def _parse_document(content: bytes, location: str) -> Any:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{location!r} is not UTF-8 text: {error.reason} at byte {error.start}") from error
    if not text.strip():
        raise SourceError(f"{location!r} is empty; a catalog lists at least one tool")
    # What begins like JSON was meant as such, and its error says more than that of YAML.
    is_json = location.split("?")[0].endswith(".json") or text.lstrip()[:1] in "{[<"
    try:
        return parse_json(text) if is_json else parse_yaml(text)
    except ValueError as error:
        kind = "not JSON" if is_json else "neither JSON nor YAML"
        raise SourceError(f"{location!r} is {kind} that can be read: {error}") from error


def _parse_lines(file: BinaryIO, location: str, source: str) -> Catalog:
    catalog = collect(source, ((f"line {n}", _line_builder(line, source)) for n, line in _lines(file)))
    if not (catalog.tools or catalog.invalid):
        raise SourceError(f"{location!r} is empty; a catalog lists at least one tool")
    return catalog


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines that say something, with their numbers; the excess of an endless one is dropped."""
    number = 0
    while line := file.readline(_MAX_LINE_BYTES + 1):
        number += 1
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(_MAX_LINE_BYTES)
        if line.strip():
            yield number, line


def _line_builder(line: bytes, source: str) -> Callable[[], ToolDefinition]:
    def build() -> ToolDefinition:
        if len(line) > _MAX_LINE_BYTES:
            raise InvalidToolError(f"longer than {_MAX_LINE_BYTES // 2**20} MB, which no tool is")
        try:
            entry = parse_json(line.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise InvalidToolError(f"not UTF-8 text: {error.reason} at byte {error.start}") from error
        except ValueError as error:
            raise InvalidToolError(f"not JSON: {error}") from error
        return parse_tool(entry, source=source)

    return build

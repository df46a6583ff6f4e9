"""Sources of tools: files, URLs, MCP servers, Python objects; one call reads any of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from toolshed.catalog.definitions import Catalog, collect, source_name
from toolshed.catalog.json_shapes import parse_tool, parse_tools
from toolshed.catalog.json_values import parse_json
from toolshed.catalog.locations import NamedSource, checked_source_name, exists, location_of, split_name
from toolshed.catalog.mcp_clients import UNAUTHORIZED
from toolshed.catalog.mcp_files import enabled_servers, is_server_file
from toolshed.catalog.mcp_registry import RegistryListing, is_registry, read_registry, told_together
from toolshed.catalog.mcp_servers import read_mcp_server, read_mcp_servers
from toolshed.catalog.openapi import is_openapi, parse_openapi
from toolshed.catalog.python_objects import read_object, read_objects
from toolshed.catalog.reach import LOCAL, Reach, check_file
from toolshed.catalog.skills import is_skill_file, read_skill, read_skills
from toolshed.catalog.urls import MAX_BYTES, download
from toolshed.catalog.yaml_values import parse_yaml
from toolshed.errors import ConfigurationError, InvalidToolError, SourceError
from toolshed.types import ToolDefinition

__all__ = ["Source", "check_files", "read_object", "read_objects", "read_source", "read_sources"]

# Twice what the largest definition takes.
_MAX_LINE_BYTES = 8 * 2**20


class NamedTool(Protocol):
    """The part that tools of all agent frameworks have; what else they have is looked at."""

    @property
    def name(self) -> str:
        """What it is called."""


# A place; or tools at hand: one, a list or toolkit of them, a dictionary of either. Any: of every framework.
Source = str | Path | ToolDefinition | Callable[..., Any] | NamedTool | Mapping[str, Any] | Iterable[Any]


def read_source(source: str | Path, *, name: str | None = None, reach: Reach = LOCAL) -> Catalog:
    """Read the tools of a file, a URL or an MCP server.

    Args:
        source: A path to ``.json``, ``.jsonl``, ``.yaml`` or a folder of skills; ``http(s)://...`` of such a
            document; ``mcp+stdio:COMMAND``, ``mcp+http://...`` or ``mcp.json#SERVER``; each may be written
            ``NAME=SOURCE``.
        name: Name of the source, first half of its tools' ids; found out when not given.
        reach: What whoever named it may reach.

    Raises:
        ForbiddenSourceError: If he may not reach it.
        SourceError: If it cannot be read or is no catalog.
    """
    given = split_name(str(source))
    named = NamedSource(given.location, checked_source_name(name) if name else given.name)
    servers = servers_of(named, reach)
    if servers is not None and len(servers) > 1:
        names = ", ".join(server.location.rpartition("#")[2] for server in servers[:20])
        raise SourceError(
            f"{given.location!r} names {len(servers)} MCP servers, which are a source each: {names}; "
            f"write {given.location}#NAME for one, or read all with read_sources"
        )
    if servers:
        return read_mcp_server(servers[0].location, source=servers[0].name, reach=reach)
    catalog = _read(named.location, named.name, reach)
    return replace(catalog, location=catalog.location or location_of(given.location))


def servers_of(place: NamedSource, reach: Reach = LOCAL) -> list[NamedSource] | None:
    """The MCP servers at a place: one at an address, those that an ``mcp.json`` names; None elsewhere.

    Raises:
        ForbiddenSourceError: If it is a file that whoever named it may not read.
        SourceError: If a file that is to name servers cannot be read, or names none.
    """
    text = place.location
    if text.startswith(("mcp+", "mcp:")):
        return [place]
    if is_registry(text):
        raise SourceError(f"{text!r} is a registry of many servers; read it with read_sources")
    if text.startswith(("http://", "https://")):
        return None
    check_file(text, location_of(text), reach)
    path, mark, _ = text.partition("#")
    if mark and not exists(text) and is_server_file(Path(path)):
        return [NamedSource(location_of(text), place.name)]
    if not is_server_file(Path(text)):
        return None
    servers = enabled_servers(Path(text))
    if place.name and len(servers) == 1:
        return [NamedSource(f"{location_of(text)}#{servers[0]}", place.name)]
    prefix = f"{place.name}-" if place.name else ""
    return [NamedSource(f"{location_of(text)}#{name}", source_name(f"{prefix}{name}")) for name in servers]


def check_files(given: Sequence[object], reach: Reach) -> None:
    """Refuse paths of the machine, among what was given, to whoever is not at it.

    Raises:
        ForbiddenSourceError: If he may not reach one of them.
    """
    for one in given:
        if isinstance(one, str | Path):
            check_file(str(one), location_of(str(one)), reach)


def parse_document(content: bytes, location: str, *, name: str | None = None) -> Catalog:
    """Read the tools of a document that was read before.

    Args:
        content: The document.
        location: Where it was; its ending tells JSON Lines and skills from the other forms.
        name: Name of the source, first half of its tools' ids; found out when not given.

    Raises:
        SourceError: If it is no catalog.
    """
    return _parse(BytesIO(content), location, name=name)


def _read(text: str, name: str | None, reach: Reach) -> Catalog:
    if not text.strip():
        raise SourceError("the source is empty; give a path, a URL or an MCP server, or NAME=SOURCE")
    if text.startswith(("http://", "https://")):
        return _parse(BytesIO(download(text, reach=reach)), location_of(text), name=name)
    return _read_file(Path(text), name)


def read_sources(
    sources: Sequence[Source],
    *,
    name: str | None = None,
    timeout_seconds: float | None = None,
    reach: Reach = LOCAL,
) -> list[Catalog]:
    """Read sources of any kind: what has a place one by one, Python objects together.

    A source that cannot be read costs itself: its catalog says why (:attr:`Catalog.failure`).

    Args:
        sources: The sources.
        name: What the one source shall be called; Python objects are one source then.
        timeout_seconds: Longest wait for each MCP server; what its file says, or 30, when not given.
        reach: What whoever named them may reach.

    Raises:
        ConfigurationError: If there are none, or several under one name.
        SourceError: If none of them can be read.
    """
    if not sources:
        raise ConfigurationError("give at least one source of tools")
    # Paths may stand in a list, as everything else may.
    listed = [one for source in sources for one in (source if isinstance(source, list | tuple) else [source])]
    places = [source for source in listed if isinstance(source, str | Path)]
    objects = [source for source in listed if not isinstance(source, str | Path)]
    if name is not None and len(places) + bool(objects) > 1:
        raise ConfigurationError(f"the name {name!r} can be given to one source only; write NAME=SOURCE")
    named = [split_name(str(place)) for place in places]
    catalogs = read_places(named, name=name, timeout_seconds=timeout_seconds, reach=reach)
    catalogs += read_objects(objects, name=name)
    check_any_was_read(catalogs)
    return catalogs


def read_places(
    places: Sequence[NamedSource],
    *,
    name: str | None = None,
    timeout_seconds: float | None = None,
    reach: Reach = LOCAL,
) -> list[Catalog]:
    """Read files, URLs and servers; of one that cannot be read, its catalog says why.

    Args:
        places: Where they are. An ``mcp.json`` gives a catalog for each of its servers, a registry
            (``registry+https://HOST``) for each that can be read.
        name: What the one source shall be called.
        timeout_seconds: Longest wait for each MCP server; what its file says, or 30, when not given.
        reach: What whoever named them may reach; what is beyond fails.
    """
    catalogs: list[list[Catalog]] = []
    servers: list[tuple[int, NamedSource]] = []
    for position, place in enumerate(places):
        named = NamedSource(place.location, name or place.name)
        try:
            if is_registry(named.location):
                listing = read_registry(named.location, reach)
                found: Sequence[NamedSource] | None = listing.servers
                catalogs.append([_of_registry(named, listing)])
            else:
                found = servers_of(named, reach)
                catalogs.append([] if found is not None else [_read_or_failure(named, reach)])
        except SourceError as error:
            catalogs.append([_failed(named, error)])
            continue
        servers += [(position, server) for server in found or ()]
    if servers:
        # Side by side: all take as long as the slowest of them.
        read = read_mcp_servers(
            [server for _, server in servers], timeout_seconds=timeout_seconds, reach=reach
        )
        for (position, _), catalog in zip(servers, read, strict=True):
            catalogs[position].append(catalog)
    for position, place in enumerate(places):
        if is_registry(place.location) and len(catalogs[position]) > 1:
            catalogs[position] = _without_closed(*catalogs[position])
    return [catalog for of_place in catalogs for catalog in of_place]


def _of_registry(place: NamedSource, listing: RegistryListing) -> Catalog:
    """What is to be said of a registry; its servers are sources of their own."""
    name = place.name or source_name(place.location.partition("://")[2])
    return Catalog(name, (), location=location_of(place.location), warnings=listing.left_out)


def _without_closed(registry: Catalog, *servers: Catalog) -> list[Catalog]:
    """Servers of a registry that turn out to want credentials have not failed: nobody gave any."""
    closed = [server.source for server in servers if UNAUTHORIZED in server.failure]
    if closed:
        told = told_together("want credentials; name them in an mcp.json", closed)
        registry = replace(registry, warnings=(*registry.warnings, told))
    return [registry, *(server for server in servers if UNAUTHORIZED not in server.failure)]


def _read_or_failure(place: NamedSource, reach: Reach) -> Catalog:
    try:
        return read_source(place.location, name=place.name, reach=reach)
    except SourceError as error:
        return _failed(place, error)


def _failed(place: NamedSource, error: SourceError) -> Catalog:
    return Catalog(place.name or "", (), location=location_of(place.location), failure=str(error))


def check_any_was_read(catalogs: Sequence[Catalog]) -> None:
    """Refuse a run in which no source could be read.

    Raises:
        SourceError: With the reasons.
    """
    if catalogs and all(catalog.failure for catalog in catalogs):
        raise SourceError("\n".join(catalog.failure for catalog in catalogs))


def _read_file(path: Path, name: str | None) -> Catalog:
    if is_skill_file(path) or _is_folder(path):
        return read_skills(path, source=name)
    with _opened(path) as file:
        return _parse(file, str(path), name=name)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


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
    content = file.read()
    if is_skill_file(Path(location.split("?")[0])):
        return read_skill(content, location, source=name)
    document = _parse_document(content, location)
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

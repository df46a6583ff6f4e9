"""Whose name a source has: tools from one place never take the place of tools from another unasked."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from toolshed.catalog.definitions import Catalog
from toolshed.errors import ConfigurationError, SourceConflictError
from toolshed.knowledge_base.tools import StoredTool
from toolshed.types import IndexedSource

_WAYS_OUT = (
    "Give this one a name of its own (NAME=SOURCE; for a single source --as NAME, source_name=NAME)"
    " or, if it is the same source and moved, take the name over (--replace, replace=True)"
)


def renamed(catalogs: Sequence[Catalog], name: str | None) -> list[Catalog]:
    """The catalogs, the only one of them under a name if there is one to give.

    Raises:
        ConfigurationError: If there are several to name.
    """
    if name is None:
        return list(catalogs)
    if len(catalogs) > 1:
        sources = ", ".join(catalog.source or catalog.location for catalog in catalogs)
        raise ConfigurationError(
            f"the name {name!r} can be given to one source only, and here are {sources}; write NAME=SOURCE"
        )
    return [catalog.named(name) for catalog in catalogs]


def distinct(catalogs: Sequence[Catalog]) -> tuple[list[Catalog], list[str]]:
    """The catalogs without those that were given twice, and what to say of these.

    Raises:
        SourceConflictError: If two from different places have one name.
    """
    by_name: dict[str, Catalog] = {}
    kept: list[Catalog] = []
    given_twice: list[str] = []
    for catalog in catalogs:
        first = by_name.get(catalog.source)
        if first is None or not catalog.tools:
            kept.append(catalog)
            by_name |= {catalog.source: catalog} if catalog.tools else {}
        elif catalog.location and first.location == catalog.location and _lists_all_of(first, catalog):
            given_twice.append(f"{catalog.location!r} was given twice, and read once")
        else:
            raise SourceConflictError(
                f"two sources are called {catalog.source!r} ({_place(first.location)} and "
                f"{_place(catalog.location)}), so their tools could not be told apart; name one of them: "
                "NAME=SOURCE"
            )
    return kept, given_twice


def _lists_all_of(first: Catalog, second: Catalog) -> bool:
    return {tool.tool_id for tool in second.tools} <= {tool.tool_id for tool in first.tools}


def check_origins(catalogs: Sequence[Catalog], stored: Iterable[StoredTool], *, remove_missing: bool) -> None:
    """Refuse catalogs whose names belong to tools from elsewhere.

    Tools that were stored before locations were recorded are adopted where nothing of them is lost.

    Raises:
        SourceConflictError: If there are any.
    """
    by_source = _by_source(stored)
    for catalog in catalogs:
        there = by_source.get(catalog.source, ())
        elsewhere = sorted({tool.location for tool in there} - {"", catalog.location})
        if elsewhere:
            raise SourceConflictError(
                f"the source {catalog.source!r} was indexed from {_place(elsewhere[0])}, and this is "
                f"{_place(catalog.location)}; nothing was changed, since the {len(there):,} tools of the "
                f"other could be lost. {_WAYS_OUT}"
            )
        if _would_lose(catalog, [tool for tool in there if not tool.location], remove_missing):
            raise SourceConflictError(
                f"the tools of {catalog.source!r} were stored by a release that did not record where they "
                f"came from, and {_place(catalog.location)} does not list all of them; nothing was changed. "
                f"{_WAYS_OUT}"
            )


def _would_lose(catalog: Catalog, unrecorded: Sequence[StoredTool], remove_missing: bool) -> bool:
    if not unrecorded or not catalog.location:
        return False
    wanted = {tool.tool_id for tool in catalog.tools}
    n_listed = sum(tool.tool_id in wanted for tool in unrecorded)
    if n_listed == len(unrecorded):
        return False
    # A module is its own location: its functions are often given a few at a time.
    return remove_missing or (n_listed > 0 and not catalog.location.startswith("python:"))


def _place(location: str) -> str:
    return repr(location) if location else "a catalog made in Python, without a location"


def moved(
    catalogs: Sequence[Catalog], stored: Iterable[StoredTool], gone: Collection[str]
) -> Mapping[str, str]:
    """The new location of every stored tool whose source is now read from elsewhere."""
    locations = {catalog.source: catalog.location for catalog in catalogs if catalog.location}
    return {
        tool.tool_id: locations[tool.source]
        for tool in stored
        if tool.source in locations and tool.location != locations[tool.source] and tool.tool_id not in gone
    }


def seconds(catalogs: Sequence[Catalog], stored: Iterable[StoredTool]) -> list[str]:
    """A word on each location that is indexed under another name as well."""
    names = {catalog.location: catalog.source for catalog in catalogs if _is_one_source(catalog)}
    others = sorted(
        {
            (tool.source, tool.location)
            for tool in stored
            if names.get(tool.location, tool.source) != tool.source
        }
    )
    return [
        f"{location!r} is indexed as {source!r} too; toolshed sources remove {source} takes that away"
        for source, location in others
    ]


def _is_one_source(catalog: Catalog) -> bool:
    return bool(catalog.location) and not catalog.location.startswith("python:")


def indexed_sources(stored: Iterable[StoredTool]) -> list[IndexedSource]:
    """The sources of stored tools, by name."""
    return [
        IndexedSource(source, sorted({tool.location for tool in tools} - {""}), len(tools))
        for source, tools in sorted(_by_source(stored).items())
    ]


def _by_source(stored: Iterable[StoredTool]) -> Mapping[str, Sequence[StoredTool]]:
    by_source: defaultdict[str, list[StoredTool]] = defaultdict(list)
    for tool in stored:
        by_source[tool.source].append(tool)
    return by_source

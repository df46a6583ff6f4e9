"""MCP registries: ``GET /v0.1/servers``, page by page, and which of their servers can be read as they are.

Servers at a URL that ask for no credentials are read. Packages are programs of strangers: none is started
because a registry names it; whoever wants one names it in an ``mcp.json``. The same goes for servers that
want a key.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx

from toolshed.catalog.addresses import address_that_follows
from toolshed.catalog.definitions import source_name
from toolshed.catalog.json_values import parse_json
from toolshed.catalog.locations import NamedSource
from toolshed.catalog.reach import LOCAL, Reach
from toolshed.catalog.urls import download
from toolshed.errors import SourceError
from toolshed.waiting import wait_for

SCHEMES = ("registry+https://", "registry+http://", "mcp-registry+https://", "mcp-registry+http://")
_OFFICIAL = "io.modelcontextprotocol.registry/official"
_PAGE, _MAX_PAGES, _MAX_BYTES, _PAGE_SECONDS = 100, 200, 128 * 2**20, 30.0
# Each is a host of its own to connect to.
_MAX_SERVERS = 300
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class RegistryListing:
    """What a registry names.

    Attributes:
        servers: Those that can be read, with the names of their sources.
        left_out: Why others are not read, for users.
    """

    servers: tuple[NamedSource, ...]
    left_out: tuple[str, ...]


def is_registry(location: str) -> bool:
    """Whether a location is that of a registry."""
    return location.startswith(SCHEMES)


def read_registry(location: str, reach: Reach = LOCAL) -> RegistryListing:
    """List the servers of a registry.

    Args:
        location: ``registry+https://HOST``, or ``registry+https://HOST?search=WORD`` for some of them.
        reach: What whoever named it may reach.

    Raises:
        SourceError: If it cannot be read, is no registry, or names more servers than can be read at once.
    """
    url = location.partition("+")[2]
    servers: dict[str, NamedSource] = {}
    reasons: dict[str, list[str]] = {}
    for entry in _entries(url, reach):
        name, address, reason = _judged(entry, url, reach)
        if address and name not in servers:
            servers[name] = NamedSource(address, source_name(name))
        elif reason:
            reasons.setdefault(reason, []).append(name)
        if len(servers) > _MAX_SERVERS:
            raise SourceError(
                f"{location!r} names more than {_MAX_SERVERS} servers that could be read; "
                "ask for some of them: ?search=WORD"
            )
    return RegistryListing(tuple(servers.values()), tuple(told_together(*item) for item in reasons.items()))


def told_together(reason: str, names: Sequence[str]) -> str:
    """One sentence for all servers that are left out for one reason."""
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else "")
    return f"{len(names):,} servers {reason}: {shown}"


def _entries(url: str, reach: Reach) -> Iterator[Mapping[str, Any]]:
    cursors: set[str] = set()
    cursor, n_bytes = "", 0
    for _ in range(_MAX_PAGES):
        page_url = _page_url(url, cursor)
        content = download(page_url, timeout_seconds=_PAGE_SECONDS, reach=reach)
        n_bytes += len(content)
        if n_bytes > _MAX_BYTES:
            raise SourceError(f"{url!r} sends more than {_MAX_BYTES // 2**20} MB; ask for less: ?search=WORD")
        page = _parsed(content, page_url)
        yield from (entry for entry in page["servers"] if isinstance(entry, dict))
        said = page.get("metadata")
        following = said.get("nextCursor") or said.get("next_cursor") if isinstance(said, dict) else None
        if not isinstance(following, str) or not following:
            return
        if following in cursors:
            raise SourceError(f"{url!r} lists the page {following[:80]!r} twice; its list is looping")
        cursors.add(following)
        cursor = following
    raise SourceError(f"{url!r} lists more than {_MAX_PAGES} pages of servers; ask for less: ?search=WORD")


def _page_url(url: str, cursor: str) -> str:
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    if not path.endswith("/servers"):
        path += "/v0.1/servers"
    asked = [
        parts.query,
        urlencode({"limit": _PAGE, "version": "latest"} | ({"cursor": cursor} if cursor else {})),
    ]
    return urlunsplit((parts.scheme, parts.netloc, path, "&".join(filter(None, asked)), ""))


def _parsed(content: bytes, url: str) -> Mapping[str, Any]:
    try:
        page = parse_json(content.decode("utf-8"))
    except ValueError as error:
        raise SourceError(f"{url!r} answers no JSON that can be read: {error}") from error
    if not isinstance(page, dict) or not isinstance(page.get("servers"), list):
        raise SourceError(f"{url!r} is no MCP registry; its answer has no list of 'servers'")
    return page


def _judged(entry: Mapping[str, Any], registry: str, reach: Reach) -> tuple[str, str, str]:
    """The name of a server, and its address, or why it is left out."""
    server = entry.get("server", entry)
    name = server.get("name") if isinstance(server, dict) else None
    if not isinstance(name, str) or not name:
        return "?", "", "have no name"
    status = _status(entry, server)
    if status == "deleted":
        return name, "", ""
    if status == "deprecated":
        return name, "", "are deprecated"
    listed = server.get("remotes")
    remotes = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    if not remotes:
        return name, "", "are programs to install, which is not done unasked; name them in an mcp.json"
    for remote in remotes:
        address = _open_address(remote)
        if address and _may_be_read(address, registry, reach):
            return name, address, ""
    return name, "", "want credentials, or are at no public address; name them in an mcp.json"


def _status(entry: Mapping[str, Any], server: Mapping[str, Any]) -> Any:
    meta = entry.get("_meta")
    official = meta.get(_OFFICIAL) if isinstance(meta, dict) else None
    return (official.get("status") if isinstance(official, dict) else None) or server.get("status")


def _open_address(remote: Mapping[str, Any]) -> str:
    """The address of a server that asks for nothing; empty for others."""
    url, kind = remote.get("url"), remote.get("type", remote.get("transport_type"))
    headers = remote.get("headers")
    wanted = [one for one in headers if isinstance(one, dict)] if isinstance(headers, list) else []
    if any(one.get("isRequired") or one.get("is_required") for one in wanted):
        return ""
    # Braces stand for what a user has to fill in.
    if not isinstance(url, str) or "{" in url or not url.startswith(("https://", "http://")):
        return ""
    return f"mcp+sse:{url}" if kind == "sse" else f"mcp+{url}"


def _may_be_read(address: str, registry: str, reach: Reach) -> bool:
    """Whether a server that a stranger names is public, or no more private than the registry."""
    url = address.removeprefix("mcp+").removeprefix("sse:")
    try:
        wait_for(_checked(httpx.URL(url), httpx.URL(registry), reach))
    except (SourceError, httpx.HTTPError, httpx.InvalidURL):
        return False
    return True


async def _checked(url: httpx.URL, named: httpx.URL, reach: Reach) -> None:
    await address_that_follows(url, named, reach)

"""What a source is called and where it is: one location however it is written, and no secret in it."""

import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx

from toolshed.catalog.mcp_configs import address_location, is_server_address
from toolshed.catalog.secrets import is_secret_argument
from toolshed.errors import ConfigurationError

MAX_SOURCE_NAME = 64
SOURCE_NAME = rf"\w[\w.-]{{0,{MAX_SOURCE_NAME - 1}}}"
_NAME = re.compile(SOURCE_NAME)
_SCHEMES = ("http://", "https://", "mcp+", "mcp:", "registry+", "mcp-registry+")
# Of a query, beside those whose names say secret anywhere.
_SECRET_FIELDS = frozenset({"auth", "code", "jwt", "key", "session", "sessionid"})
# Longer ones may be signatures and tokens, whatever they are called.
_MAX_QUERY_VALUE = 60


@dataclass(frozen=True, slots=True)
class NamedSource:
    """Where a source is, and the name it was given."""

    location: str
    name: str | None


def split_name(source: str) -> NamedSource:
    """Split ``NAME=SOURCE``; a file whose name holds an equals sign stays a file.

    Raises:
        ConfigurationError: If what stands before the equals sign is meant as a name and cannot be one.
    """
    name, separator, location = source.partition("=")
    if not separator or source.startswith(_SCHEMES) or exists(source):
        return NamedSource(_from_home(source), None)
    if _NAME.fullmatch(name):
        return NamedSource(_from_home(location), name)
    if location.startswith(_SCHEMES) or exists(location):
        checked_source_name(name)
    return NamedSource(source, None)


def _from_home(path: str) -> str:
    """A path with ``~/`` written out, which no shell does behind ``NAME=``."""
    return str(Path(path).expanduser()) if path.startswith("~/") and not exists(path) else path


def checked_source_name(name: str) -> str:
    """A name that a user gave to a source.

    Raises:
        ConfigurationError: If it cannot stand before the colon of a tool id.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name[:100]!r} cannot be the name of a source: it takes letters, digits, '_', '-' and '.', "
            f"begins with a letter, a digit or '_', and has at most {MAX_SOURCE_NAME} characters"
        )
    return name


def exists(path: str) -> bool:
    """Whether there is a file or folder of this name; what can be no path is none."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def location_of(source: str) -> str:
    """Where a source is, the same for every way to write it, and without credentials.

    An absolute path without links; a URL without user, fragment and what looks secret in its query; the
    address of an MCP server, with ``${VARIABLE}`` for its secrets.
    """
    if is_server_address(source):
        return address_location(source)
    if source.startswith(_SCHEMES):
        return _url(source)
    path, mark, part = source.partition("#")
    if mark and not exists(source) and exists(path):
        return f"{_path(path)}#{part}"
    return _path(source)


def _path(text: str) -> str:
    try:
        return str(Path(text).resolve())
    except (OSError, RuntimeError, ValueError):
        return text


def _url(text: str) -> str:
    prefix = text[: text.find("+") + 1] if not text.startswith("http") else ""
    try:
        url = httpx.URL(text.removeprefix(prefix))
    except httpx.InvalidURL:
        return re.sub(r"//[^/@]*@", "//", text.partition("?")[0])
    kept = [
        (name, value if len(value) <= _MAX_QUERY_VALUE else f"sha256-{_digest(value)}")
        for name, value in url.params.multi_items()
        if value.startswith("${") or not (name.lower() in _SECRET_FIELDS or is_secret_argument(name, value))
    ]
    plain = url.copy_with(userinfo=b"", fragment=None, query=None)
    # Spelt out: httpx escapes the braces of ${VARIABLE}.
    query = "&".join(f"{name}={value}" if value else name for name, value in kept)
    return f"{prefix}{plain}{'?' if query else ''}{query}".replace("%7B", "{").replace("%7D", "}")


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def located_module(name: str) -> str:
    """Where objects of a module are: ``python:MODULE``; of a script its file, since all are ``__main__``."""
    if name == "__main__":
        file = getattr(sys.modules.get(name), "__file__", None)
        return f"python:{_path(file)}" if isinstance(file, str) else "python:__main__"
    return f"python:{name}"


def origin_of(location: str) -> str:
    """The server at a location: protocol, host and port; of what is no address, the location itself."""
    address = location.removeprefix("mcp+sse:").removeprefix("mcp+")
    if not address.startswith(("http://", "https://")):
        return location
    try:
        # As it is read where it is called.
        url = httpx.URL(address)
    except httpx.InvalidURL:
        return location
    return f"{url.scheme}://{url.netloc.decode('ascii', 'replace').lower()}"

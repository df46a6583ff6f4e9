"""Files that name MCP servers: ``mcp.json``, ``claude_desktop_config.json``, and the form of VS Code.

Of each server are read: ``command`` and ``args`` (or a list as ``command``), ``env``, ``envFile``, ``cwd``,
and ``inheritEnv`` (false: the program sees what is named, and not its caller's variables); or ``url``,
``headers``, ``auth`` (a bearer token) and ``oauth`` (``{}`` for the browser; ``grantType``, ``clientId``,
``clientSecret``, ``issuer``, ``scopes``, ``callbackPort``); ``type``, where it is not plain; ``timeout`` in
seconds; ``disabled``. Everywhere, ``${VARIABLE}``, ``${VARIABLE:-default}``, ``${env:VARIABLE}`` and what
VS Code asks for, ``${input:ID}`` (the variable ``ID``), are filled in.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from dotenv import dotenv_values

from toolshed.catalog.json_values import RepeatedKeys, parse_json
from toolshed.catalog.mcp_configs import (
    DEFAULT_SECONDS,
    OAuthGrant,
    ServerConfig,
    Transport,
    checked_headers,
    checked_seconds,
    checked_url,
    inherited,
    parts_of_header,
    secrets_among,
    secrets_given,
    secrets_of,
    short_environment,
)
from toolshed.catalog.secrets import Variables
from toolshed.errors import SourceError
from toolshed.types import JsonObject

_MAX_BYTES, _MAX_SERVERS = 8 * 2**20, 500
_TRANSPORTS: Mapping[str, Transport] = {
    "stdio": "stdio",
    "local": "stdio",
    "http": "http",
    "remote": "http",
    "streamable-http": "http",
    "streamable_http": "http",
    "streamablehttp": "http",
    "sse": "sse",
}
# Other hosts write milliseconds; nobody waits a quarter of an hour and more for a list.
_FROM_HERE_MILLISECONDS = 1_000
_NAMES_SERVERS = re.compile(r'"(mcpServers|servers)"\s*:\s*\{')
_COMMENT_OR_STRING = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_COMMA_AT_THE_END = re.compile(r'"(?:\\.|[^"\\])*"|,(?=\s*[}\]])', re.DOTALL)


def server_entries(document: Any) -> Mapping[str, Any] | None:
    """The servers that a document names, by name; None where it is no configuration of servers.

    Known are ``mcpServers`` (Claude, Cursor and most others), ``servers`` (VS Code), and ``mcp.servers``
    (VS Code's settings). An OpenAPI document lists its servers, and is none.
    """
    if not isinstance(document, dict):
        return None
    settings = document.get("mcp")
    nested = settings.get("servers") if isinstance(settings, dict) else None
    for named, is_sure in (
        (document.get("mcpServers"), True),
        (document.get("servers"), False),
        (nested, False),
    ):
        if isinstance(named, dict) and (is_sure or any(map(_is_server, named.values()))):
            return named
    return None


def _is_server(entry: Any) -> bool:
    return isinstance(entry, dict) and any(key in entry for key in ("command", "url", "httpUrl", "serverUrl"))


def without_comments(text: str) -> str:
    """JSON as VS Code writes it, as JSON: without comments and without commas at the end of lists."""
    bare = _COMMENT_OR_STRING.sub(lambda found: found[0] if found[0][0] == '"' else " ", text)
    return _COMMA_AT_THE_END.sub(lambda found: found[0] if found[0][0] == '"' else "", bare)


def is_server_file(path: Path) -> bool:
    """Whether a file names MCP servers, by its shape; a broken one by its words."""
    try:
        if not path.is_file() or path.stat().st_size > _MAX_BYTES:
            return False
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError):
        return False
    if not _NAMES_SERVERS.search(text):
        return False
    try:
        return server_entries(parse_json(without_comments(text))) is not None
    except ValueError:
        return '"mcpServers"' in text


def enabled_servers(path: Path) -> list[str]:
    """The names of the servers of a file, in its order, without those it disables.

    Raises:
        SourceError: If the file cannot be read, or names none or too many.
    """
    _, entries = _read(path)
    names = [name for name, entry in entries.items() if not _is_disabled(entry)]
    if not names:
        raise SourceError(
            f"{str(path)!r} names no MCP server that is enabled; expected 'mcpServers': {{NAME: ...}}"
        )
    return names


def configured_server(location: str, *, environment: Mapping[str, str] | None = None) -> ServerConfig:
    """How the server at ``PATH#NAME`` is reached; see :func:`~toolshed.catalog.mcp_configs.server_at`.

    Raises:
        SourceError: If the file or the server is not there, or what is said of it is wrong.
    """
    path, name = _split(location)
    document, entries = _read(path)
    if name not in entries:
        known = ", ".join(map(repr, list(entries)[:20]))
        raise SourceError(f"{str(path)!r} names no server {name!r}; it names {known or 'none'}")
    where = f"the server {name!r} of {str(path)!r}"
    if not isinstance(entries[name], dict) or isinstance(entries[name], RepeatedKeys):
        raise SourceError(
            f"{where} is not described by one object; expected {{'command': ...}} or {{'url': ...}}"
        )
    return _Entry(path, name, entries[name], where, _variables(document, path, where, environment)).config()


def _split(location: str) -> tuple[Path, str]:
    """File and name; either may hold a ``#`` too."""
    marks = [found.start() for found in re.finditer("#", location)]
    at = next((mark for mark in marks if Path(location[:mark]).is_file()), marks[0])
    return Path(location[:at]).absolute(), location[at + 1 :]


def _read(path: Path) -> tuple[JsonObject, Mapping[str, Any]]:
    try:
        if path.exists() and not path.is_file():
            raise SourceError(f"{str(path)!r} cannot be read: it is no regular file")
        if path.stat().st_size > _MAX_BYTES:
            raise SourceError(f"{str(path)!r} is larger than {_MAX_BYTES // 2**20} MB, which no mcp.json is")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SourceError(f"{str(path)!r} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{str(path)!r} is not UTF-8 text: {error.reason} at byte {error.start}") from error
    try:
        document = parse_json(without_comments(text))
    except ValueError as error:
        raise SourceError(f"{str(path)!r} is not JSON that can be read: {error}") from error
    entries = server_entries(document)
    if entries is None:
        raise SourceError(f"{str(path)!r} names no MCP servers; expected 'mcpServers': {{NAME: ...}}")
    if isinstance(entries, RepeatedKeys):
        raise SourceError(f"{str(path)!r} {entries}")
    if len(entries) > _MAX_SERVERS:
        raise SourceError(f"{str(path)!r} names {len(entries):,} servers; at most {_MAX_SERVERS} are read")
    return document, entries


def _is_disabled(entry: Any) -> bool:
    return isinstance(entry, dict) and (entry.get("disabled") is True or entry.get("enabled") is False)


def _variables(
    document: JsonObject, path: Path, where: str, environment: Mapping[str, str] | None
) -> Variables:
    asked = document.get("inputs")
    inputs = {
        one["id"]: one
        for one in (asked if isinstance(asked, list) else ())
        if isinstance(one, dict) and isinstance(one.get("id"), str)
    }
    folder = path.parent.parent if path.parent.name == ".vscode" else path.parent
    return Variables(where, environment, inputs=inputs, folder=folder)


class _Entry:
    """One server of a file, read with its variables filled in."""

    def __init__(self, path: Path, name: str, entry: JsonObject, where: str, variables: Variables) -> None:
        self._path, self._name, self._entry, self._where = path, name, entry, where
        self._variables = variables

    def config(self) -> ServerConfig:
        transport = self._transport()
        location = f"{self._path}#{self._name}"
        if transport == "stdio":
            return self._program(location)
        return self._remote(location, transport)

    def _transport(self) -> Transport:
        said = self._text("type") or self._text("transport") or self._text("transportType")
        if said:
            if said.lower() not in _TRANSPORTS:
                raise SourceError(f"{self._where} is of type {said[:80]!r}; expected stdio, http or sse")
            return _TRANSPORTS[said.lower()]
        if "command" in self._entry:
            return "stdio"
        url = self._url()
        if not url:
            raise SourceError(f"{self._where} has neither 'command' nor 'url'")
        return "sse" if url.partition("?")[0].rstrip("/").endswith("/sse") else "http"

    def _program(self, location: str) -> ServerConfig:
        said = self._entry.get("command")
        # opencode writes one list of program and arguments.
        words = said if isinstance(said, list) else [said, *self._list("args")]
        if not words or not all(isinstance(word, str) for word in words) or not words[0]:
            raise SourceError(f"{self._where}: 'command' must be a text, and 'args' a list of texts")
        named = self._named_variables()
        given = self._variables.environment
        own = short_environment(given) if self._entry.get("inheritEnv") is False else inherited(given)
        command = tuple(map(self._variables.expand, words))
        return ServerConfig(
            location,
            "stdio",
            name=self._name,
            command=command,
            environment={**own, **named},
            folder=self._folder(),
            timeout_seconds=self._seconds(),
            secrets=frozenset(
                self._variables.secrets | secrets_given(named) | secrets_of(own) | secrets_among(command)
            ),
        )

    def _named_variables(self) -> dict[str, str]:
        file = self._text("envFile")
        named: dict[str, str] = {}
        if file:
            path = self._path.parent / self._variables.expand(file)
            if not path.is_file():
                raise SourceError(f"{self._where}: the file of variables {str(path)!r} is not there")
            read = dotenv_values(path, interpolate=False)
            named = {name: value for name, value in read.items() if value is not None}
        # VS Code has null for a variable that is to be taken away.
        said = {**self._mapping("environment"), **self._mapping("env")}
        return named | {name: self._scalar(name, value) for name, value in said.items() if value is not None}

    def _folder(self) -> str | None:
        said = self._text("cwd")
        if not said:
            return None
        folder = self._path.parent / Path(self._variables.expand(said)).expanduser()
        if not folder.is_dir():
            raise SourceError(f"{self._where}: the folder {str(folder)!r} of 'cwd' is not there")
        return str(folder)

    def _url(self) -> str:
        return self._text("httpUrl") or self._text("url") or self._text("serverUrl")

    def _remote(self, location: str, transport: Literal["http", "sse"]) -> ServerConfig:
        headers = {name: self._scalar(name, value) for name, value in self._mapping("headers").items()}
        oauth = self._oauth(headers)
        hidden = {part for value in headers.values() for part in parts_of_header(value)}
        if oauth and oauth.client_secret:
            hidden.add(oauth.client_secret)
        return ServerConfig(
            location,
            transport,
            name=self._name,
            url=checked_url(self._variables.expand(self._url()), self._where),
            headers=checked_headers(headers, self._where),
            oauth=oauth,
            timeout_seconds=self._seconds(),
            secrets=frozenset(self._variables.secrets | hidden),
        )

    def _oauth(self, headers: dict[str, str]) -> OAuthGrant | None:
        """``"oauth": {...}``, ``"auth": "oauth"``, ``"auth": {"CLIENT_ID": ...}`` or a bearer token."""
        said = self._entry.get("oauth", self._entry.get("auth"))
        if said in (None, False, ""):
            return None
        if isinstance(said, str) and said != "oauth":
            headers.setdefault("Authorization", f"Bearer {self._variables.expand(said)}")
            return None
        if said is True or isinstance(said, str):
            said = {}
        if not isinstance(said, dict):
            raise SourceError(f"{self._where}: 'oauth' must be an object; {{}} signs in with the browser")
        known = {re.sub(r"[_-]", "", key).lower(): value for key, value in said.items()}
        kind = known.get("granttype", "authorization_code")
        if kind not in ("authorization_code", "client_credentials"):
            raise SourceError(
                f"{self._where}: the grant type {str(kind)[:80]!r} is unknown; expected authorization_code "
                "or client_credentials"
            )
        scopes = known.get("scopes", known.get("scope")) or ""
        port = known.get("callbackport", known.get("redirectport", 0))
        grant = OAuthGrant(
            kind,
            client_id=self._scalar("clientId", known.get("clientid", "")),
            client_secret=self._scalar("clientSecret", known.get("clientsecret", "")),
            scopes=" ".join(map(str, scopes)) if isinstance(scopes, list) else str(scopes),
            callback_port=port if isinstance(port, int) and 0 <= port < 65_536 else 0,
            client_metadata_url=self._scalar("clientMetadataUrl", known.get("clientmetadataurl", "")),
            issuer=self._scalar("issuer", known.get("issuer", "")),
        )
        wanted = (grant.client_id, grant.client_secret, grant.issuer)
        if kind == "client_credentials" and not all(wanted):
            # Without the issuer, a server could have the secret sent wherever it likes.
            raise SourceError(
                f"{self._where}: client credentials take 'clientId', 'clientSecret' and 'issuer', the URL of "
                "the authorization server that the secret is for"
            )
        return grant

    def _seconds(self) -> float:
        said = self._entry.get("timeout", self._entry.get("timeoutSeconds", DEFAULT_SECONDS))
        if isinstance(said, bool) or not isinstance(said, int | float) or not math.isfinite(said):
            raise SourceError(f"{self._where}: 'timeout' must be a number of seconds")
        return checked_seconds(said / 1_000 if said >= _FROM_HERE_MILLISECONDS else said, self._where)

    def _text(self, key: str) -> str:
        value = self._entry.get(key)
        if value is not None and not isinstance(value, str):
            raise SourceError(f"{self._where}: {key!r} must be a text, not {type(value).__name__}")
        return value or ""

    def _list(self, key: str) -> list[Any]:
        value = self._entry.get(key) or []
        if not isinstance(value, list):
            raise SourceError(f"{self._where}: {key!r} must be a list of texts")
        return value

    def _mapping(self, key: str) -> Mapping[str, Any]:
        value = self._entry.get(key) or {}
        if not isinstance(value, dict):
            raise SourceError(f"{self._where}: {key!r} must be an object of names and texts")
        return value

    def _scalar(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, int | float):
            return str(value)
        if not isinstance(value, str):
            raise SourceError(f"{self._where}: {name!r} must be a text, not {type(value).__name__}")
        return self._variables.expand(value)

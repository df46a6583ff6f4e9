"""How MCP servers are reached: addresses such as ``mcp+stdio:COMMAND``, and servers named in an ``mcp.json``.

Nothing here is stored. A knowledge base keeps the location of a server, with the names of variables in it;
their values are read anew at each connection.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from toolshed.catalog.reach import LOCAL, Reach
from toolshed.catalog.secrets import (
    Variables,
    is_plain,
    is_secret_argument,
    is_secret_name,
    looks_generated,
    masked,
)
from toolshed.errors import ForbiddenSourceError, SourceError

Transport = Literal["stdio", "http", "sse"]

# How long a server may take to start and to list its tools.
DEFAULT_SECONDS, LONGEST_SECONDS = 30.0, 3_600.0
# Ours are no business of servers: the keys of the service, of the database.
_NEVER_INHERITED = "TOOLSHED_"


@dataclass(frozen=True, slots=True)
class OAuthGrant:
    """How to get a token for a server (OAuth 2.1).

    Attributes:
        kind: By the browser of a user, or with the client's own secret.
        client_id: The client as the authorization server knows it; registered at first use when not given.
        client_secret: Its secret.
        scopes: What is asked for, separated by spaces.
        callback_port: Port on loopback that the browser comes back to; any free one when 0.
        client_metadata_url: HTTPS URL that describes the client, for servers that take one as its id.
        issuer: The authorization server that knows the client; its secret is shown to no other.
    """

    kind: Literal["authorization_code", "client_credentials"]
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    scopes: str = ""
    callback_port: int = 0
    client_metadata_url: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """How one MCP server is reached, its credentials filled in.

    Attributes:
        location: Where the configuration stands; gives it again through :func:`server_at`, and holds no
            credentials.
        transport: What is spoken.
        name: Its name in the file; empty for an address.
        command: Program and arguments of a ``stdio`` server.
        environment: All variables that the program sees.
        folder: Where the program runs.
        url: Of an ``http`` or ``sse`` server.
        headers: Sent with each request.
        oauth: How to get a token, where the server wants one.
        timeout_seconds: Longest wait for it to start and to list its tools.
        secrets: Values that no message may show.
        reach: What whoever named it may reach.
    """

    location: str
    transport: Transport
    name: str = ""
    command: tuple[str, ...] = field(default=(), repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    folder: str | None = None
    url: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    oauth: OAuthGrant | None = None
    timeout_seconds: float = DEFAULT_SECONDS
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    reach: Reach = LOCAL

    def masked(self, text: str) -> str:
        """A text without this server's secrets."""
        return masked(text, self.secrets)

    def with_credentials(
        self,
        *,
        environment: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float | None = None,
    ) -> "ServerConfig":
        """The same with more variables and headers, given by a program; they are not part of the location.

        Raises:
            SourceError: If a header cannot be sent, or the time is out of bounds.
        """
        given = {**(environment or {}), **(headers or {})}
        return replace(
            self,
            environment={**self.environment, **(environment or {})},
            headers={**self.headers, **checked_headers(headers or {}, self.location)},
            timeout_seconds=self.timeout_seconds
            if timeout_seconds is None
            else checked_seconds(timeout_seconds, self.location),
            secrets=self.secrets | {secret for value in given.values() for secret in parts_of_header(value)},
        )


def is_server_address(location: str) -> bool:
    """Whether a location is the address of one MCP server."""
    return location.startswith(("mcp+stdio:", "mcp+http://", "mcp+https://", "mcp+sse:"))


def server_at(
    location: str, *, environment: Mapping[str, str] | None = None, reach: Reach = LOCAL
) -> ServerConfig:
    """How the server at a location is reached; files are read and variables filled in anew.

    Args:
        location: ``mcp+stdio:COMMAND ARG...``, ``mcp+http://...``, ``mcp+https://...``,
            ``mcp+sse:https://...``, or ``PATH/mcp.json#NAME``. ``${VARIABLE}`` and ``${VARIABLE:-default}``
            are filled in.
        environment: The variables; those of the process when not given.
        reach: What whoever named it may reach: programs, files and variables are this machine's.

    Raises:
        ForbiddenSourceError: If he may not start it, or read its file or variables.
        SourceError: If it names no server, or a variable is not set.
    """
    return replace(_server_at(location, environment, reach), reach=reach)


def _server_at(location: str, environment: Mapping[str, str] | None, reach: Reach) -> ServerConfig:
    scheme, _, rest = location.partition(":")
    is_remote = scheme in ("mcp+http", "mcp+https", "mcp+sse")
    if not (reach.allows(location) or (is_remote and "${" not in location)):
        raise ForbiddenSourceError(
            f"{location[:200]!r} is a program, a file or variables of the machine that the service runs on; "
            "an administrator can allow it by this very location: TOOLSHED_ALLOWED_SOURCES"
        )
    if scheme == "mcp+stdio":
        return _program(rest, environment)
    if scheme in ("mcp+http", "mcp+https"):
        return _remote(location.removeprefix("mcp+"), "http", environment)
    if scheme == "mcp+sse":
        return _remote(rest, "sse", environment)
    if scheme.startswith("mcp") or "#" not in location:
        raise SourceError(
            f"{location!r} is no MCP server; write mcp+stdio:COMMAND, mcp+https://HOST/mcp, "
            "mcp+sse:https://HOST/sse or mcp.json#NAME"
        )
    from toolshed.catalog.mcp_files import configured_server

    return configured_server(location, environment=environment)


def address_location(address: str) -> str:
    """The address of a server, the same for every way to write it, and with variables for its secrets.

    A password or key that stands in it becomes ``${NAME}``, so that whoever sets that variable can reach the
    server again.
    """
    scheme, _, rest = address.partition(":")
    if scheme == "mcp+stdio":
        try:
            return f"mcp+stdio:{_joined(_without_secrets(shlex.split(rest)))}"
        except ValueError:
            return address
    shown, _ = _without_credentials(rest if scheme == "mcp+sse" else address.removeprefix("mcp+"))
    return f"mcp+sse:{shown}" if scheme == "mcp+sse" else f"mcp+{shown}"


def _joined(words: Sequence[str]) -> str:
    """Words as one text that :func:`shlex.split` splits again; variables need no quotes there."""
    return " ".join(word if re.fullmatch(r"[\w@%+=:,./${}-]+", word) else shlex.quote(word) for word in words)


def _program(text: str, environment: Mapping[str, str] | None) -> ServerConfig:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise SourceError(f"'mcp+stdio:{text}' cannot be split into words: {error}") from error
    if not words:
        raise SourceError("'mcp+stdio:' names no command; write for instance 'mcp+stdio:mcp-server-git'")
    location = f"mcp+stdio:{_joined(_without_secrets(words))}"
    variables = Variables(repr(location), environment)
    command = tuple(variables.expand(word) for word in words)
    hidden = secrets_among(command)
    return ServerConfig(
        location,
        "stdio",
        command=command,
        environment=inherited(variables.environment),
        secrets=frozenset(variables.secrets | hidden | secrets_of(variables.environment)),
    )


def _without_secrets(words: Sequence[str]) -> list[str]:
    """Arguments with variables in the place of keys: ``--api-key=k3y`` as ``--api-key=${API_KEY}``."""
    shown: list[str] = []
    for before, word in zip(("", *words), words, strict=False):
        name, value = secret_argument(before, word)
        hidden = f"{word[: len(word) - len(value)]}${{{_variable(name)}}}"
        shown.append(hidden if name and "${" not in value else word)
    return shown


def secret_argument(before: str, word: str) -> tuple[str, str]:
    """Name and value of an argument that is a secret, ``--token VALUE`` or ``TOKEN=VALUE``; or empty."""
    name, equals, value = word.partition("=")
    if equals and value and is_secret_argument(name, value):
        return name, value
    is_named = before.startswith("-") and "=" not in before and not word.startswith("-")
    return (before, word) if is_named and is_secret_argument(before, word) else ("", "")


def _variable(name: str) -> str:
    return re.sub(r"\W+", "_", name.strip("-")).upper()


def _remote(
    text: str, transport: Literal["http", "sse"], environment: Mapping[str, str] | None
) -> ServerConfig:
    shown, hidden = _without_credentials(text)
    location = f"mcp+{shown}" if transport == "http" else f"mcp+sse:{shown}"
    variables = Variables(repr(location), environment)
    return ServerConfig(
        location,
        transport,
        url=checked_url(variables.expand(text), location),
        secrets=frozenset(variables.secrets | hidden),
    )


def _without_credentials(url: str) -> tuple[str, set[str]]:
    """A URL with variables in the place of passwords and keys, and what they were."""
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError as error:
        raise SourceError(f"{url[:200]!r} is not a URL: {error}") from error
    hidden: set[str] = set()
    user, at, host = parts.netloc.rpartition("@")
    name, colon, password = user.partition(":")
    if at and (password or name) and "${" not in (password or name):
        hidden.add(password or name)
        host_variable = _variable(re.sub(r":\d+$", "", host))
        user = f"{name}:${{{host_variable}_PASSWORD}}" if colon else f"${{{host_variable}_PASSWORD}}"
    kept = []
    for key, value in query:
        if value and is_secret_argument(key, value) and "${" not in value:
            hidden.add(value)
            value = f"${{{_variable(key)}}}"
        kept.append(f"{quote(key)}={value if '${' in value else quote(value)}")
    if not hidden:
        return url, hidden
    return urlunsplit(parts._replace(netloc=f"{user}{at}{host}", query="&".join(kept))), hidden


def secrets_among(words: Sequence[str]) -> set[str]:
    """Values of arguments that may be secrets."""
    found = set()
    for before, word in zip(("", *words), words, strict=False):
        name, equals, value = word.partition("=")
        if equals and is_secret_name(name):
            found.add(value)
        elif before.startswith("-") and "=" not in before and is_secret_name(before):
            found.add(word)
    return {value for value in found if not is_plain(value)}


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """What a program sees of its caller's variables: all but our own.

    A server is a program that its user chose to run, and it could read their files anyway; hiding variables
    from it protects little and keeps keys from those that need them. An ``mcp.json`` may say otherwise:
    ``"inheritEnv": false``.
    """
    return {name: value for name, value in environment.items() if not name.startswith(_NEVER_INHERITED)}


def secrets_of(environment: Mapping[str, str]) -> set[str]:
    """Values of variables that are called like secrets, and are none of a path, a number or a word."""
    return {value for name, value in environment.items() if is_secret_name(name) and not is_plain(value)}


def secrets_given(values: Mapping[str, str]) -> set[str]:
    """Values of variables that a configuration names: by their names, or because they look like keys."""
    return {v for name, v in values.items() if v and (is_secret_name(name) or looks_generated(v, least=8))}


def parts_of_header(value: str) -> set[str]:
    """What to hide of a header: all of it, and the token after ``Bearer``."""
    return {value, value.rpartition(" ")[2]} if value else set()


def checked_headers(headers: Mapping[str, str], where: str) -> dict[str, str]:
    """Headers that can be sent.

    Raises:
        SourceError: If a name or value holds what no header may; the value is not shown.
    """
    for name, value in headers.items():
        if not re.fullmatch(r"[!#$%&'*+.^`|~\w-]+", name, re.ASCII):
            raise SourceError(f"{where}: {name[:80]!r} is no name of a header")
        if not value.isprintable() or not value.isascii():
            raise SourceError(
                f"{where}: the header {name} holds a line break or a letter that cannot be sent"
            )
    return dict(headers)


def checked_url(url: str, where: str) -> str:
    """A URL of a server.

    Raises:
        SourceError: If it is none; shown without what stands before its host.
    """
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or re.search(r"[\s\x00-\x1f]", url):
        raise SourceError(f"{where!r} gives no URL of a server; expected https://HOST/PATH")
    return url


def checked_seconds(seconds: float, where: str) -> float:
    """A time-out within bounds.

    Raises:
        SourceError: If it is none.
    """
    if not 0 < seconds <= LONGEST_SECONDS:
        raise SourceError(
            f"{where}: a time-out of {seconds:g} seconds; it lies above 0, up to {LONGEST_SECONDS:g}"
        )
    return seconds


def short_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables without which programs do not start, as the official SDK passes them."""
    wanted = (
        "APPDATA HOMEDRIVE HOMEPATH LOCALAPPDATA PATHEXT PROCESSOR_ARCHITECTURE SYSTEMDRIVE SYSTEMROOT TEMP"
    )
    names = {
        *wanted.split(),
        "USERNAME",
        "USERPROFILE",
        "HOME",
        "LANG",
        "LOGNAME",
        "PATH",
        "SHELL",
        "TERM",
        "USER",
    }
    return {name: value for name, value in environment.items() if name in names}

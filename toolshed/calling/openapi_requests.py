"""The request of an OpenAPI operation, built from its binding and the arguments; nothing is sent here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from toolshed.calling.arguments import unknown_arguments
from toolshed.calling.parameter_styles import Pair, in_header, in_path, in_query, written
from toolshed.calling.request_bodies import Body, Field, body_of_fields, whole_body
from toolshed.errors import InvalidArgumentsError, NotCallableError
from toolshed.types import JsonObject, ToolDefinition

# {name}, and the operators of URI templates that some documents use: {+name}, {name*}.
_PLACE = re.compile(r"\{[+#./;?&]?([^{}*]+)\*?\}")
_VARIABLE = re.compile(r"\{([^{}]+)\}")
_METHOD = re.compile(r"[A-Z]{1,20}")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
# They say how long a message is and whom it is for, which is ours to say.
_OUR_HEADERS = {
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(slots=True)
class OperationRequest:
    """A request, without the address of its server.

    Attributes:
        method: Of HTTP.
        path: From the server's address on, percent-encoded.
        query: Percent-encoded pairs.
        headers: By name.
        cookies: Pairs as they are written.
        body: What it carries; None without one.
    """

    method: str
    path: str
    query: list[Pair] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[Pair] = field(default_factory=list)
    body: Body | None = None

    def to_httpx(self, server: httpx.URL) -> httpx.Request:
        """The request to a server."""
        text = str(server.copy_with(query=None, fragment=None)).rstrip("/") + "/" + self.path.lstrip("/")
        pairs = [server.query.decode(), *("=".join(pair) for pair in self.query)]
        query = "&".join(filter(None, pairs))
        url = httpx.URL(f"{text}{'&' if '?' in text else '?'}{query}" if query else text)
        headers: dict[str, str] = {"accept": "application/json, */*;q=0.5", "user-agent": "toolshed"}
        headers |= {name.lower(): value for name, value in self.headers.items()}
        if self.cookies:
            headers["cookie"] = "; ".join("=".join(pair) for pair in self.cookies)
        if self.body:
            headers["content-type"] = self.body.media_type
        # Bytes: header values beyond ASCII go as UTF-8.
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        raw.append((b"accept-encoding", b"gzip"))
        return httpx.Request(self.method, url, headers=raw, content=self.body.content if self.body else None)


def operation_request(tool: ToolDefinition, arguments: dict[str, Any]) -> OperationRequest:
    """Write arguments, which were checked against the tool's schema, where its binding says.

    Raises:
        InvalidArgumentsError: If an argument has no place, or cannot stand in its place.
        NotCallableError: If the binding is none that a request can be made from.
    """
    binding: JsonObject = tool.binding or {}
    places = _mapping(binding.get("arguments"))
    body = _mapping(binding.get("body"))
    whole = body.get("argument")
    unknown = [name for name in arguments if name not in places and name != whole]
    if unknown:
        raise InvalidArgumentsError(f"{unknown_arguments(tool, unknown, [*places])}; nothing was sent")
    method = str(binding.get("method", "")).upper()
    if not _METHOD.fullmatch(method):
        raise NotCallableError(
            f"{tool.tool_id!r} is called by the method {method[:40]!r}, which HTTP does not have"
        )
    writer = _Writer(tool, places, arguments)
    request = OperationRequest(method, writer.path(str(binding.get("path", ""))))
    request.query = writer.query()
    request.headers = writer.headers()
    request.cookies = writer.cookies()
    request.body = writer.body(body)
    return request


class _Writer:
    def __init__(self, tool: ToolDefinition, places: JsonObject, arguments: Mapping[str, Any]) -> None:
        self._tool = tool
        self._places = places
        self._arguments = arguments

    def _at(self, place: str) -> dict[str, tuple[str, Any, JsonObject]]:
        """By argument: its name in the request, its value and how it is written."""
        found = {}
        for argument, said in self._places.items():
            how = _mapping(said)
            if how.get("in") == place and argument in self._arguments:
                value = self._arguments[argument]
                # A value in a media type is written whole.
                shown = written(value) if how.get("content") and place != "body" else value
                found[argument] = (str(how.get("name", argument)), shown, how)
        return found

    def path(self, template: str) -> str:
        values = {name: (argument, value, how) for argument, (name, value, how) in self._at("path").items()}

        def fill(found: re.Match[str]) -> str:
            if found[1] not in values:
                raise InvalidArgumentsError(
                    f"{self._tool.tool_id!r} needs a value for {found[1]!r} in its path; nothing was sent"
                )
            argument, value, how = values[found[1]]
            return self._segment(argument, in_path(found[1], value, how) if value is not None else "")

        path, mark, query = template.partition("#")[0].partition("?")
        # What stands between the places is the document's; what cannot stand in a URL is encoded.
        between = [quote(text, safe="/:@!$&'()*+,;=%-._~") for text in _PLACE.split(path)[::2]]
        filled = [fill(found) for found in _PLACE.finditer(path)]
        together = "".join(part for pair in zip(between, [*filled, ""], strict=True) for part in pair)
        return f"{together}{mark}{query}"

    def _segment(self, argument: str, text: str) -> str:
        # They would lead to another operation than the one that was asked for.
        if text in ("", ".", ".."):
            raise InvalidArgumentsError(
                f"the argument {argument!r} of {self._tool.tool_id!r} is {text!r}, which would change the "
                "path; nothing was sent"
            )
        return text

    def query(self) -> list[Pair]:
        return [
            pair for name, value, how in self._at("query").values() for pair in in_query(name, value, how)
        ]

    def headers(self) -> dict[str, str]:
        headers = {}
        for argument, (name, value, how) in self._at("header").items():
            if not _HEADER_NAME.fullmatch(name) or name.lower() in _OUR_HEADERS:
                raise NotCallableError(
                    f"{self._tool.tool_id!r} sets the header {name[:80]!r}, which no tool may set"
                )
            if value is not None:
                headers[name] = self._header(argument, in_header(value, how))
        return headers

    def _header(self, argument: str, text: str) -> str:
        if _CONTROL.search(text):
            raise InvalidArgumentsError(
                f"the argument {argument!r} of {self._tool.tool_id!r} is sent as a header, which holds no "
                "line breaks or other controls; nothing was sent"
            )
        return text.strip()

    def cookies(self) -> list[Pair]:
        return [
            pair for name, value, how in self._at("cookie").values() for pair in in_query(name, value, how)
        ]

    def body(self, said: JsonObject) -> Body | None:
        media_type = str(said.get("media_type") or "application/json")
        if _CONTROL.search(media_type):
            raise NotCallableError(f"{self._tool.tool_id!r} takes a body of no known media type")
        whole = said.get("argument")
        if whole is not None:
            return whole_body(self._arguments[whole], media_type) if whole in self._arguments else None
        properties = _mapping(self._tool.parameters.get("properties"))
        fields = {
            name: Field(value, how, _mapping(properties.get(argument)))
            for argument, (name, value, how) in self._at("body").items()
        }
        if not fields and not said.get("required"):
            return None
        return body_of_fields(fields, media_type)


def server_address(tool: ToolDefinition, chosen: str | None) -> httpx.URL:
    """Where an operation is called: the server that the caller chose, or the first that its document names.

    Raises:
        NotCallableError: If there is none, or one that is no address.
    """
    servers = (tool.binding or {}).get("servers")
    named = [_mapping(server) for server in servers] if isinstance(servers, list) else []
    text = chosen if chosen is not None else _filled(tool, named[0]) if named else ""
    if chosen is None and not text.startswith(("http://", "https://")):
        located = tool.location if tool.location.startswith(("http://", "https://")) else ""
        if not located:
            raise NotCallableError(
                f"the document of {tool.tool_id!r} names no server; index it from its URL, or say which one "
                "by server='https://...' (--server)"
            )
        text = str(httpx.URL(located).join(text or "/"))
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise NotCallableError(f"the server of {tool.tool_id!r} is no address: {text[:200]!r}") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise NotCallableError(f"the server of {tool.tool_id!r} is {text[:200]!r}; it must be http(s)://HOST")
    return url.copy_with(userinfo=b"")


def _filled(tool: ToolDefinition, server: JsonObject) -> str:
    variables = _mapping(server.get("variables"))

    def value(found: re.Match[str]) -> str:
        said = variables.get(found[1])
        default = said.get("default") if isinstance(said, dict) else said
        if default in (None, ""):
            raise NotCallableError(
                f"the server of {tool.tool_id!r} is {str(server.get('url'))[:200]!r} and says no value for "
                f"{found[1]!r}; say which one by server='https://...' (--server)"
            )
        return str(default)

    return _VARIABLE.sub(value, str(server.get("url", "")))


def _mapping(value: Any) -> JsonObject:
    return value if isinstance(value, dict) else {}

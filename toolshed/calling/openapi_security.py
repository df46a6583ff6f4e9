"""Security schemes of an OpenAPI operation, filled from the caller's credentials."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolshed.calling.credentials import Ask, CredentialBook, asked, variable_name
from toolshed.calling.openapi_requests import OperationRequest
from toolshed.calling.parameter_styles import encoded
from toolshed.errors import ConfigurationError, MissingCredentialsError
from toolshed.options import Credential
from toolshed.types import JsonObject, ToolDefinition

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,40}")
# They answer a challenge or sign the request, which a stored credential cannot.
_NEEDS_MORE = (
    "digest",
    "dpop",
    "gnap",
    "hoba",
    "mutual",
    "negotiate",
    "ntlm",
    "scram-sha-1",
    "scram-sha-256",
)


@dataclass(frozen=True, slots=True)
class Secured:
    """Credentials in their places.

    Attributes:
        secrets: The texts that may be shown nowhere.
    """

    secrets: tuple[str, ...] = ()


async def secure(
    request: OperationRequest,
    tool: ToolDefinition,
    book: CredentialBook,
    ask: Ask,
) -> Secured:
    """Write the first set of credentials that is enough, and that the caller has, into a request.

    Args:
        request: Changed in place.
        tool: The operation.
        book: What the caller gave.
        ask: See :data:`~toolshed.calling.credentials.Ask`.

    Raises:
        MissingCredentialsError: If the operation wants some and the caller gave none that are enough.
        ConfigurationError: If a credential is of another form.
    """
    binding: JsonObject = tool.binding or {}
    schemes = binding.get("security_schemes")
    schemes = schemes if isinstance(schemes, dict) else {}
    security = binding.get("security")
    wanted = [one for one in security if isinstance(one, dict)] if isinstance(security, list) else []
    if not wanted or book.names_none(tool.source):
        return Secured()
    held: dict[str, Credential | None] = {}
    for requirement in filter(None, wanted):
        usable = [name for name in requirement if not _unusable(schemes.get(name))]
        if len(usable) < len(requirement):
            continue
        for name in usable:
            if name not in held:
                held[name] = await asked(book, tool.source, name, ask)
        if all(held[name] is not None for name in requirement):
            given = {name: held[name] for name in requirement}
            return Secured(tuple(_fill(request, tool, schemes[name], given[name]) for name in given))
    if {} in wanted:
        return Secured()
    raise MissingCredentialsError(_what_is_missing(tool, wanted, schemes))


def _unusable(scheme: Any) -> str:
    """Why a scheme cannot be filled; empty when it can."""
    if not isinstance(scheme, dict):
        return "is not described"
    kind = str(scheme.get("type", ""))
    if kind == "http" and str(scheme.get("scheme", "")).lower() in _NEEDS_MORE:
        return f"is {str(scheme.get('scheme'))[:40]!r}, which answers challenges"
    known = {"apiKey", "basic", "http", "oauth2", "openIdConnect"}
    return "" if kind in known else f"is of type {kind[:40]!r}, which is not supported"


def _fill(request: OperationRequest, tool: ToolDefinition, scheme: JsonObject, value: Any) -> str:
    """Write one credential into the request; gives the text that is secret."""
    secret = ":".join(value) if isinstance(value, tuple) else value
    if _CONTROL.search(secret):
        raise ConfigurationError(
            f"a credential of {tool.source!r} holds line breaks or other controls; give it without"
        )
    kind = str(scheme.get("type"))
    if kind == "apiKey":
        _fill_key(request, tool, scheme, secret)
    else:
        word = (
            str(scheme.get("scheme") or "bearer")
            if kind == "http"
            else "basic"
            if kind == "basic"
            else "bearer"
        )
        request.headers = {k: v for k, v in request.headers.items() if k.lower() != "authorization"}
        request.headers["authorization"] = _authorization(word, secret)
    return secret


def _authorization(word: str, secret: str) -> str:
    if word.lower() == "basic":
        is_encoded = secret.lower().startswith("basic ")
        return secret if is_encoded else f"Basic {base64.b64encode(secret.encode()).decode()}"
    word = "Bearer" if word.lower() == "bearer" else word if _TOKEN.fullmatch(word) else "Bearer"
    return secret if secret.lower().startswith(f"{word.lower()} ") else f"{word} {secret}"


def _fill_key(request: OperationRequest, tool: ToolDefinition, scheme: JsonObject, secret: str) -> None:
    name, place = str(scheme.get("name", "")), scheme.get("in")
    if not name or _CONTROL.search(name):
        raise MissingCredentialsError(
            f"the key of {tool.source!r} has no name in its document; mend the document"
        )
    if place == "query":
        request.query = [pair for pair in request.query if pair[0] != encoded(name)]
        request.query.append((encoded(name), encoded(secret)))
    elif place == "cookie":
        request.cookies = [pair for pair in request.cookies if pair[0] != name]
        request.cookies.append((name, encoded(secret)))
    else:
        request.headers = {k: v for k, v in request.headers.items() if k.lower() != name.lower()}
        request.headers[name] = secret


def _what_is_missing(tool: ToolDefinition, wanted: Sequence[JsonObject], schemes: Mapping[str, Any]) -> str:
    unusable = {name: why for one in wanted for name in one if (why := _unusable(schemes.get(name)))}
    usable = [one for one in wanted if one and not set(one) & set(unusable)]
    if not usable:
        said = "; ".join(f"{name!r} {why}" for name, why in unusable.items())
        return f"{tool.tool_id!r} wants credentials that cannot be given here: {said}; nothing was sent"
    ways = " or ".join(" and ".join(map(repr, one)) for one in usable[:5])
    first = next(iter(usable[0]))
    return (
        f"{tool.tool_id!r} wants the credentials {ways}; give them by credentials="
        f"{{{tool.source!r}: {{{first!r}: ...}}}}, on the command line by "
        f"{variable_name(tool.source, first)}, or empty to call without; nothing was sent"
    )

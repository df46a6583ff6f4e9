"""Where an OpenAPI operation is called, and which credentials it wants; never the credentials."""

import re
from typing import Any, cast
from urllib.parse import urljoin, urlsplit, urlunsplit

from toolshed.catalog.json_schema_keywords import names_in
from toolshed.catalog.openapi_document import Document, scalar
from toolshed.errors import InvalidToolError

# The largest providers list some twenty regions.
_MAX_SERVERS, _MAX_VARIABLES, _MAX_URL_CHARACTERS = 100, 30, 2_000
_MAX_REQUIREMENTS = 50
_FULL_URL = re.compile(r"(?:[^/?#]*:)?//|\{")
_URLS = ("authorizationUrl", "deviceAuthorizationUrl", "openIdConnectUrl", "refreshUrl", "tokenUrl")
_SWAGGER_FLOWS = {"accessCode": "authorizationCode", "application": "clientCredentials"}


def read_servers(document: Document, *holders: dict[str, Any]) -> list[dict[str, Any]]:
    """The servers of the first holder that names any: the operation, the path, the document.

    A relative URL is taken from where the document was read, if that is a URL, and stays relative if not.
    """
    if document.version.startswith("2."):
        return _swagger_servers(document, holders[0])
    for holder in (*holders, document.root):
        servers = document.sequence(holder.get("servers"), "'servers'")[:_MAX_SERVERS]
        if servers:
            return [_server(document, document.mapping(server, "a server")) for server in servers]
    return [{"url": _absolute("/", document.location)}]


def _server(document: Document, server: dict[str, Any]) -> dict[str, Any]:
    url = scalar(server.get("url")).strip()
    if len(url) > _MAX_URL_CHARACTERS:
        raise InvalidToolError(f"the URL of a server has {len(url):,} characters; that is no URL")
    read: dict[str, Any] = {"url": _absolute(url or "/", document.location)}
    variables = document.members(server.get("variables"), "'variables' of a server")
    if variables:
        read["variables"] = {
            str(name): _variable(document, document.mapping(variable, "a variable of a server"))
            for name, variable in list(variables.items())[:_MAX_VARIABLES]
        }
    document.references.spend(len(read["url"]))
    return read


def _variable(document: Document, variable: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = {"default": scalar(variable.get("default"))[:_MAX_URL_CHARACTERS]}
    choices = document.sequence(variable.get("enum"), "the choices of a variable")[:200]
    if choices:
        read["enum"] = [scalar(choice)[:_MAX_URL_CHARACTERS] for choice in choices]
    return read


def _swagger_servers(document: Document, operation: dict[str, Any]) -> list[dict[str, Any]]:
    root = document.root
    here = urlsplit(document.location) if _is_url(document.location) else None
    host = scalar(root.get("host")).strip() or (here.netloc if here else "")
    base = "/" + scalar(root.get("basePath")).strip().lstrip("/")
    if not host:
        return [{"url": base}]
    schemes = names_in(operation.get("schemes")) or names_in(root.get("schemes"))
    usable = [scheme for scheme in schemes or () if scheme in ("https", "http")]
    usable = sorted(usable, reverse=True) or [here.scheme if here else "https"]
    return [{"url": _without_user(f"{scheme}://{host}{base}"[:_MAX_URL_CHARACTERS])} for scheme in usable]


def _is_url(location: str) -> bool:
    return location.startswith(("https://", "http://"))


def _absolute(url: str, location: str) -> str:
    if not _FULL_URL.match(url):
        return _without_user(urljoin(location, url)) if _is_url(location) else url
    if url.startswith("//"):
        url = f"{urlsplit(location).scheme if _is_url(location) else 'https'}:{url}"
    return _without_user(url)


def _without_user(url: str) -> str:
    """A URL without the credentials that some people write into it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else url


def read_security(
    document: Document, operation: dict[str, Any], parameters: list[dict[str, Any]]
) -> tuple[list[dict[str, list[str]]], dict[str, dict[str, Any]]]:
    """The requirements of an operation, any of which is enough, and the schemes they name.

    An operation that asks for no scheme, but has a header ``Authorization`` among its parameters, asks for
    that.
    """
    holder = operation if "security" in operation else document.root
    given = document.sequence(holder.get("security"), "'security'")[:_MAX_REQUIREMENTS]
    requirements = [
        {str(name): names_in(scopes) or [] for name, scopes in document.members(one, "a requirement").items()}
        for one in given
    ]
    headers = [one for one in parameters if one.get("in") == "header"]
    asked = [one for one in headers if scalar(one.get("name")).lower() == "authorization"]
    if asked and not requirements:
        requirements = [{"Authorization": []}, *([] if asked[-1].get("required") is True else [{}])]
        return requirements, {"Authorization": {"type": "apiKey", "in": "header", "name": "Authorization"}}
    named = {name for requirement in requirements for name in requirement}
    return requirements, _schemes(document, named)


def _schemes(document: Document, named: set[str]) -> dict[str, dict[str, Any]]:
    root = document.root
    if document.version.startswith("2."):
        given = document.mapping(root.get("securityDefinitions"), "'securityDefinitions'")
    else:
        components = document.mapping(root.get("components"), "'components'")
        given = document.mapping(components.get("securitySchemes"), "'securitySchemes'")
    return {
        name: _scheme(document, document.members(given[name], "a security scheme"))
        for name in sorted(named)
        if name in given
    }


def _scheme(document: Document, scheme: dict[str, Any]) -> dict[str, Any]:
    """A security scheme as OpenAPI 3 has it; its scopes are those that the requirements name."""
    kind = scheme.get("type")
    if kind == "basic":
        return {"type": "http", "scheme": "basic"}
    read = {key: scalar(scheme.get(key))[:200] for key in ("type", "in", "name", "scheme", "bearerFormat")}
    read |= _scheme_urls(scheme)
    if kind == "oauth2":
        flows = document.mapping(scheme.get("flows"), "'flows'")
        if not flows and isinstance(scheme.get("flow"), str):
            flow = scheme["flow"]
            flows = {_SWAGGER_FLOWS.get(flow, flow): scheme}
            read = {"type": "oauth2"}
        known = {str(name)[:100]: document.mapping(flow, "a flow") for name, flow in list(flows.items())[:10]}
        return {**_said(read), "flows": {name: _scheme_urls(flow) for name, flow in known.items()}}
    return _said(read)


def _scheme_urls(holder: dict[str, Any]) -> dict[str, Any]:
    return _said({key: scalar(holder.get(key))[:_MAX_URL_CHARACTERS] for key in _URLS})


def _said(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}


def credential_places(schemes: dict[str, dict[str, Any]]) -> frozenset[tuple[str, str]]:
    """Places and names of API keys, in small letters: what the caller's credentials fill."""
    return frozenset(
        (cast(str, scheme.get("in")), str(scheme.get("name")).lower())
        for scheme in schemes.values()
        if scheme.get("type") == "apiKey"
    )

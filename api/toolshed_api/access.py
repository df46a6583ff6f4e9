"""Who is let in, told from the headers alone."""

import hmac
import re
from collections.abc import Iterable

from starlette.datastructures import Headers

from toolshed.settings import Settings
from toolshed_api.problems import ForbiddenOriginError, UnauthorizedError

# Probes carry no keys. Everything else is closed where keys are set, the OpenAPI description too.
OPEN_PATHS = frozenset({"/healthz", "/readyz"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def shows_key(headers: Headers, settings: Settings) -> bool:
    """Whether API keys are shown, all of them valid; without keys in the settings, everybody passes."""
    if not settings.api_keys:
        return True
    bearers = [value[7:] for value in headers.getlist("authorization") if value[:7].lower() == "bearer "]
    shown = [*bearers, *headers.getlist("x-api-key")]
    # Every key is compared, in constant time, so the answer's delay tells nothing.
    matches = [
        [hmac.compare_digest(one.encode(), key.get_secret_value().encode()) for key in settings.api_keys]
        for one in shown
    ]
    return bool(matches) and all(map(any, matches))


def check_access(path: str, headers: Headers, settings: Settings) -> None:
    """Refuse requests that were not meant for this service, and those without a key.

    Raises:
        ForbiddenOriginError: If the host or the origin is not allowed.
        UnauthorizedError: If keys are set and none of them is shown.
    """
    _check_origin(headers, settings)
    if path not in OPEN_PATHS and not shows_key(headers, settings):
        raise UnauthorizedError("show a valid API key: 'Authorization: Bearer KEY' or 'X-API-Key: KEY'")


def _check_origin(headers: Headers, settings: Settings) -> None:
    """Keep web pages out that reach a service on loopback by a name of their own (DNS rebinding).

    Where keys are set, a page that does not know one is refused anyway; hosts are checked then if the
    operator names them.
    """
    if settings.api_keys and not settings.allowed_hosts:
        return
    allowed = _LOOPBACK.union(settings.allowed_hosts)
    _check_names("Host", headers.getlist("host") or [""], allowed)
    origins = [re.sub(r"^https?://", "", origin) for origin in headers.getlist("origin")]
    _check_names("Origin", origins, allowed)


def _check_names(header: str, values: Iterable[str], allowed: frozenset[str]) -> None:
    for value in values:
        if re.sub(r":\d*$", "", value).lower() not in allowed:
            raise ForbiddenOriginError(
                f"the {header} {value[:100]!r} is not allowed; use one of {', '.join(sorted(allowed))}, "
                "or let the operator allow it: TOOLSHED_ALLOWED_HOSTS='[\"NAME\"]'"
            )

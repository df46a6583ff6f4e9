"""What is told from the headers alone: whom a request is meant for, and what it shows."""

import re
from collections.abc import Iterable

from starlette.datastructures import Headers

from toolshed.settings import Settings
from toolshed_api.problems import ForbiddenOriginError
from toolshed_api.public_address import METADATA_PATH

# Probes and browsers carry no keys, and who has none reads where to get one; the page at /docs asks for it.
# All else is closed where keys are, the OpenAPI description too.
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/docs", METADATA_PATH, f"{METADATA_PATH}/{{path}}"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def is_open_path(path: str) -> bool:
    """Whether a path is answered to who shows nothing."""
    return path in OPEN_PATHS or path.startswith(f"{METADATA_PATH}/")


def shown_credentials(headers: Headers) -> list[str]:
    """The keys and tokens that are shown, each once."""
    authorizations = headers.getlist("authorization")
    bearers = [value[7:].strip() for value in authorizations if value[:7].lower() == "bearer "]
    return [one for one in dict.fromkeys([*bearers, *headers.getlist("x-api-key")]) if one]


def check_origin(headers: Headers, settings: Settings, *, is_open: bool) -> None:
    """Keep web pages out that reach a service on loopback by a name of their own (DNS rebinding).

    Where keys are needed, a page that does not know one is refused anyway; hosts are checked then if the
    operator names them.

    Args:
        headers: Of the request.
        settings: Name the hosts that are allowed.
        is_open: Whether nothing needs to be shown.

    Raises:
        ForbiddenOriginError: If the host or the origin is not allowed.
    """
    if not is_open and not settings.allowed_hosts:
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

"""The address that clients know the service by."""

import re

from starlette.datastructures import Headers

from toolshed.settings import Settings

# Where protected-resource metadata lies.
METADATA_PATH = "/.well-known/oauth-protected-resource"
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?")


def public_address(headers: Headers, scheme: str, settings: Settings) -> str:
    """What the operator says, or the host that was asked for, if it is the name of one."""
    if settings.public_url is not None:
        return settings.public_url.rstrip("/")
    host = headers.get("host", "")
    return f"{scheme}://{host if _HOST.fullmatch(host) else 'localhost'}"

"""Where a service speaks MCP, of whatever address of it a user gives."""

import httpx

from toolshed.errors import ConfigurationError

_PATH = "/mcp"


def endpoint(url: str) -> str:
    """The address at which a service speaks MCP, given that or the service's own.

    Raises:
        ConfigurationError: If it is no address.
    """
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"--url {url[:200]!r} is no address: {error}") from error
    if address.scheme not in ("http", "https") or not address.host:
        raise ConfigurationError(f"--url {url[:200]!r} is no address; write https://HOST")
    path = address.path.rstrip("/")
    return str(address if path.endswith(_PATH) else address.copy_with(path=path + _PATH))

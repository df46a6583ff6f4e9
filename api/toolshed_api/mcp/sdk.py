"""Which version of the official SDK our server needs."""

import re
from importlib.metadata import PackageNotFoundError, version

from toolshed.errors import ConfigurationError

_NEEDED = "2.3"


def check_sdk() -> None:
    """Refuse to serve without an SDK that speaks both eras of the protocol.

    Raises:
        ConfigurationError: If it is missing or too old. Its first version is enough to read servers.
    """
    try:
        installed = version("mcp")
    except PackageNotFoundError:
        installed = "none"
    numbers = [int(part) for part in re.findall(r"\d+", installed)[:2]]
    if numbers < [int(part) for part in _NEEDED.split(".")]:
        raise ConfigurationError(
            f"serving MCP needs version {_NEEDED} or later of the package mcp; installed is {installed}. "
            f"Run: pip install 'mcp>={_NEEDED},<3'"
        )

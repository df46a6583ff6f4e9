"""The hosts that can be told of our server: where each keeps its configuration, and in which words."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from toolshed.errors import ConfigurationError

HostName = Literal["claude-desktop", "claude-code", "vscode", "cursor"]
HOSTS: tuple[HostName, ...] = get_args(HostName)
NAME = "toolshed"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a host is told: a program to start, or an address.

    Attributes:
        command: The program and its arguments.
        url: The address of a running service, in place of a program.
        key_variable: Variable of the host's environment that holds the API key of the service.
    """

    command: Sequence[str] = ()
    url: str = ""
    key_variable: str = ""

    def written(self, host: HostName) -> dict[str, Any]:
        """In the words of a host.

        Raises:
            ConfigurationError: If the host cannot be told so.
        """
        if self.url:
            return self._address(host)
        written: dict[str, Any] = {"command": self.command[0], "args": list(self.command[1:])}
        if self.key_variable:
            written["env"] = {"TOOLSHED_API_KEY": f"${{{self._variable(host)}}}"}
        if host in ("claude-code", "vscode"):
            written = {"type": "stdio", **written}
        return written | _always_loaded(host)

    def _address(self, host: HostName) -> dict[str, Any]:
        written: dict[str, Any] = {"url": self.url} if host == "cursor" else {"type": "http", "url": self.url}
        if self.key_variable:
            written["headers"] = {"Authorization": f"Bearer ${{{self._variable(host)}}}"}
        return written | _always_loaded(host)

    def _variable(self, host: HostName) -> str:
        """How a host is told to fill a variable in by itself, so that no key stands in its file."""
        if host == "claude-desktop":
            raise ConfigurationError(
                "Claude Desktop fills no variables in; keep the key in a file of your own, and name that by "
                "--api-key-file"
            )
        return self.key_variable if host == "claude-code" else f"env:{self.key_variable}"


def _always_loaded(host: HostName) -> dict[str, Any]:
    """Claude Code would hide the search behind one of its own."""
    return {"alwaysLoad": True} if host == "claude-code" else {}


def servers_key(host: HostName) -> str:
    """Under which name the file of a host keeps its servers."""
    return "servers" if host == "vscode" else "mcpServers"


def configuration_file(host: HostName, *, home: Path | None = None, platform: str = sys.platform) -> Path:
    """Where a host keeps the servers of its user."""
    at_home = Path.home() if home is None else home
    if host == "claude-code":
        return at_home / ".claude.json"
    if host == "cursor":
        return at_home / ".cursor" / "mcp.json"
    folder = _application_data(at_home, platform)
    if host == "vscode":
        return folder / "Code" / "User" / "mcp.json"
    return folder / "Claude" / "claude_desktop_config.json"


def _application_data(home: Path, platform: str) -> Path:
    if platform == "darwin":
        return home / "Library" / "Application Support"
    if platform == "win32":
        return Path(os.environ.get("APPDATA", home / "AppData" / "Roaming"))
    return home / ".config"

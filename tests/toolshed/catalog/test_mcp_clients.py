import builtins
import sys
from typing import Any

import pytest

from toolshed.catalog import mcp_clients
from toolshed.catalog.mcp_clients import connect
from toolshed.errors import ConfigurationError


def test_a_missing_sdk_is_told_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(ConfigurationError, match=r"^mcp is not installed.*pip install '\.\[mcp\]'$"):
        connect("mcp+stdio:server")


def test_an_sdk_that_lacks_a_package_is_not_called_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    import_module = builtins.__import__

    def broken(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "mcp":
            raise ModuleNotFoundError("No module named 'anyio'", name="anyio")
        return import_module(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", broken)
    with pytest.raises(ConfigurationError, match="mcp is installed, but anyio, which it needs, is not"):
        connect("mcp+stdio:server")


@pytest.mark.parametrize("installed", ["1.19.0", "3.0.0", "0.9.1"])
def test_a_version_that_we_cannot_speak_to_is_named(monkeypatch: pytest.MonkeyPatch, installed: str) -> None:
    monkeypatch.setattr(mcp_clients, "version", lambda name: installed)
    with pytest.raises(ConfigurationError, match=f"mcp {installed} is installed.*'mcp>=1.20,<3'"):
        connect("mcp+stdio:server")


@pytest.mark.parametrize(
    ("installed", "connects_with"),
    [
        ("1.20.0", "_connect_with_1"),
        ("1.30.0rc1", "_connect_with_1"),
        ("2.0b1", "_connect_with_2"),
        ("2.3.0", "_connect_with_2"),
    ],
)
def test_each_major_version_has_its_client(
    monkeypatch: pytest.MonkeyPatch, installed: str, connects_with: str
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(mcp_clients, "version", lambda name: installed)
    monkeypatch.setattr(mcp_clients, connects_with, lambda target, changed: seen.append(target))
    connect("mcp+http://127.0.0.1:9/mcp")
    connect("mcp+stdio:server --read 'my folder'")
    assert seen == ["http://127.0.0.1:9/mcp", ["server", "--read", "my folder"]]

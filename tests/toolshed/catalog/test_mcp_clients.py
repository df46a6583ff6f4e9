import builtins
import sys
from typing import Any

import pytest

from toolshed.catalog import mcp_clients, mcp_sdk1, mcp_sdk2
from toolshed.catalog.mcp_clients import connect, session_opener
from toolshed.errors import ConfigurationError


async def test_a_missing_sdk_is_told_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(ConfigurationError, match=r"^mcp is not installed.*pip install '\.\[mcp\]'$"):
        async with connect("mcp+stdio:server"):
            raise AssertionError


def test_an_sdk_that_lacks_a_package_is_not_called_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    import_module = builtins.__import__

    def broken(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "mcp":
            raise ModuleNotFoundError("No module named 'anyio'", name="anyio")
        return import_module(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", broken)
    with pytest.raises(ConfigurationError, match="mcp is installed, but anyio, which it needs, is not"):
        session_opener()


@pytest.mark.parametrize("installed", ["1.19.0", "3.0.0", "0.9.1"])
def test_a_version_that_we_cannot_speak_to_is_named(monkeypatch: pytest.MonkeyPatch, installed: str) -> None:
    monkeypatch.setattr(mcp_clients, "version", lambda name: installed)
    with pytest.raises(ConfigurationError, match=f"mcp {installed} is installed.*'mcp>=1.20,<3'"):
        session_opener()


@pytest.mark.parametrize(
    ("installed", "opens"),
    [
        ("1.20.0", mcp_sdk1.open_session),
        ("1.30.0rc1", mcp_sdk1.open_session),
        ("2.0b1", mcp_sdk2.open_session),
        ("2.3.0", mcp_sdk2.open_session),
    ],
)
def test_each_major_version_has_its_session(
    monkeypatch: pytest.MonkeyPatch, installed: str, opens: Any
) -> None:
    monkeypatch.setattr(mcp_clients, "version", lambda name: installed)
    assert session_opener() is opens

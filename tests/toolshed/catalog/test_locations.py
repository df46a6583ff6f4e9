import sys
import types
from pathlib import Path

import pytest

from toolshed.catalog.locations import (
    checked_source_name,
    located_module,
    location_of,
    split_name,
)
from toolshed.errors import ConfigurationError


def test_one_file_has_one_location_however_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real").mkdir()
    path = tmp_path / "real" / "tools.json"
    path.touch()
    (tmp_path / "link.json").symlink_to(path)
    monkeypatch.chdir(tmp_path / "real")
    written = [str(path), "tools.json", "./tools.json", "../real/tools.json", "../link.json"]
    assert {location_of(text) for text in written} == {str(path)}
    assert location_of("tools.json#server") == f"{path}#server"


@pytest.mark.parametrize(
    ("given", "location"),
    [
        ("https://ada:pw@desks.example/v2.json#top", "https://desks.example/v2.json"),
        (
            "https://desks.example/v2.json?version=3&api_key=abc&X-Amz-Signature=ef",
            "https://desks.example/v2.json?version=3",
        ),
        (
            "mcp+https://desks.example/mcp?token=${DESK_TOKEN}",
            "mcp+https://desks.example/mcp?token=${DESK_TOKEN}",
        ),
        ("mcp+stdio:desks  --root /srv", "mcp+stdio:desks --root /srv"),
        ("mcp+stdio:desks --api-key k1 --v 2", "mcp+stdio:desks --api-key ${API_KEY} --v 2"),
        ("mcp+stdio:env DESK_TOKEN=k1 desks", "mcp+stdio:env DESK_TOKEN=${DESK_TOKEN} desks"),
        ("mcp+stdio:desks --token ${T} --key=${K}", "mcp+stdio:desks --token ${T} --key=${K}"),
        ("https://[::1", "https://[::1"),
        (
            "mcp-registry+https://ada:pw@desks.example/v0.1?a+b=c",
            "mcp-registry+https://desks.example/v0.1?a b=c",
        ),
    ],
)
def test_no_credential_is_part_of_a_location(given: str, location: str) -> None:
    assert location_of(given) == location


def test_what_is_long_is_told_apart_and_not_told() -> None:
    one, other = (location_of(f"https://desks.example/a.json?ticket={letter * 80}") for letter in "fg")
    assert one != other
    assert "fff" not in one


def test_home_is_written_out_behind_a_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert split_name("crm=~/tools.json").location == str(tmp_path / "tools.json")
    assert split_name("~/tools.json").location == str(tmp_path / "tools.json")


@pytest.mark.parametrize(
    ("given", "name", "location"),
    [
        ("brave-search=mcp+stdio:x", "brave-search", "mcp+stdio:x"),
        ("v2.1=https://desks.example/a.json?x=y", "v2.1", "https://desks.example/a.json?x=y"),
        ("https://desks.example/a.json?x=https://b", None, "https://desks.example/a.json?x=https://b"),
        ("mcp+stdio:server --a=b", None, "mcp+stdio:server --a=b"),
        ("folder/a=b.json", None, "folder/a=b.json"),
        ("plain.json", None, "plain.json"),
    ],
)
def test_names_may_hold_hyphens_and_addresses_equals_signs(
    given: str, name: str | None, location: str
) -> None:
    found = split_name(given)
    assert (found.name, found.location) == (name, location)


@pytest.mark.parametrize("name", ["two words", "a:b", "-a", "", "x" * 65, "a/b"])
def test_what_can_be_no_name_is_told_what_can(name: str) -> None:
    with pytest.raises(ConfigurationError, match="takes letters, digits, '_', '-' and"):
        split_name(f"{name}=mcp+stdio:x")
    with pytest.raises(ConfigurationError, match="cannot be the name of a source"):
        checked_source_name(name)


def test_objects_are_where_they_were_defined(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert located_module("company.desks") == "python:company.desks"
    main = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    assert located_module("__main__") == "python:__main__"
    main.__file__ = str(tmp_path / "script.py")
    assert located_module("__main__") == f"python:{tmp_path.resolve() / 'script.py'}"

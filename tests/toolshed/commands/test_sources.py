"""``toolshed sources``: what is there, and taking it away."""

import json
import sys
from pathlib import Path

import pytest

from tests.command_line import run
from toolshed.shed.shed import Toolshed


@pytest.fixture
def two_sources(instant_folder: Path) -> Path:
    for name, tool in (("north", "sow"), ("south", "reap")):
        path = instant_folder / f"{name}.json"
        path.write_text(json.dumps([{"name": tool, "description": f"How to {tool}."}]))
        assert run("index", "tools", str(path)).exit_code == 0
    return instant_folder


def test_sources_are_listed_with_their_locations(two_sources: Path) -> None:
    found = json.loads(run("sources", "list", "--json").stdout)
    assert found == [
        {"name": name, "locations": [str(two_sources.resolve() / f"{name}.json")], "n_tools": 1}
        for name in ("north", "south")
    ]
    shown = run("sources", "list").stdout.splitlines()
    assert shown[0].startswith("north        1 tools  /")
    assert shown[0].endswith("north.json")


def test_a_source_is_removed_with_its_tools(two_sources: Path) -> None:
    assert run("sources", "remove", "north", "--yes").stdout == "removed north with 1 tools\n"
    assert (
        run("sources", "remove", "south", "-y", "--json").stdout
        == '{\n  "removed": {\n    "south": 1\n  }\n}\n'
    )
    assert "no sources yet" in run("sources", "list").stdout


def test_nothing_is_removed_that_nobody_confirmed(two_sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unasked = run("sources", "remove", "north")
    assert unasked.exit_code == 2
    assert "say so with --yes" in unasked.stderr
    monkeypatch.setattr(
        "toolshed.commands.output.sys", type("sys", (), {"stdin": Terminal(), "stderr": sys.stderr})
    )
    assert run("sources", "remove", "north", input="n\n").exit_code == 1
    assert len(json.loads(run("sources", "list", "--json").stdout)) == 2
    assert run("sources", "remove", "north", input="y\n").exit_code == 0
    assert len(json.loads(run("sources", "list", "--json").stdout)) == 1


class Terminal:
    def isatty(self) -> bool:
        return True


def test_a_source_that_is_not_there_removes_nothing(two_sources: Path) -> None:
    done = run("sources", "remove", "north", "west", "--yes")
    assert done.exit_code == 1
    assert "no source 'west'; the sources are north, south" in done.stderr
    with Toolshed("./shed", pipeline="instant") as shed:
        assert len(shed.list_tools()) == 2

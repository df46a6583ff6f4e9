"""``toolshed tools``: list, show, remove."""

import json
import re
from pathlib import Path

import pytest

from tests.command_line import run


@pytest.mark.usefixtures("filled")
def test_tools_are_listed_page_by_page() -> None:
    first = run("tools", "list", "--limit", "1")
    assert first.stdout.startswith("tools:get_forecast  Weather forecast for a city.")
    assert "1 of 2 tools; more with --offset 1" in first.stderr
    rest = json.loads(run("tools", "list", "--offset", "1", "--json").stdout)
    assert [tool["tool_id"] for tool in rest["tools"]] == ["tools:send_email"]
    assert (rest["n_tools"], rest["offset"]) == (2, 1)
    assert run("tools", "list", "--offset", "9").stdout == "no tools\n"


@pytest.mark.usefixtures("filled")
def test_tools_are_chosen_by_source_and_text() -> None:
    assert json.loads(run("tools", "list", "--match", "EMAIL", "--json").stdout)["n_tools"] == 1
    assert json.loads(run("tools", "list", "--source", "tools", "--json").stdout)["n_tools"] == 2
    unknown = run("tools", "list", "--source", "tool")
    assert unknown.exit_code == 1
    assert "no source 'tool'; the sources are tools" in unknown.stderr


@pytest.mark.usefixtures("filled")
def test_a_tool_is_shown_whole() -> None:
    shown = run("tools", "show", "tools:send_email").stdout
    assert "Send an email\n to a person." in shown
    assert "source      tools, read from python:tools" in shown
    found = json.loads(run("tools", "show", "tools:send_email", "--json").stdout)
    assert (found["tool_id"], found["location"]) == ("tools:send_email", "python:tools")
    missing = run("tools", "show", "tools:nothing")
    assert missing.exit_code == 1
    assert "no tool 'tools:nothing'" in missing.stderr


def test_tools_are_removed_all_or_none(filled: Path) -> None:
    refused = run("tools", "remove", "tools:send_email", "tools:nothing", "--yes")
    assert refused.exit_code == 1
    assert "no tool 'tools:nothing', so nothing was removed" in refused.stderr
    assert run("tools", "remove", "tools:send_email").exit_code == 2
    assert run("tools", "remove", "tools:send_email", "tools:send_email", "--yes").stdout == "1 removed\n"
    assert json.loads(run("tools", "list", "--json").stdout)["n_tools"] == 1


def test_a_knowledge_base_that_is_not_there_is_not_made(instant_folder: Path) -> None:
    for command in (["tools", "list"], ["sources", "list"], ["tools", "remove", "a:b", "--yes"]):
        done = run(*command)
        assert done.exit_code == 2
        assert "there is no knowledge base" in done.stderr
    assert not (instant_folder / "shed").exists()


def test_nothing_that_a_source_says_steers_the_terminal(instant_folder: Path) -> None:
    hostile = "Send\x1b[2J\x07 it\u202e now"
    Path("mail.json").write_text(json.dumps([{"name": "send", "title": hostile, "description": hostile}]))
    assert run("index", "tools", "mail.json").exit_code == 0
    for command in (
        ["tools", "list"],
        ["tools", "show", "mail:send"],
        ["tools", "show", "mail:send", "--json"],
    ):
        shown = run(*command).output
        assert "Send" in shown
        assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", shown)

"""``toolshed search``."""

import gc
import json

import pytest

from tests.command_line import run

pytestmark = pytest.mark.usefixtures("filled")


def test_json_is_for_machines() -> None:
    found = json.loads(run("search", "weather forecast", "--json").stdout)
    assert found["status"] == "ok"
    assert found["tools"][0]["tool_id"] == "tools:get_forecast"


def test_a_follow_up_is_searched_with_what_was_said_before() -> None:
    turns = ("--history", "Hello.", "--history", "weather forecast in Lisbon")
    found = json.loads(run("search", "and for Berlin?", *turns, "-k", "1", "--json").stdout)
    assert found["tools"][0]["tool_id"] == "tools:get_forecast"


def test_explain_says_why() -> None:
    assert "static_topics" in run("search", "weather forecast", "--explain").stdout


def test_a_query_can_come_from_standard_input() -> None:
    assert "get_forecast" in run("search", "-", input="weather forecast\n").stdout


def test_nothing_that_fits_is_an_answer() -> None:
    found = run("search", "qwxz vbnk", "--abstain-below", "0.9")
    assert found.exit_code == 0
    assert "no tool fits (2 searched)" in found.stdout
    assert "--abstain-below 0 shows the nearest" in found.stdout
    empty = run("search", "weather", "--kb", "memory:")
    assert (empty.exit_code, empty.stdout) == (0, "no tool fits (0 searched); the knowledge base is empty\n")


def test_an_empty_query_is_refused() -> None:
    result = run("search", "  ")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "the query is empty" in result.stderr


def test_every_tool_is_a_line_of_the_terminal_s_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    found = run("search", "email the weather forecast", "--abstain-below", "0").stdout
    lines = {line.split()[1]: line for line in found.splitlines()}
    assert lines.keys() == {"tools:send_email", "tools:get_forecast"}
    assert all(len(line) <= 80 for line in lines.values())
    assert lines["tools:send_email"].endswith("Send an email to a person.")
    assert lines["tools:get_forecast"].endswith("…")


def test_governing_passages_come_after_the_tools() -> None:
    found = run("search", "Email the tenant who pays late that a late fee is owed.", "--passages").stdout
    tools, _, passages = found.partition(" 1. Office Lease, 4.2 Late Fees  (law/lease.txt)")
    assert "tools:send_email" in tools
    assert "late fee" in passages


@pytest.mark.parametrize("query", ["weather forecast", "  "], ids=["found", "refused"])
def test_the_cycle_collector_works_again_after_a_search(query: str) -> None:
    assert gc.isenabled()
    run("search", query)
    assert gc.isenabled()

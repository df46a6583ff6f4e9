"""Commands that ask a running service, which has the embedded knowledge base open."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.serving import TOOLS, served
from tests.command_line import run
from tests.conftest import OpenShed
from toolshed.settings import Settings


@pytest.fixture
def url(open_shed: OpenShed) -> Iterator[str]:
    shed = open_shed()
    shed.add_tools(*TOOLS)
    settings = Settings(api_keys=["secret"])  # type: ignore[list-item]  # pydantic makes them secrets
    with served(settings, shed) as http:
        yield str(http.base_url)


def test_the_commands_answer_as_they_do_here(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLSHED_URL", url)
    monkeypatch.setenv("TOOLSHED_API_KEY", "secret")
    found = run("search", "weather forecast for a city", "-k", "1", "--json")
    assert json.loads(found.output)["tools"][0]["tool_id"] == "weather:get_forecast"
    assert "sub-query" in run("search", "weather forecast for a city", "--explain").output
    listed = json.loads(run("tools", "list", "--match", "mail", "--json").output)
    assert [one["tool_id"] for one in listed["tools"]] == ["mail:send_email"]
    assert "Send an email" in run("tools", "show", "mail:send_email").output
    file = tmp_path / "crm.json"
    file.write_text(json.dumps([{"name": "find_customer", "description": "Find a customer."}]))
    indexed = run("index", "tools", str(file), "--json")
    assert json.loads(indexed.output)["added"] == ["crm:find_customer"]
    names = [one["name"] for one in json.loads(run("sources", "list", "--json").output)]
    assert names == ["crm", "mail", "odd", "weather"]
    assert run("sources", "remove", "crm", "--yes").exit_code == 0
    assert run("tools", "remove", "odd:a/b c", "--yes").exit_code == 0
    assert json.loads(run("passages", "late fees", "--json").output)["passages"] == []
    called = run("call", "mail:send_email")
    assert called.exit_code == 1
    assert "says what it takes and not how it is called" in called.output


def test_what_is_wrong_is_said_in_a_line(url: str) -> None:
    for arguments, reason, exit_code in [
        (("--url", url), "API key", 1),
        (("--url", url, "--api-key", "wrong"), "the key is not valid", 1),
        (("--url", "http://127.0.0.1:9"), "cannot be reached", 1),
        (("--url", "nowhere"), "no URL of a service", 2),
    ]:
        done = run("tools", "list", *arguments)
        assert done.exit_code == exit_code
        assert reason in done.output
    assert run("index", "tools", "x", "--watch", "--url", url).exit_code == 2

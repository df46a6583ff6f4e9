"""The endpoints that call tools."""

import time

import httpx
import pytest

from tests.api.serving import problem
from toolshed.shed.shed import Toolshed


def greet(name: str, times: int = 1) -> str:
    """Greet somebody."""
    return f"Hello {name}! " * times


def sleep() -> str:
    """Sleep."""
    time.sleep(1)
    return "slept"


def fail() -> str:
    """Fail."""
    raise ValueError("no")


@pytest.fixture
def _callable_tools(client: httpx.Client, shed: Toolshed) -> None:
    shed.add_tools(greet, sleep, fail, source_name="py")


@pytest.mark.usefixtures("_callable_tools")
def test_a_tool_is_called_and_a_long_answer_read_on(client: httpx.Client) -> None:
    url = "/v1/tools/py:greet/call"
    assert client.post(url, json={"arguments": {"name": "Ana"}}).json()["text"] == "Hello Ana! "
    first = client.post(url, json={"arguments": {"name": "Ana", "times": 3}, "max_characters": 12}).json()
    assert (first["text"], first["n_characters"], first["next_offset"]) == ("Hello Ana! H", 33, 12)
    rest = client.get(f"/v1/results/{first['handle']}", params={"offset": 12}).json()
    assert (rest["text"], rest["next_offset"]) == ("ello Ana! Hello Ana! ", None)
    beyond = client.get(f"/v1/results/{first['handle']}", params={"offset": 34})
    assert problem(beyond) == (422, "invalid_query")
    assert problem(client.get("/v1/results/none")) == (404, "unknown_result")


@pytest.mark.usefixtures("_callable_tools")
def test_what_a_tool_answers_is_no_error_of_ours_and_what_is_ours_has_a_code(client: httpx.Client) -> None:
    assert client.post("/v1/tools/py:fail/call", json={}).json()["is_error"] is True
    for tool_id, body, expected in [
        ("py:greet", {}, (422, "invalid_arguments")),
        ("py:none", {}, (404, "unknown_tool")),
        ("mail:send_email", {}, (409, "not_callable")),
        ("py:sleep", {"timeout_seconds": 0.05}, (504, "tool_timeout")),
        ("py:sleep", {"timeout_seconds": 26}, (422, "invalid_request")),
        ("py:sleep", {"server": "http://127.0.0.1"}, (422, "invalid_request")),
    ]:
        assert problem(client.post(f"/v1/tools/{tool_id}/call", json=body)) == expected

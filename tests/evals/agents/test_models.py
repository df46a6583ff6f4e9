"""Agents behind an endpoint: asked, recorded, replayed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.openai_stub import scripted_openai
from toolshed.errors import ChatModelError, ConfigurationError, MissingReplyError
from toolshed_evals.agents.models import Json, OpenAIAgent, RecordedAgent, ReplayedAgent

MESSAGES: list[Json] = [{"role": "system", "content": "s"}, {"role": "user", "content": "Put the light on."}]
TOOLS: list[Json] = [{"type": "function", "function": {"name": "light", "parameters": {"type": "object"}}}]
CALL = {"id": "c", "type": "function", "function": {"name": "light", "arguments": "{}"}}


def calling(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    assert [tool["function"]["name"] for tool in body["tools"]] == ["light"]
    return {"content": None, "tool_calls": [CALL]}, {
        "prompt_tokens": 40,
        "completion_tokens": 9,
        "total_tokens": 49,
    }


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")


def test_what_was_recorded_is_replayed_without_the_endpoint(tmp_path: Path) -> None:
    file = tmp_path / "agents.jsonl"
    with scripted_openai(calling) as url:
        asked = RecordedAgent(OpenAIAgent("m", f"{url}/v1"), file).reply(MESSAGES, TOOLS)
    assert asked.message["tool_calls"][0]["function"]["name"] == "light"
    assert (asked.usage.input_tokens, asked.usage.source) == (40, "provider")
    assert ReplayedAgent("m", file).reply(MESSAGES, TOOLS) == asked
    (line,) = map(json.loads, file.read_text().splitlines())
    assert (line["model"], line["tools"]) == ("m", ["light"])


@pytest.mark.parametrize(
    ("messages", "tools"),
    [
        pytest.param([*MESSAGES, {"role": "user", "content": "more"}], TOOLS, id="other-conversation"),
        pytest.param(MESSAGES, [], id="other-tools"),
    ],
)
def test_a_missing_answer_names_the_task_and_the_command(
    messages: list[Json], tools: list[Json], tmp_path: Path
) -> None:
    file = tmp_path / "agents.jsonl"
    with scripted_openai(calling) as url:
        RecordedAgent(OpenAIAgent("m", f"{url}/v1"), file).reply(MESSAGES, TOOLS)
    with pytest.raises(
        MissingReplyError, match=r"'Put the light on\.'; record it with: toolshed eval agents"
    ):
        ReplayedAgent("m", file).reply(messages, tools)


def test_an_endpoint_that_refuses_is_an_error_with_its_reason() -> None:
    def refuse(_: object) -> Any:
        raise ValueError("no such model here")

    with scripted_openai(refuse) as url, pytest.raises(ChatModelError, match="no such model here"):
        OpenAIAgent("m", f"{url}/v1").reply(MESSAGES, TOOLS)


def test_without_a_key_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
        OpenAIAgent("m")

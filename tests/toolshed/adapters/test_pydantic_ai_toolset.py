"""Agents of pydantic-ai that find their tool among 1,000, by every kind of tool search."""

import json
from typing import Any

import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from pydantic_ai import Agent, UsageLimits
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

from tests.provider_stub import Json, Turn, scripted_provider
from tests.toolshed.adapters.conftest import TASK, WANTED, Office
from toolshed import ToolshedToolset
from toolshed.errors import ConfigurationError

MODELS = {"chat": "gpt-4o-mini", "responses": "gpt-5.4", "messages": "claude-sonnet-4-6"}


def visible(body: Json) -> set[str]:
    """What the model sees: tools that are not deferred, and those that a search has loaded."""
    names = {
        tool.get("name") or tool.get("function", {}).get("name")
        for tool in body["tools"]
        if not tool.get("defer_loading")
    }
    for item in body.get("input", []):
        if item.get("type") == "tool_search_output":
            names |= {tool["name"] for tool in item["tools"]}
    for message in body.get("messages", []):
        for block in message["content"] if isinstance(message["content"], list) else []:
            parts = block["content"] if isinstance(block.get("content"), list) else []
            names |= {part["tool_name"] for part in parts if part["type"] == "tool_reference"}
    return names


def clerk(body: Json) -> Turn:
    told = json.dumps(body.get("messages") or body["input"])
    if "done for Ana" in told:
        return Turn("It was done for Ana.")
    if WANTED in visible(body):
        return Turn(calls=[(WANTED, {"who": "Ana"})])
    is_native = any(tool.get("type") == "tool_search" for tool in body["tools"])
    return Turn(calls=[("tool_search" if is_native else "search_tools", {"queries": [TASK, " "]})])


def model_of(api: str, url: str) -> tuple[Any, Any]:
    if api == "messages":
        anthropic = AsyncAnthropic(base_url=url[:-3], api_key="none", max_retries=0)
        return AnthropicModel(MODELS[api], provider=AnthropicProvider(anthropic_client=anthropic)), anthropic
    openai = AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
    kind: Any = OpenAIChatModel if api == "chat" else OpenAIResponsesModel
    return kind(MODELS[api], provider=OpenAIProvider(openai_client=openai)), openai


async def run(office: Office, api: str, script: Any, seen: list[Json] | None = None) -> str:
    toolset = ToolshedToolset(office.shed, k=4)
    with scripted_provider(script, seen) as url:
        model, client = model_of(api, url)
        agent = Agent(model, toolsets=[toolset], capabilities=[toolset.tool_search()])
        result = await agent.run(TASK, usage_limits=UsageLimits(request_limit=6))
        await client.close()
    return result.output


@pytest.mark.parametrize("api", list(MODELS))
async def test_an_agent_finds_its_tool_calls_it_and_answers(office: Office, api: str) -> None:
    seen: list[Json] = []
    assert await run(office, api, clerk, seen) == "It was done for Ana."
    assert office.done == [(WANTED, "Ana")]
    assert len(seen) == 3
    assert WANTED not in visible(seen[0])
    assert len(visible(seen[1])) <= 1 + 4
    if api != "chat":
        assert len({json.dumps(body["tools"]) for body in seen}) == 1, "the prompt cache holds"


async def test_a_tool_that_fails_says_so_to_the_model(office: Office) -> None:
    def careless(body: Json) -> Turn:
        results = [one["content"] for one in body["messages"] if one["role"] == "tool"]
        given: list[Json] = [{"who": "nobody"}, {}]
        if not results:
            return clerk(body)
        return (
            Turn(json.dumps(results[1:]))
            if len(results) == 3
            else Turn(calls=[(WANTED, given[len(results) - 1])])
        )

    raised, refused = json.loads(await run(office, "chat", careless))
    assert "nobody cannot have it done" in raised
    assert "who" in refused
    assert office.done == []


async def test_several_queries_take_turns(office: Office) -> None:
    toolset = ToolshedToolset(office.shed, k=3)
    known = [tool.tool_def for tool in (await toolset.get_tools(None)).values()]  # type: ignore[arg-type]  # not used
    second = "Measure the battery in the district eastc."
    names = await toolset.search(None, [TASK, "  ", second], known)  # type: ignore[arg-type]  # not used
    assert names[:2] == [WANTED, "measure_battery_eastc"]
    assert len(names) == len(set(names))


def test_an_option_that_there_is_not_is_refused(office: Office) -> None:
    with pytest.raises(ConfigurationError, match="unknown option"):
        ToolshedToolset(office.shed, source="office")  # type: ignore[call-arg]  # what is tested

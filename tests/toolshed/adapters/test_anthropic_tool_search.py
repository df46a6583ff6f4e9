"""The anthropic SDK with our tool search over 1,000 deferred tools, on a scripted server."""

import json
from typing import Any

import pytest
from anthropic import Anthropic, AsyncAnthropic

from tests.provider_stub import Json, Turn, scripted_provider
from tests.toolshed.adapters.conftest import TASK, WANTED, Office
from toolshed import AnthropicToolSearch
from toolshed.adapters import anthropic_tool_search
from toolshed.errors import ConfigurationError
from toolshed.testing import make_tool
from toolshed.visibility import Visibility

MODEL = "claude-sonnet-5"


def shown(body: Json) -> set[str]:
    """What the model sees: tools that are not deferred, and those that were referred to."""
    seen = {tool["name"] for tool in body["tools"] if not tool.get("defer_loading")}
    sent = {tool["name"] for tool in body["tools"]}
    for message in body["messages"]:
        for block in message["content"] if isinstance(message["content"], list) else []:
            for part in block["content"] if isinstance(block.get("content"), list) else []:
                if part["type"] == "tool_reference":
                    # The provider refuses what it does not know.
                    assert part["tool_name"] in sent
                    seen.add(part["tool_name"])
    return seen


def clerk(body: Json) -> Turn:
    said = json.dumps(body["messages"][-1])
    if "done for Ana" in said:
        return Turn("It was done for Ana.")
    return Turn(
        calls=[(WANTED, {"who": "Ana"}) if WANTED in shown(body) else ("search_tools", {"query": TASK})]
    )


def test_an_agent_finds_its_tool_calls_it_and_answers(office: Office) -> None:
    search = AnthropicToolSearch(office.shed, k=4)
    messages: list[Any] = [{"role": "user", "content": TASK}]
    seen: list[Json] = []
    with scripted_provider(clerk, seen) as url, Anthropic(base_url=url[:-3], api_key="none") as client:
        for _ in range(4):
            tools: Any = search.tools
            reply = client.messages.create(model=MODEL, max_tokens=100, messages=messages, tools=tools)
            results = search.results(reply.content)
            if not results:
                break
            messages += [
                {"role": "assistant", "content": reply.content},
                {"role": "user", "content": results},
            ]
    assert reply.content[0].type == "text"
    assert reply.content[0].text == "It was done for Ana."
    assert office.done == [(WANTED, "Ana")]
    assert len(seen) == 3
    assert [len(shown(body)) for body in seen] == [1, 5, 5]
    assert len({json.dumps(body["tools"]) for body in seen}) == 1, "the prompt cache holds"
    assert len(seen[0]["tools"]) == 1_001


@pytest.mark.parametrize("is_async", [False, True])
async def test_the_tool_runner_of_the_sdk_does_it_by_itself(office: Office, is_async: bool) -> None:
    search = AnthropicToolSearch(office.shed, k=4)
    asked: Any = {
        "model": MODEL,
        "max_tokens": 100,
        "messages": [{"role": "user", "content": TASK}],
        "thread": False,
        "max_iterations": 5,
    }
    with scripted_provider(clerk) as url:
        if is_async:
            async with AsyncAnthropic(base_url=url[:-3], api_key="none") as aclient:
                arunner = aclient.beta.messages.tool_runner(tools=search.arunnable(), **asked)
                reply = await arunner.until_done()
        else:
            with Anthropic(base_url=url[:-3], api_key="none") as client:
                reply = client.beta.messages.tool_runner(tools=search.runnable(), **asked).until_done()
    assert reply.content[0].text == "It was done for Ana."
    assert office.done == [(WANTED, "Ana")]


async def test_what_fails_is_said_to_the_model_and_other_calls_are_left_alone(office: Office) -> None:
    search = AnthropicToolSearch(office.shed)
    given = [
        ("a", WANTED, {"who": "nobody"}),
        ("b", WANTED, {}),
        ("c", "search_tools", {}),
        ("d", "my_own_tool", {}),
        ("e", WANTED, {"who": "Ana"}),
    ]
    calls = [{"type": "tool_use", "id": key, "name": name, "input": value} for key, name, value in given]
    results = search.results([{"type": "text", "text": "Let me see."}, *calls])
    assert [one["tool_use_id"] for one in results] == ["a", "b", "c", "e"]
    assert [one.get("is_error", False) for one in results] == [True, True, True, False]
    assert "nobody cannot have it done" in results[0]["content"]
    assert "who" in results[1]["content"]
    assert await search.aresults(calls) == results


def test_a_caller_gets_the_tools_that_he_may_see(office: Office) -> None:
    (tool_id,) = (one for one in office.shed.list_tools() if one.endswith(WANTED))
    view = office.shed.seen_by(Visibility(frozenset(), frozenset({tool_id})))
    assert [tool["name"] for tool in AnthropicToolSearch(view).tools] == ["search_tools", WANTED]
    nothing = AnthropicToolSearch(office.shed.seen_by(Visibility(frozenset())))
    call = {"type": "tool_use", "id": "a", "name": "search_tools", "input": {"query": TASK}}
    assert (
        nothing.results([call])[0]["content"] == "No tool fits. Say so, or describe the need in other words."
    )


def test_a_catalog_that_cannot_be_sent_is_refused(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anthropic_tool_search, "_MAX_TOOLS", 999)
    with pytest.raises(ConfigurationError, match="1,000 tools, and Anthropic takes 999"):
        AnthropicToolSearch(office.shed)


def test_a_tool_that_is_called_as_the_search_is_refused(shed: Any) -> None:
    shed.add_tools(make_tool("search_tools"))
    with pytest.raises(ConfigurationError, match="as the search is"):
        AnthropicToolSearch(shed)

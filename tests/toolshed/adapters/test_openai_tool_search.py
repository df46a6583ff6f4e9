"""The openai SDK with our client-executed tool search over 1,000 tools, on a scripted server."""

import json
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI

from tests.provider_stub import Json, Turn, scripted_provider
from tests.toolshed.adapters.conftest import TASK, WANTED, Office
from toolshed import OpenAIToolSearch
from toolshed.errors import ConfigurationError
from toolshed.testing import make_tool

MODEL = "gpt-5.4"


def loaded(body: Json) -> list[str]:
    """The tools that the model may call, each behind its namespace."""
    outputs = [item for item in body["input"] if item.get("type") == "tool_search_output"]
    spaces = [space for output in outputs for space in output["tools"]]
    assert all(space["type"] == "namespace" and space["description"] for space in spaces)
    return [f"{space['name']}/{tool['name']}" for space in spaces for tool in space["tools"]]


def clerk(body: Json) -> Turn:
    if "done for Ana" in json.dumps(body["input"][-1]):
        return Turn("It was done for Ana.")
    wanted = f"office/{WANTED}"
    return Turn(
        calls=[(wanted, {"who": "Ana"}) if wanted in loaded(body) else ("tool_search", {"query": TASK})]
    )


@pytest.mark.parametrize("is_async", [False, True])
async def test_an_agent_finds_its_tool_calls_it_and_answers(office: Office, is_async: bool) -> None:
    search = OpenAIToolSearch(office.shed, k=4)
    conversation: list[Any] = [{"role": "user", "content": TASK}]
    tools: Any = search.tools
    seen: list[Json] = []
    with scripted_provider(clerk, seen) as url:
        client = OpenAI(base_url=url, api_key="none", max_retries=0)
        aclient = AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
        for _ in range(4):
            if is_async:
                reply = await aclient.responses.create(model=MODEL, input=conversation, tools=tools)
                items = await search.aoutputs(reply.output)
            else:
                reply = client.responses.create(model=MODEL, input=conversation, tools=tools)
                items = search.outputs(reply.output)
            if not items:
                break
            conversation += [*reply.output, *items]
        client.close()
        await aclient.close()
    assert reply.output_text == "It was done for Ana."
    assert office.done == [(WANTED, "Ana")]
    assert len(seen) == 3
    assert [len(loaded(body)) for body in seen] == [0, 4, 4]
    assert json.dumps(seen[2]["input"]).startswith(json.dumps(seen[1]["input"])[:-1]), "the cache holds"
    assert len({json.dumps(body["tools"]) for body in seen}) == 1


def call(name: str, arguments: Any, namespace: str | None = "office") -> Json:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"type": "function_call", "call_id": name, "name": name, "arguments": text, "namespace": namespace}


async def test_what_fails_is_said_to_the_model_and_other_calls_are_left_alone(office: Office) -> None:
    search = OpenAIToolSearch(office.shed)
    output = [
        call(WANTED, {"who": "nobody"}),
        call(WANTED, {}),
        call(WANTED, "{half"),
        call("invented", {}),
        call("my_own_function", {}, None),
        {"type": "tool_search_call", "call_id": "s", "execution": "client", "arguments": {}},
        {"type": "tool_search_call", "call_id": "t", "execution": "server", "arguments": {}},
    ]
    items = search.outputs(output)
    assert [item["call_id"] for item in items] == [WANTED, WANTED, WANTED, "invented", "s"]
    assert "nobody cannot have it done" in items[0]["output"]
    assert "who" in items[1]["output"]
    assert "must be a JSON object" in items[2]["output"]
    assert "no tool is exported as 'invented'" in items[3]["output"]
    assert items[4]["tools"] == []
    assert await search.aoutputs(output) == items
    assert office.done == []


def test_tools_stand_in_namespaces_by_source(shed: Any) -> None:
    shed.add_tools(
        make_tool("open_ticket", "Open a ticket for a customer.", source="help.desk"),
        make_tool("sell_ticket", "Sell a ticket to a customer.", source="opera"),
        make_tool("close_ticket", "Close a ticket of a customer.", source="help.desk"),
    )
    item = {"type": "tool_search_call", "call_id": "s", "execution": "client"}
    found = OpenAIToolSearch(shed, k=3, abstain_below=0.0)
    (output,) = found.outputs([{**item, "arguments": '{"query": "open, close and sell a ticket"}'}])
    spaces = {space["name"]: {tool["name"] for tool in space["tools"]} for space in output["tools"]}
    assert spaces == {"help_desk": {"open_ticket", "close_ticket"}, "opera": {"sell_ticket"}}


def test_an_option_that_there_is_not_is_refused(office: Office) -> None:
    with pytest.raises(ConfigurationError, match="unknown option"):
        OpenAIToolSearch(office.shed, source="office")  # type: ignore[call-arg]  # what is tested

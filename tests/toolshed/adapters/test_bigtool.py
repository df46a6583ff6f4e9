"""Agents of langgraph-bigtool that find their tool among 1,000, on a scripted OpenAI-compatible server."""

import json
from typing import Any

import pytest
from langchain_openai import ChatOpenAI
from langgraph.prebuilt import ToolNode
from langgraph_bigtool import create_agent  # type: ignore[import-untyped]  # it says nothing of its types

from tests.provider_stub import Json, Script, Turn, scripted_provider
from tests.toolshed.adapters.conftest import TASK, WANTED, Office
from toolshed import BigtoolTools
from toolshed.errors import ConfigurationError
from toolshed.testing import make_tool


@pytest.fixture(autouse=True)
def _whole_tool_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """bigtool 0.0.3 uses a method that langgraph-prebuilt has no more since 1.0.2; calls need none of it."""
    if not hasattr(ToolNode, "inject_tool_args"):
        monkeypatch.setattr(
            ToolNode, "inject_tool_args", lambda node, call, state, store: call, raising=False
        )


def names(body: Json) -> list[str]:
    return [one["function"]["name"] for one in body["tools"]]


def clerk(body: Json) -> Turn:
    last = body["messages"][-1]
    if last["role"] == "tool" and "done for" in last["content"]:
        return Turn(f"It was {last['content']}.")
    has_it = WANTED in names(body)
    return Turn(calls=[(WANTED, {"who": "Ana"}) if has_it else ("retrieve_tools", {"query": TASK})])


async def run(office: Office, script: Script, seen: list[Json], *, is_async: bool = False) -> Any:
    tools = BigtoolTools(office.shed, k=4)
    with scripted_provider(script, seen) as url:
        model = ChatOpenAI(model="gpt-4o-mini", base_url=url, api_key="none", max_retries=0)  # type: ignore[arg-type]  # a secret
        functions: Any = {"retrieve_tools_function": tools.retrieve_tools}
        if is_async:
            functions["retrieve_tools_coroutine"] = tools.aretrieve_tools
        agent: Any = create_agent(model, dict(tools.registry), **functions).compile()
        asked = {"messages": [{"role": "user", "content": TASK}]}
        return await agent.ainvoke(asked) if is_async else agent.invoke(asked)


@pytest.mark.parametrize("is_async", [False, True])
async def test_an_agent_finds_its_tool_calls_it_and_answers(office: Office, is_async: bool) -> None:
    seen: list[Json] = []
    result = await run(office, clerk, seen, is_async=is_async)
    assert result["messages"][-1].content == "It was done for Ana."
    assert office.done == [(WANTED, "Ana")]
    assert [len(names(body)) for body in seen] == [1, 5, 5]
    assert json.dumps(seen[1]["tools"][:1]) == json.dumps(seen[0]["tools"])


async def test_a_tool_that_fails_says_so_to_the_model(office: Office) -> None:
    def careless(body: Json) -> Turn:
        results = [one["content"] for one in body["messages"] if one["role"] == "tool"]
        if not results:
            return clerk(body)
        return Turn(results[1]) if len(results) == 2 else Turn(calls=[(WANTED, {"who": "nobody"})])

    result = await run(office, careless, [])
    assert "nobody cannot have it done" in result["messages"][-1].content


def test_what_came_after_the_registry_was_read_is_not_offered(shed: Any) -> None:
    shed.add_tools(make_tool("open_ticket", "Open a ticket."))
    tools = BigtoolTools(shed, abstain_below=0.0)
    shed.add_tools(make_tool("close_ticket", "Close a ticket.", source="later"))
    assert tools.retrieve_tools("Close the ticket.") == ["open_ticket"]
    assert set(BigtoolTools(shed).retrieve_tools("Close the ticket.")) >= {"close_ticket"}


def test_an_option_that_there_is_not_is_refused(office: Office) -> None:
    with pytest.raises(ConfigurationError, match="unknown option"):
        BigtoolTools(office.shed, source="office")  # type: ignore[call-arg]  # what is tested

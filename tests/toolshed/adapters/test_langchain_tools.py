"""Agents of LangChain that find their tool among 1,000, on a scripted OpenAI-compatible server."""

import itertools
import json
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver

from tests.provider_stub import Json, Turn, scripted_provider
from tests.toolshed.adapters.conftest import TASK, WANTED, Office
from toolshed import BackboneMiddleware, ToolshedMiddleware
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.running.account import CostAccount
from toolshed.economics.running.backbone_policy import BackbonePolicy
from toolshed.errors import ConfigurationError, InvalidQueryError
from toolshed.visibility import Visibility

MODEL = "gpt-4o-mini"


@tool
def clock() -> str:
    """The time."""
    return "noon"


def names(body: Json) -> list[str]:
    return [one["function"]["name"] for one in body["tools"]]


def clerk(body: Json) -> Turn:
    """Calls the tool that it wants as soon as it has it, and searches for it before."""
    last = body["messages"][-1]
    if last["role"] == "tool" and "done for" in last["content"]:
        return Turn(f"It was {last['content']}.")
    has_it = WANTED in names(body)
    return Turn(calls=[(WANTED, {"who": "Ana"}) if has_it else ("search_tools", {"query": TASK})])


def chat(url: str) -> ChatOpenAI:
    return ChatOpenAI(model=MODEL, base_url=url, api_key="none", max_retries=0)  # type: ignore[arg-type]  # a secret


def agent(url: str, middleware: list[Any], **options: Any) -> Any:
    return create_agent(chat(url), tools=[clock], middleware=middleware, **options)


def asks(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


@pytest.mark.parametrize("is_async", [False, True])
async def test_an_agent_finds_its_tool_calls_it_and_answers(office: Office, is_async: bool) -> None:
    seen: list[Json] = []
    with scripted_provider(clerk, seen) as url:
        made = agent(url, [ToolshedMiddleware(office.shed, k=4)])
        result = await made.ainvoke(asks(TASK)) if is_async else made.invoke(asks(TASK))
    assert result["messages"][-1].content == "It was done for Ana."
    assert office.done == [(WANTED, "Ana")]
    assert len(seen) == 2
    assert len(names(seen[0])) <= 6
    assert seen[0]["tools"] == seen[1]["tools"]


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_model_searches_for_what_the_user_did_not_say(office: Office, is_async: bool) -> None:
    seen: list[Json] = []
    with scripted_provider(clerk, seen) as url:
        made = agent(url, [ToolshedMiddleware(office.shed, k=3)])
        asked = asks("Print the recipe in the district fari, and then do what I told you yesterday.")
        result = await made.ainvoke(asked) if is_async else made.invoke(asked)
    assert result["messages"][-1].content == "It was done for Ana."
    assert office.done == [(WANTED, "Ana")]
    first, second = seen[0]["tools"], seen[1]["tools"]
    assert json.dumps(second[: len(first)]) == json.dumps(first), "what was sent stays, byte for byte"
    assert WANTED in names(seen[1])[len(first) :]


def test_the_turns_of_a_conversation_add_tools_at_the_end(office: Office) -> None:
    turns = [TASK, "Now measure the battery in the district eastc.", "And in northa?", TASK]
    seen: list[Json] = []
    with scripted_provider(lambda body: Turn("Noted."), seen) as url:
        made = agent(url, [ToolshedMiddleware(office.shed, k=3)], checkpointer=InMemorySaver())
        for turn in turns:
            made.invoke(asks(turn), {"configurable": {"thread_id": "1"}})
    sent = [body["tools"] for body in seen]
    for before, after in itertools.pairwise(sent):
        assert json.dumps(after[: len(before)]) == json.dumps(before)
    assert "measure_battery_eastc" in names(seen[1])[len(sent[0]) :]
    assert "measure_battery_northa" in names(seen[2])
    assert sent[3] == sent[2], "what is there already is not added again"


def test_no_more_tools_are_loaded_than_are_allowed(office: Office) -> None:
    seen: list[Json] = []

    def searches(body: Json) -> Turn:
        last = body["messages"][-1]
        if last["role"] == "tool":
            return Turn(last["content"])
        return Turn(calls=[("search_tools", {"query": "Measure the battery in the district eastc."})])

    with scripted_provider(searches, seen) as url:
        made = agent(url, [ToolshedMiddleware(office.shed, k=3, max_tools=3)])
        answer = made.invoke(asks(TASK))["messages"][-1].content
    assert answer == "There are 3 tools already; make do with those."
    assert seen[1]["tools"] == seen[0]["tools"]


def test_a_tool_that_fails_says_so_to_the_model(office: Office) -> None:
    def careless(body: Json) -> Turn:
        results = [one["content"] for one in body["messages"] if one["role"] == "tool"]
        given: list[Json] = [{"who": "nobody"}, {}, {"who": "Ana"}]
        if len(results) == len(given):
            return Turn(json.dumps(results))
        return Turn(calls=[(WANTED, given[len(results)])])

    with scripted_provider(careless) as url:
        result = agent(url, [ToolshedMiddleware(office.shed)]).invoke(asks(TASK))
    raised, refused, done = json.loads(result["messages"][-1].content)
    assert "nobody cannot have it done" in raised
    assert "who" in refused
    assert done == "done for Ana"
    statuses = [one.status for one in result["messages"] if one.type == "tool"]
    assert statuses == ["error", "error", "success"]


def test_tools_that_a_caller_may_not_see_are_neither_loaded_nor_called(office: Office) -> None:
    view = office.shed.seen_by(Visibility(sources=frozenset({"another"})))

    def insists(body: Json) -> Turn:
        last = body["messages"][-1]
        return Turn(last["content"]) if last["role"] == "tool" else Turn(calls=[(WANTED, {"who": "Ana"})])

    seen: list[Json] = []
    with scripted_provider(insists, seen) as url:
        result = agent(url, [ToolshedMiddleware(view)]).invoke(asks(TASK))
    assert set(names(seen[0])) == {"search_tools", "clock"}
    assert "not a valid tool" in result["messages"][-1].content
    assert office.done == []


def test_the_backbone_is_chosen_knowing_the_tools(office: Office) -> None:
    account = CostAccount(Ledger("memory:"))
    policy = BackbonePolicy(account, [MODEL], failure_price=1)
    with scripted_provider(clerk) as url:
        models = {MODEL: chat(url)}
        made = agent(url, [ToolshedMiddleware(office.shed), BackboneMiddleware(policy, models)])
        result = made.invoke(asks(TASK))
    assert result["messages"][-1].content == "It was done for Ana."
    story = account.ledger.task(result["toolshed_task_id"])
    assert len(story["calls"]) == 2
    assert len(story["decisions"]) == 1
    account.close()


def test_what_makes_no_sense_is_refused_when_it_is_made(office: Office) -> None:
    with pytest.raises(ConfigurationError, match="unknown option 'source'"):
        ToolshedMiddleware(office.shed, source=["office"])  # type: ignore[call-arg]  # what is tested
    with pytest.raises(InvalidQueryError, match="k"):
        ToolshedMiddleware(office.shed, k=0)
    with pytest.raises(ConfigurationError, match="max_tools is 3"):
        ToolshedMiddleware(office.shed, k=4, max_tools=3)

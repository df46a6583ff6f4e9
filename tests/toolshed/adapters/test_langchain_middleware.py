"""The middleware in real LangChain agents, on a scripted OpenAI-compatible server."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from tests.locked_ledger import heartbeat, locked
from tests.openai_stub import Script, scripted_openai
from toolshed.adapters.langchain_middleware import BackboneMiddleware
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.reporting.report import build_report
from toolshed.economics.running.account import CostAccount
from toolshed.economics.running.backbone_policy import BackbonePolicy
from toolshed.economics.running.terms import Budget
from toolshed.errors import BudgetExceededError

SMALL, LARGE = "gpt-4o-mini", "gpt-4o"
USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


def tool_call(arguments: str = '{"city": "Lisbon"}') -> dict[str, Any]:
    function = {"name": "weather", "arguments": arguments}
    return {"content": None, "tool_calls": [{"id": "1", "type": "function", "function": function}]}


def asks_then_answers(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    if body["messages"][-1]["role"] == "tool":
        return {"content": f"{body['model']} says sunny"}, USAGE
    return tool_call(), USAGE


@pytest.fixture
def account() -> Iterator[CostAccount]:
    opened = CostAccount(Ledger("memory:"))
    yield opened
    opened.close()


def agent(url: str, policy: BackbonePolicy, **options: Any) -> Any:
    models = {
        name: ChatOpenAI(model=name, base_url=f"{url}/v1", api_key="none", max_retries=0)  # type: ignore[arg-type]  # a secret
        for name in (SMALL, LARGE)
    }
    middleware = BackboneMiddleware(policy, models, **options)
    return create_agent(models[LARGE], tools=[weather], middleware=[middleware])


QUESTION = {"messages": [{"role": "user", "content": "How is the weather in Lisbon?"}]}


def test_a_run_is_one_task_whose_calls_are_booked_on_the_chosen_model(account: CostAccount) -> None:
    policy = BackbonePolicy(account, [SMALL, LARGE], failure_price=0.001)
    seen: list[dict[str, Any]] = []
    with scripted_openai(asks_then_answers, seen) as url:
        result = agent(url, policy).invoke(QUESTION)
    assert result["messages"][-1].content == f"{SMALL} says sunny"
    assert [body["model"] for body in seen] == [SMALL, SMALL]
    story = account.ledger.task(result["toolshed_task_id"])
    assert len(story["decisions"]) == 1
    # Twice 1000 x $.15/M + 100 x $.60/M
    assert [call["cost"] for call in story["calls"]] == [Decimal("0.00021")] * 2
    assert story["outcomes"] == []
    learnt, booked = account.selector.evidence, account.ledger.evidence()
    assert learnt.tokens.n.sum() == booked.tokens.n.sum() == 1, "a run is learnt as one, whatever its calls"
    assert learnt.tokens.log_sum.sum((1, 2)) == pytest.approx(booked.tokens.log_sum.sum((1, 2)))
    account.report(result["toolshed_task_id"], True)
    assert account.ledger.evidence().passes.sum() == 1


async def test_a_failed_check_escalates_once_and_both_outcomes_are_booked(account: CostAccount) -> None:
    policy = BackbonePolicy(account, [SMALL, LARGE], failure_price=0.05)

    def knows(message: AIMessage) -> bool:
        return LARGE + " says" in str(message.content)

    with scripted_openai(asks_then_answers) as url:
        result = await agent(url, policy, check=knows).ainvoke(QUESTION)
    assert result["messages"][-1].content == f"{LARGE} says sunny"
    story = account.ledger.task(result["toolshed_task_id"])
    assert [one["model"] for one in story["decisions"]] == [SMALL, LARGE]
    assert story["decisions"][1]["failed_before"] == [SMALL]
    assert {one["passed"] for one in story["outcomes"]} == {True, False}
    assert len(story["calls"]) == 3
    evidence = account.ledger.evidence()
    assert evidence.failures[evidence.row(SMALL)].sum() == 1
    assert evidence.retry_passes[evidence.row(LARGE)].sum() == 1


def test_a_failed_check_is_booked_even_when_the_next_backbone_breaks(account: CostAccount) -> None:
    def breaks(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        if body["model"] == LARGE:
            raise ValueError("overloaded")
        return {"content": "no idea"}, USAGE

    policy = BackbonePolicy(account, [SMALL, LARGE], failure_price=0.05)
    with scripted_openai(breaks) as url, pytest.raises(Exception, match="overloaded"):
        agent(url, policy, check=lambda message: False).invoke(QUESTION)
    evidence = account.ledger.evidence()
    assert evidence.failures[evidence.row(SMALL)].sum() == 1
    assert evidence.n_judged == 1, "whether the broken one would have passed is not known"


def test_a_provider_without_usage_is_booked_as_an_estimate(account: CostAccount) -> None:
    policy = BackbonePolicy(account, [SMALL], failure_price=1)
    with scripted_openai(lambda body: ({"content": "sunny"}, None)) as url:
        result = agent(url, policy).invoke(QUESTION)
    (call,) = account.ledger.task(result["toolshed_task_id"])["calls"]
    assert call["usage_source"] == "estimate"
    assert call["cost"] > 0


def test_a_call_that_fails_is_booked_with_its_error(account: CostAccount) -> None:
    def refuses(body: dict[str, Any]) -> tuple[dict[str, Any], None]:
        raise ValueError("no such luck")

    script: Script = refuses
    policy = BackbonePolicy(account, [SMALL], failure_price=1)
    with scripted_openai(script) as url, pytest.raises(Exception, match="no such luck"):
        agent(url, policy).invoke(QUESTION)
    report = build_report(account.ledger, by="class")
    assert [row.n_unknown for row in report.rows] == [1]


def test_a_spent_budget_stops_the_agent_before_it_calls(account: CostAccount) -> None:
    policy = BackbonePolicy(
        account, [SMALL, LARGE], failure_price=1, budget=Budget(limit_usd=Decimal("0.0000001"))
    )
    seen: list[dict[str, Any]] = []
    with (
        scripted_openai(asks_then_answers, seen) as url,
        pytest.raises(BudgetExceededError, match="too little"),
    ):
        agent(url, policy).invoke(QUESTION)
    assert seen == []


async def test_an_agents_loop_ticks_on_while_another_process_holds_the_ledger(tmp_path: Path) -> None:
    account = CostAccount(Ledger(tmp_path / "ledger.db"))
    policy = BackbonePolicy(account, [SMALL], failure_price=1)
    with scripted_openai(lambda body: ({"content": "sunny"}, USAGE)) as url:
        made = agent(url, policy, check=lambda message: True)
        async with heartbeat() as ticks:
            with locked(tmp_path / "ledger.db", lambda: len(ticks) > 30):
                result = await made.ainvoke(QUESTION)
                assert len(ticks) > 30
    story = account.ledger.task(result["toolshed_task_id"])
    assert ([call["error"] for call in story["calls"]], len(story["outcomes"])) == ([None], 1)
    account.close()


def test_the_class_of_a_run_is_found_from_its_first_request(account: CostAccount) -> None:
    asked: list[int] = []

    def class_of(request: Any) -> str:
        asked.append(len(request.messages))
        return "weather"

    policy = BackbonePolicy(account, [SMALL], failure_price=1)
    with scripted_openai(asks_then_answers) as url:
        result = agent(url, policy, task_class=class_of).invoke(QUESTION)
    assert asked == [1]
    assert account.ledger.task(result["toolshed_task_id"])["decisions"][0]["task_class"] == "weather"

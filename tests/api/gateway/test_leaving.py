"""Callers that leave, and a service that ends, while a reply is made."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from tests.api.gateway.conftest import ServeGateway
from tests.provider_stub import Turn
from tests.waiting import PATIENCE_SECONDS
from toolshed.economics.choosing.candidates import StepFeatures
from toolshed.economics.choosing.step_request import StepRequest
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import Task
from toolshed.economics.running.account import CostAccount
from toolshed.economics.running.attempts import Attempts
from toolshed.economics.running.terms import Budget
from toolshed_api.gateway import endpoints
from toolshed_api.gateway.exchange import Exchange
from toolshed_api.gateway.streaming import Streamed

PATH = "/v1/chat/completions"
BUDGET = Budget(limit_usd=Decimal(1))
BODY: dict[str, Any] = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": "Count."}],
    "max_tokens": 500,
    "stream": True,
}
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
FORM = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}


def committed(account: CostAccount) -> Decimal:
    return account.ledger.committed_usd(window_start=BUDGET.window_start(datetime.now(UTC)))


@pytest.fixture
def account() -> Iterator[CostAccount]:
    opened = CostAccount(Ledger("memory:"))
    yield opened
    opened.close()


@pytest.mark.parametrize(("text", "passed"), [('{"n": 3}', True), ('{"n": "three"}', False)])
def test_a_reply_is_judged_though_its_listener_leaves_at_its_end(
    serve_gateway: ServeGateway, monkeypatch: pytest.MonkeyPatch, text: str, passed: bool
) -> None:
    gateway = serve_gateway(lambda body: Turn(text))
    left, reported = threading.Event(), threading.Event()
    leave, book, report = Streamed.leave, Attempts.book, Attempts.report

    def told_to_leave(streamed: Streamed) -> None:
        leave(streamed)
        left.set()

    def booked_late(attempts: Attempts, *given: Any) -> None:
        assert left.wait(PATIENCE_SECONDS)
        book(attempts, *given)

    def reported_then(attempts: Attempts, passed: bool | None) -> None:
        report(attempts, passed)
        reported.set()

    monkeypatch.setattr(Streamed, "leave", told_to_leave)
    monkeypatch.setattr(Attempts, "book", booked_late)
    monkeypatch.setattr(Attempts, "report", reported_then)
    with gateway.http.stream("POST", PATH, json={**BODY, "response_format": FORM}) as answer:
        assert "data: [DONE]" in answer.iter_lines()
        task_id = answer.headers["x-toolshed-task-id"]
    assert reported.wait(PATIENCE_SECONDS)
    story = gateway.shed.account.ledger.task(task_id)
    assert [one["passed"] for one in story["outcomes"]] == [passed]


def test_what_was_read_when_the_service_ends_is_booked(
    serve_gateway: ServeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = serve_gateway(lambda body: Turn("word " * 400, delay=0.05))
    begun: list[tuple[Exchange, asyncio.AbstractEventLoop]] = []
    begin = endpoints.begin_stream

    def noted(exchange: Exchange) -> Streamed:
        begun.append((exchange, asyncio.get_running_loop()))
        return begin(exchange)

    monkeypatch.setattr(endpoints, "begin_stream", noted)
    with gateway.http.stream("POST", PATH, json=BODY) as answer:
        lines = answer.iter_lines()
        assert any("word" in line for line in lines)
        ((exchange, loop),) = begun
        asyncio.run_coroutine_threadsafe(exchange.gateway.close(), loop).result(PATIENCE_SECONDS)
        assert "the service ended" in "".join(lines)
    (call,) = gateway.calls()
    assert call["output_tokens"] > 0
    assert call["error"]


def test_no_model_is_asked_when_nobody_listens_any_more(
    serve_gateway: ServeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = serve_gateway(lambda body: Turn("never"), budgets=[{"limit_usd": 1}])
    begin, ended = endpoints.begin_stream, threading.Event()

    def begun_and_left(exchange: Exchange) -> Streamed:
        streamed = begin(exchange)
        assert streamed.task is not None
        streamed.task.add_done_callback(lambda _: ended.set())
        streamed.leave()
        return streamed

    monkeypatch.setattr(endpoints, "begin_stream", begun_and_left)
    with pytest.raises(httpx.HTTPError):
        gateway.http.post(PATH, json=BODY).raise_for_status()
    assert ended.wait(PATIENCE_SECONDS)
    assert gateway.seen == []
    assert gateway._booked() == []
    assert committed(gateway.shed.account) == 0


async def test_what_is_prepared_for_nobody_gives_its_reservation_back(account: CostAccount) -> None:
    attempts = Attempts(account, Task("x"), BUDGET)
    features = StepFeatures(input_tokens=1000, check_usd=Decimal(0))
    attempts.begin(StepRequest("x", ("gpt-4o-mini",), features, failure_usd=0.05))
    assert committed(account) > 0
    loop = asyncio.get_running_loop()
    preparing: asyncio.Future[Any] = loop.create_future()
    waiting = loop.create_task(endpoints._kept(preparing))
    for _ in range(2):
        await asyncio.sleep(0)
        waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    preparing.set_result(SimpleNamespace(attempts=attempts))
    await asyncio.sleep(0)
    await loop.shutdown_default_executor()
    assert committed(account) == 0

"""Upstreams that fail, callers that leave, budgets that end, requests that are none."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import anthropic
import httpx
import openai
import pytest

from tests.api.gateway.conftest import Served, ServeGateway
from tests.provider_stub import Turn
from toolshed_api.gateway import deferred_indexes, tool_sources
from toolshed_api.gateway.streaming import Streamed
from toolshed_api.problems import OverloadedError

HELLO = [{"role": "user", "content": "Say hello to everybody in this long row of people."}]
WORDS = " ".join(["word"] * 20)
FAST = {"limits": {"connect": 5, "idle": 1, "total": 5}}
PATHS = ["/v1/chat/completions", "/v1/responses", "/v1/messages"]
BODY = {"model": "gpt-4o-mini", "messages": HELLO, "input": HELLO, "max_tokens": 500}
Raised = (openai.APIError, anthropic.APIError)


def body_of(path: str, **more: Any) -> dict[str, Any]:
    given = {"model": "gpt-4o-mini", **more}
    if path == "/v1/responses":
        return {**given, "input": HELLO}
    return {**given, "messages": HELLO, "max_tokens": 500}


def ask(gateway: Served, path: str) -> object:
    chat, claude = gateway.openai(), gateway.anthropic()
    match path:
        case "/v1/chat/completions":
            return chat.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
        case "/v1/responses":
            return chat.responses.create(model="gpt-4o-mini", input="hello")
        case _:
            return claude.messages.create(model="gpt-4o-mini", max_tokens=500, messages=HELLO)


def stream(gateway: Served, path: str) -> list[object]:
    chat, claude = gateway.openai(), gateway.anthropic()
    match path:
        case "/v1/chat/completions":
            return list(chat.chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=True))
        case "/v1/responses":
            return list(chat.responses.create(model="gpt-4o-mini", input="hello", stream=True))
        case _:
            return list(
                claude.messages.create(model="gpt-4o-mini", max_tokens=500, messages=HELLO, stream=True)
            )


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("fault", "status"),
    [("drop", 502), ("half", 502), ("garbage", 502), ("stall", 504), (500, 502), (401, 502)],
)
def test_an_upstream_that_fails_is_told_in_the_dialect(
    serve_gateway: ServeGateway, path: str, fault: str | int, status: int
) -> None:
    gateway = serve_gateway(lambda body: Turn(WORDS, fault=fault), **FAST)
    with pytest.raises(Raised) as raised:
        ask(gateway, path)
    assert raised.value.status_code == status
    assert "sk-the" not in str(raised.value)
    (call,) = gateway.calls()
    assert call["error"]
    is_billed = not isinstance(fault, int)
    assert (call["cost"] > 0) == is_billed


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("fault", ["half", "garbage", "stall", "error", "drop"])
def test_a_stream_that_breaks_ends_in_an_error_and_is_booked(
    serve_gateway: ServeGateway, path: str, fault: str
) -> None:
    gateway = serve_gateway(lambda body: Turn(WORDS, fault=fault), **FAST)
    with pytest.raises(Raised):
        stream(gateway, path)
    (call,) = gateway.calls()
    assert call["error"]
    assert call["cost"] > 0
    assert (call["output_tokens"] > 0) == (fault != "drop")


@pytest.mark.parametrize("path", PATHS)
def test_what_the_upstream_says_of_the_request_is_handed_on(serve_gateway: ServeGateway, path: str) -> None:
    gateway = serve_gateway(lambda body: Turn(fault=429))
    with pytest.raises((openai.RateLimitError, anthropic.RateLimitError), match="status 429"):
        ask(gateway, path)
    with pytest.raises((openai.RateLimitError, anthropic.RateLimitError), match="status 429"):
        stream(gateway, path)
    assert [call["cost"] for call in gateway.calls(2)] == [0, 0]


def test_who_leaves_half_way_is_booked(serve_gateway: ServeGateway) -> None:
    gateway = serve_gateway(lambda body: Turn(WORDS * 20, delay=0.05))
    with gateway.http.stream("POST", PATHS[0], json=body_of(PATHS[0], stream=True)) as answer:
        for _, line in zip(range(20), answer.iter_lines(), strict=False):
            assert line is not None
    (call,) = gateway.calls()
    assert call["usage_source"] == "estimate"
    assert 0 < call["output_tokens"] < 200
    assert call["error"] is None


@pytest.mark.parametrize("path", PATHS)
def test_a_budget_refuses_before_anything_is_spent(serve_gateway: ServeGateway, path: str) -> None:
    gateway = serve_gateway(lambda body: Turn("x"), budgets=[{"limit_usd": 0.0000001}])
    with pytest.raises((openai.APIStatusError, anthropic.APIStatusError), match="budget") as raised:
        ask(gateway, path)
    assert raised.value.status_code == 402
    with pytest.raises((openai.APIStatusError, anthropic.APIStatusError), match="budget"):
        stream(gateway, path)
    assert gateway.seen == []


@pytest.mark.parametrize("whose", [{}, {"tenant": "default"}, {"caller": "anybody"}])
def test_sixteen_streams_at_once_stay_within_one_cap(
    serve_gateway: ServeGateway, whose: dict[str, str]
) -> None:
    # Each takes up to 100 tokens of gpt-4o-mini and says so: $0.00006 and its prompt.
    cap = Decimal("0.0004")
    gateway = serve_gateway(
        lambda body: Turn(WORDS, usage=(20, body["max_tokens"]), delay=0.01),
        budgets=[{"limit_usd": str(cap), **whose}],
    )

    def one(_: int) -> int:
        body = {**body_of(PATHS[0], stream=True), "max_tokens": 100}
        return gateway.http.post(PATHS[0], json=body).status_code

    with ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(one, range(16)))
    n_served = codes.count(200)
    assert 0 < n_served < 16
    assert set(codes) == {200, 402}
    booked = gateway.calls(n_served)
    assert len(booked) == n_served == len(gateway.seen)
    assert sum(call["cost"] for call in booked) <= cap


def test_a_budget_caps_a_reply_whose_length_nobody_bounds(serve_gateway: ServeGateway) -> None:
    gateway = serve_gateway(lambda body: Turn("x"), budgets=[{"limit_usd": 1}])
    gateway.openai().chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    assert gateway.seen[0]["max_completion_tokens"] > 0


SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "answer",
        "schema": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
    },
}
GROUP = {"auto": {"models": ["gpt-4o-mini", "gpt-4o"], "failure_price_usd": 5, "task_class": "math"}}


def test_a_reply_that_fails_its_form_is_asked_for_once_more(serve_gateway: ServeGateway) -> None:
    script = iter([Turn('{"n": "three"}'), Turn('{"n": 3}')])
    gateway = serve_gateway(lambda body: next(script), groups=GROUP)
    raw = gateway.openai().chat.completions.with_raw_response.create(
        model="auto", messages=HELLO, response_format=SCHEMA
    )
    assert raw.parse().choices[0].message.content == '{"n": 3}'
    models = [body["model"] for body in gateway.seen]
    assert sorted(models) == ["gpt-4o", "gpt-4o-mini"]
    assert raw.headers["x-toolshed-model"] == models[1]
    story = gateway.shed.account.ledger.task(raw.headers["x-toolshed-task-id"])
    assert [one["passed"] for one in story["outcomes"]] == [False, True]
    assert sum(one["cost"] for one in story["calls"]) == Decimal(raw.headers["x-toolshed-cost-usd"])


def test_calls_with_wrong_arguments_are_a_failed_form(serve_gateway: ServeGateway) -> None:
    tool = {"type": "function", "function": {"name": "add", "parameters": SCHEMA["json_schema"]["schema"]}}
    script = iter([Turn(calls=[("add", {"n": "x"})]), Turn(calls=[("add", {"n": 1})])])
    gateway = serve_gateway(lambda body: next(script), groups=GROUP)
    reply = gateway.openai().chat.completions.create(model="auto", messages=HELLO, tools=[tool])
    assert json.loads(reply.choices[0].message.tool_calls[0].function.arguments) == {"n": 1}


def test_a_paid_reply_is_handed_on_when_the_second_attempt_fails(serve_gateway: ServeGateway) -> None:
    script = iter([Turn("no json"), Turn(fault="drop")])
    gateway = serve_gateway(lambda body: next(script), groups=GROUP)
    reply = gateway.openai().chat.completions.create(model="auto", messages=HELLO, response_format=SCHEMA)
    assert reply.choices[0].message.content == "no json"
    assert len(gateway.calls(2)) == 2


@pytest.mark.parametrize("is_stream", [False, True])
def test_another_backbone_answers_where_one_is_down(serve_gateway: ServeGateway, is_stream: bool) -> None:
    script = iter([Turn(fault=503), Turn('{"n": 3}')])
    gateway = serve_gateway(lambda body: next(script), groups=GROUP)
    body = {**body_of(PATHS[0], stream=is_stream), "model": "auto", "response_format": SCHEMA}
    answer = gateway.http.post(PATHS[0], json=body)
    assert answer.status_code == 200
    assert len({body["model"] for body in gateway.seen}) == 2


def test_a_task_of_ones_own_is_booked_under(serve_gateway: ServeGateway) -> None:
    gateway = serve_gateway(lambda body: Turn("x"))
    task = gateway.shed.account.start_task("mine").task_id
    headers = {"x-toolshed-task-id": task}
    answer = gateway.http.post(PATHS[0], json=body_of(PATHS[0]), headers=headers)
    assert answer.headers["x-toolshed-task-id"] == task
    assert gateway.calls()[0]["task_id"] == task
    other = gateway.http.post(PATHS[0], json=body_of(PATHS[0]), headers={"x-toolshed-task-id": "nobody's"})
    assert other.status_code == 404


HOSTILE = [
    b"", b"[]", b"null", b"{", b'{"model": 1}', b'{"model": "gpt-4o-mini"}',
    b'{"model": "gpt-4o-mini", "messages": [], "input": []}',
    b'{"model": "gpt-4o-mini", "messages": "x", "input": 7, "max_tokens": 5}',
    b'{"model": "gpt-4o-mini", "messages": [1], "input": [1], "max_tokens": 5}',
    b'{"model": "gpt-4o-mini", "messages": [{}], "input": [{}], "max_tokens": 1e999}',
    b'{"model": "gpt-4o-mini", "messages": [{}], "input": "\\ud800", "max_tokens": 5, "x": "\\udfff"}',
    b'{"model": "gpt-4o-mini", "messages": [{}], "input": "x", "max_tokens": -1, "max_output_tokens": -1}',
    b'{"model": "gpt-4o-mini", "messages": [{}], "input": "x", "max_tokens": 5, "tools": {"a": 1}}',
    b'{"model": "gpt-4o-mini", "messages": [{}], "input": "x", "max_tokens": 5, "toolshed": [1]}',
    b'{"model": "gpt-4o-mini", "messages": [{}], "input": "x", "max_tokens": 5, "toolshed": {"k": 999}}',
    b'{"model": "gpt-4o-mini", "messages": [{}], "input": "x", "max_tokens": 5, "stream": "yes"}',
    b'{"a":' * 50_000, b"\xff\xfe", b"[" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_what_is_no_request_is_refused_in_the_dialect(serve_gateway: ServeGateway, path: str) -> None:
    gateway = serve_gateway(lambda body: Turn("x"))
    for content in HOSTILE:
        answer = gateway.http.post(path, content=content)
        assert 400 <= answer.status_code < 500, (content[:80], answer.text)
        error = answer.json()["error"]
        assert error["message"]
        assert error["type"]
    assert gateway.seen == []


@pytest.mark.parametrize("path", PATHS)
def test_odd_requests_are_served(serve_gateway: ServeGateway, path: str) -> None:
    gateway = serve_gateway(lambda body: Turn("x"))
    odd = [
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]},
        {"messages": [{"role": 1, "content": {"a": None}}, {"tool_calls": 1, "content": [1, None]}]},
        {"tools": [{"type": "function"}, {"defer_loading": True}, {"type": "x", "function": 1}]},
        {"tools": [{"type": "function", "function": {"name": 3, "parameters": []}, "defer_loading": True}]},
        {"toolshed": {"tools": True}, "messages": [{"role": "user", "content": "x" * 300_000}]},
        {"toolshed": {"k": 3.0, "min_confidence": 1}},
    ]
    for more in odd:
        body = {**body_of(path), **more}
        if path == "/v1/responses":
            body["input"] = body.pop("messages", HELLO)
        answer = gateway.http.post(path, json=body)
        assert answer.status_code == 200, (more, answer.text[:300])


def test_what_is_too_large_is_refused_in_the_dialect(serve_gateway: ServeGateway) -> None:
    gateway = serve_gateway(lambda body: Turn("x"))
    answer = gateway.http.post(PATHS[2], content=b" " * (9 * 2**20))
    assert answer.status_code == 413
    assert answer.json()["error"]["type"] == "request_too_large"


def test_a_key_that_is_missing_is_the_operators_affair(
    serve_gateway: ServeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = serve_gateway(lambda body: Turn("x"))
    monkeypatch.delenv("PROVIDER_KEY")
    answer = gateway.http.post(PATHS[0], json=body_of(PATHS[0]))
    assert answer.status_code == 500
    assert "PROVIDER_KEY" in answer.json()["error"]["message"]
    assert isinstance(gateway.http, httpx.Client)


KEPT: list[tuple[str, dict[str, Any]]] = [
    ("/v1/responses", {"input": [{"type": "item_reference", "id": "msg_1"}]}),
    ("/v1/responses", {"prompt": {"id": "pmpt_1"}}),
    ("/v1/responses", {"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]}),
    (
        "/v1/responses",
        {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "file-1"}]}]},
    ),
    (
        "/v1/chat/completions",
        {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}]},
    ),
    (
        "/v1/messages",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "document", "source": {"type": "file", "file_id": "f"}}],
                }
            ]
        },
    ),
    ("/v1/messages", {"container": "container_1"}),
    ("/v1/chat/completions", {"service_tier": ["flex"]}),
    ("/v1/responses", {"service_tier": {"a": 1}}),
]


@pytest.mark.parametrize(("path", "more"), KEPT)
def test_what_only_the_upstream_knows_and_odd_tiers_are_refused(
    serve_gateway: ServeGateway, path: str, more: dict[str, Any]
) -> None:
    gateway = serve_gateway(lambda body: Turn("never"))
    answer = gateway.http.post(path, json=body_of(path) | more)
    assert answer.status_code == 400
    assert not gateway.seen


def test_too_many_deferred_tools_are_refused(
    serve_gateway: ServeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool_sources, "MAX_DEFERRED", 1)
    gateway = serve_gateway(lambda body: Turn("never"))
    tools = [{"type": "function", "function": {"name": name, "parameters": {}}} for name in ("a", "b")]
    body = body_of("/v1/chat/completions", tools=tools, toolshed={"defer": True})
    assert gateway.http.post("/v1/chat/completions", json=body).status_code == 400


def test_who_waits_too_long_for_the_index_of_others_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferred_indexes, "_INDEXING_SECONDS", 0.01)
    indexes = deferred_indexes.DeferredIndexes()
    with indexes._indexing, pytest.raises(OverloadedError):
        indexes.of([], "one")


async def test_the_stream_of_a_slow_reader_ends() -> None:
    limits = SimpleNamespace(idle=0.01)
    configuration = SimpleNamespace(file=SimpleNamespace(limits=limits))
    gateway = SimpleNamespace(configuration=configuration)
    exchange = SimpleNamespace(tools=None, kept=AsyncMock(), gateway=gateway)
    streamed = Streamed(exchange)  # type: ignore[arg-type]  # as much of one as is read
    for _ in range(Streamed._MOST_WAITING + 1):
        await streamed._put(b"x")
    async with asyncio.timeout(60):
        parts = [part async for part in streamed.parts()]
    assert b"".join(parts) == b"x" * (Streamed._MOST_WAITING - 1)

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import openai
import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from tests.chat_stub import Act, misbehaving_openai
from tests.waiting import eventually_beside
from toolshed.backbones.chat import CallLimits, ChatRequest, LangChainChat, Message, OpenAIChat
from toolshed.errors import ChatModelError, ConfigurationError
from toolshed.metering.runs import RunRecord, recorded_run
from toolshed.metering.usage import Usage
from toolshed.waiting import wait_for

ASKED = ChatRequest((Message("system", "Be brief."), Message("user", "Which day is it?")))
IN_JSON = ChatRequest(ASKED.messages, schema={"type": "object"})
QUICK = CallLimits(seconds=5, n_retries=2)

Open = Callable[..., tuple[OpenAIChat, list[dict[str, Any]]]]


@pytest.fixture
def opened() -> Iterator[Open]:
    with ExitStack() as stack:

        def open_chat(*acts: Act, **options: Any) -> tuple[OpenAIChat, list[dict[str, Any]]]:
            seen: list[dict[str, Any]] = []
            server = misbehaving_openai(lambda _: acts[min(len(seen), len(acts)) - 1], seen)
            client = openai.AsyncOpenAI(base_url=stack.enter_context(server) + "/v1", api_key="none")
            return OpenAIChat("small", client=client, **{"limits": QUICK, **options}), seen

        yield open_chat


def answered(chat: Any, request: ChatRequest = ASKED) -> tuple[str, RunRecord]:
    with recorded_run() as run:
        return wait_for(chat.complete(request)).text, run


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_an_answer_and_what_it_took(opened: Open, api: str) -> None:
    chat, seen = opened("Monday.", api=api, options={"temperature": 0})
    text, run = answered(chat)
    assert text == "Monday."
    (call,) = run.calls
    assert (call.model, call.component, call.usage, call.error) == ("small", "planner", Usage(40, 9), None)
    assert seen[0]["temperature"] == 0
    assert seen[0].get("input", seen[0].get("messages")) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Which day is it?"},
    ]


@pytest.mark.parametrize("acts", [(429, "yes"), (500, 503, "yes"), ("drop", "yes")])
def test_what_passes_is_tried_again(opened: Open, acts: tuple[Act, ...]) -> None:
    chat, seen = opened(*acts)
    assert answered(chat)[0] == "yes"
    assert len(seen) == len(acts)


@pytest.mark.parametrize(
    ("act", "reason", "usage"),
    [
        (429, "was refused", Usage()),
        (401, "was refused", Usage()),
        ("drop", "failed: APIConnectionError", Usage(7, 0, source="estimate")),
        ("half", "failed: ", Usage(7, 0, source="estimate")),
        ("garbage", "failed: ", Usage(7, 0, source="estimate")),
        # An empty answer is paid for.
        (" ", "answered nothing", Usage(40, 9)),
    ],
)
def test_no_answer_is_an_error_that_is_booked(opened: Open, act: Act, reason: str, usage: Usage) -> None:
    chat, _ = opened(act)
    with recorded_run() as run, pytest.raises(ChatModelError, match=reason):
        wait_for(chat.complete(ASKED))
    (call,) = run.calls
    assert reason in (call.error or "")
    assert call.usage == usage


def test_a_slow_model_is_given_up(opened: Open) -> None:
    chat, _ = opened(3.0, limits=CallLimits(seconds=0.2))
    with recorded_run() as run, pytest.raises(ChatModelError, match=r"gave no answer in 0\.2 s"):
        wait_for(chat.complete(ASKED))
    assert run.calls[0].seconds < 3


async def test_a_call_that_is_cancelled_is_booked(opened: Open) -> None:
    chat, seen = opened(3.0)
    with recorded_run() as run:
        asked = asyncio.create_task(chat.complete(ASKED))
        await eventually_beside(lambda: seen)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        await eventually_beside(lambda: run.calls)
    assert run.calls[0].error == "was not waited for any longer"


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_server_that_takes_no_schema_is_asked_in_simpler_forms(opened: Open, api: str) -> None:
    chat, seen = opened(400, 400, "{}", api=api)
    assert answered(chat, IN_JSON)[0] == "{}"
    forms = [body.get("response_format") or body.get("text", {}).get("format") for body in seen]
    assert [form and form["type"] for form in forms] == ["json_schema", "json_object", None]
    # From then on at once.
    answered(chat, IN_JSON)
    assert len(seen) == 4
    # What is refused for another reason, or in words alone, is refused.
    plain, _ = opened(400)
    with pytest.raises(ChatModelError, match="was refused"):
        answered(plain)


def test_no_more_calls_run_at_once_than_are_allowed(opened: Open) -> None:
    running, most, lock = 0, 0, threading.Lock()
    seen: list[dict[str, Any]] = []

    def script(_: dict[str, Any]) -> Act:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.02)
        with lock:
            running -= 1
        return "yes"

    with misbehaving_openai(script, seen) as url, ThreadPoolExecutor(16) as pool:
        client = openai.AsyncOpenAI(base_url=url + "/v1", api_key="none")
        chat = OpenAIChat("small", client=client, limits=CallLimits(seconds=60, n_at_once=3))
        texts = list(pool.map(lambda _: answered(chat)[0], range(48)))
    assert texts == ["yes"] * 48
    assert most <= 3


def test_langchain_models_answer_too() -> None:
    message = AIMessage(
        [{"type": "text", "text": "Mon"}, "day."],
        usage_metadata={"input_tokens": 11, "output_tokens": 2, "total_tokens": 13},
    )
    chat = LangChainChat(GenericFakeChatModel(messages=iter([message])), model_id="fake")
    text, run = answered(chat)
    assert text == "Monday."
    assert run.calls[0].usage == Usage(11, 2)
    with pytest.raises(ChatModelError, match="failed"):
        answered(chat)


@pytest.mark.parametrize(
    "options",
    [{"api": "completions"}, {"reply_format": "xml"}, {"client": openai.OpenAI(api_key="none")}],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        OpenAIChat("small", **{"client": openai.AsyncOpenAI(api_key="none"), **options})


@pytest.mark.parametrize("bounds", [{"seconds": 0}, {"n_retries": 11}, {"n_at_once": 0}])
def test_limits_have_bounds(bounds: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="out of bounds"):
        CallLimits(**bounds)


def test_the_key_of_a_prompt_is_that_of_its_messages_and_model() -> None:
    assert ASKED.key("a") == IN_JSON.key("a")
    others = {ASKED.key("b"), ChatRequest(ASKED.messages[:1]).key("a")}
    assert len({ASKED.key("a"), *others}) == 3

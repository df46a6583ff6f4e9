"""Decision models against a server on loopback that speaks OpenAI's API."""

import json
import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from openai import AsyncOpenAI

from tests.qdrant_stub import loopback_server
from toolshed.backbones.chat import CallLimits
from toolshed.backbones.decisions import ChatDecisions, DecisionRequest, OpenAIDecisions
from toolshed.errors import ChatModelError, ConfigurationError
from toolshed.metering.runs import recorded_run

REQUEST = DecisionRequest("<data>weather</data>", ("It is about weather.", "It is about food."))
USAGE = {
    "input_tokens": 30, "output_tokens": 2, "total_tokens": 32,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens_details": {"reasoning_tokens": 0},
}  # fmt: skip


def serving(reply: Callable[[str, dict[str, Any]], Any]) -> AbstractContextManager[str]:
    """Answers each path and body as told; None is a refusal."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            content = reply(self.path, body)
            data = json.dumps({} if content is None else content).encode()
            self.send_response(500 if content is None else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
            """Keep the tests' output quiet."""

    return loopback_server(Handler)


def client(url: str) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0)


def decision(answers: list[dict[str, Any]]) -> dict[str, Any]:
    return {"answers": answers, "model": "m", "usage": USAGE}


async def test_all_statements_go_in_one_call_and_a_refusal_is_none() -> None:
    seen: list[tuple[str, dict[str, Any]]] = []

    def reply(path: str, body: dict[str, Any]) -> Any:
        seen.append((path, body))
        return decision([{"type": "predicate", "probability": 0.9}, {"type": "refusal"}])

    with serving(reply) as url, recorded_run() as run:
        answers = await OpenAIDecisions("m", client=client(url)).decide(REQUEST)
    assert answers == [0.9, None]
    ((path, body),) = seen
    assert path == "/v1/decisions"
    assert [one["instructions"] for one in body["questions"]] == list(REQUEST.statements)
    assert run.calls[0].usage.input_tokens == 30
    assert run.calls[0].component == "verifier"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="500"),
        pytest.param(decision([{"type": "predicate", "probability": 0.9}]), id="too few"),
        pytest.param({"nothing": 1}, id="another form"),
    ],
)
async def test_an_answer_that_cannot_be_used_is_an_error(answer: Any) -> None:
    with serving(lambda _path, _body: answer) as url:
        model = OpenAIDecisions("m", client=client(url), limits=CallLimits(n_retries=0))
        with pytest.raises(ChatModelError):
            await model.decide(REQUEST)


def completion(*tokens: tuple[str, float]) -> dict[str, Any]:
    tops = [{"token": token, "logprob": math.log(p), "bytes": None} for token, p in tokens]
    content = [{**tops[0], "top_logprobs": tops}]
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": tokens[0][0]},
        "finish_reason": "stop",
        "logprobs": {"content": content, "refusal": None},
    }
    return {"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}


async def test_log_probabilities_of_yes_and_no_are_a_probability() -> None:
    def reply(_path: str, body: dict[str, Any]) -> Any:
        is_weather = "about weather" in body["messages"][1]["content"]
        return completion(("Yes", 0.6), (" no", 0.2)) if is_weather else completion(("Perhaps", 0.9))

    with serving(reply) as url:
        answers = await ChatDecisions("m", client=client(url)).decide(REQUEST)
    assert answers[0] == pytest.approx(0.75)
    assert answers[1] is None


async def test_a_server_without_log_probabilities_is_an_error() -> None:
    with serving(lambda _path, _body: {"choices": []}) as url:
        model = ChatDecisions("m", client=client(url), limits=CallLimits(n_retries=0))
        with pytest.raises(ChatModelError, match="no log-probabilities"):
            await model.decide(REQUEST)


def test_a_call_has_statements_and_not_too_many() -> None:
    for statements in ((), ("x",) * 401):
        with pytest.raises(ConfigurationError, match="1 to 400"):
            DecisionRequest("text", statements)


def test_a_client_that_knows_no_decisions_is_told() -> None:
    with pytest.raises(ConfigurationError, match="upgrade openai"):
        OpenAIDecisions("m", client=object())

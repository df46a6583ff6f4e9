"""The gateway before the real SDKs: replies handed on, streamed and not, and booked."""

import anthropic
import openai
import pytest

from tests.api.gateway.conftest import ServeGateway
from tests.provider_stub import Turn

HELLO = [{"role": "user", "content": "Say hello."}]
# 40 tokens of gpt-4o-mini in and 9 out, at its list price.
MINI_USD = 40 * 0.15e-6 + 9 * 0.6e-6


def hello(body: object) -> Turn:
    return Turn("Hello from here")


def test_a_chat_completion_is_handed_on_and_booked(serve_gateway: ServeGateway) -> None:
    gateway = serve_gateway(hello)
    raw = gateway.openai().chat.completions.with_raw_response.create(model="gpt-4o-mini", messages=HELLO)
    reply = raw.parse()
    assert reply.choices[0].message.content == "Hello from here"
    assert raw.headers["x-toolshed-model"] == "gpt-4o-mini"
    assert float(raw.headers["x-toolshed-cost-usd"]) == pytest.approx(MINI_USD)
    assert raw.headers["x-request-id"]
    (call,) = gateway.calls()
    assert (call["model"], call["input_tokens"], call["output_tokens"]) == ("gpt-4o-mini", 40, 9)
    assert call["usage_source"] == "provider"
    assert call["task_id"] == raw.headers["x-toolshed-task-id"]
    assert gateway.headers[0]["authorization"] == "Bearer sk-the-upstreams-own"
    assert gateway.seen[0]["messages"] == HELLO


def test_a_streamed_chat_completion_is_handed_on_and_booked(serve_gateway: ServeGateway) -> None:
    gateway = serve_gateway(hello)
    with gateway.openai().chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=True) as chunks:
        told = list(chunks)
    assert "".join(one.choices[0].delta.content or "" for one in told) == "Hello from here"
    assert all(one.choices for one in told), "usage is told where it is asked for only"
    (call,) = gateway.calls()
    assert (call["input_tokens"], call["output_tokens"], call["usage_source"]) == (40, 9, "provider")


def test_the_usage_of_a_stream_is_told_where_it_is_asked_for(serve_gateway: ServeGateway) -> None:
    gateway = serve_gateway(hello)
    chunks = gateway.openai().chat.completions.create(
        model="gpt-4o-mini", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    assert list(chunks)[-1].usage.total_tokens == 49


def test_a_stream_ends_with_what_it_cost(serve_gateway: ServeGateway) -> None:
    gateway = serve_gateway(hello)
    body = {"model": "gpt-4o-mini", "messages": HELLO, "stream": True}
    answer = gateway.http.post("/v1/chat/completions", json=body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-toolshed-model"] == "gpt-4o-mini"
    *_, done, trailer = answer.text.strip().split("\n\n")
    assert done == "data: [DONE]"
    assert trailer.startswith(': toolshed {"cost_usd": "0.000011400"')


def test_responses_are_handed_on_and_booked(serve_gateway: ServeGateway) -> None:
    gateway = serve_gateway(hello)
    client = gateway.openai()
    assert client.responses.create(model="gpt-4o-mini", input="Say hello.").output_text == "Hello from here"
    with client.responses.stream(model="gpt-4o-mini", input="Say hello.") as events:
        said = "".join(one.delta for one in events if one.type == "response.output_text.delta")
        assert events.get_final_response().output_text == said == "Hello from here"
    assert [(call["input_tokens"], call["output_tokens"]) for call in gateway.calls(2)] == [(40, 9), (40, 9)]


def test_messages_are_handed_on_and_booked(serve_gateway: ServeGateway) -> None:
    gateway = serve_gateway(hello)
    client, model = gateway.anthropic(), "claude-3-5-haiku-latest"
    reply = client.messages.create(model=model, max_tokens=50, messages=HELLO)
    assert reply.content[0].text == "Hello from here"
    with client.messages.stream(model=model, max_tokens=50, messages=HELLO) as events:
        assert events.get_final_text() == "Hello from here"
    assert [(call["input_tokens"], call["output_tokens"]) for call in gateway.calls(2)] == [(40, 9), (40, 9)]
    assert gateway.headers[0]["x-api-key"] == "sk-the-upstreams-own"


def test_a_stream_without_usage_is_estimated_and_marked(serve_gateway: ServeGateway) -> None:
    gateway = serve_gateway(lambda body: Turn("one two three four", usage=None))
    list(gateway.openai().chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=True))
    (call,) = gateway.calls()
    assert call["usage_source"] == "estimate"
    assert call["output_tokens"] >= 4


def test_the_models_are_listed(serve_gateway: ServeGateway) -> None:
    gateway = serve_gateway(hello, groups={"auto": {"models": ["gpt-4o-mini"], "failure_price_usd": 1}})
    assert [one.id for one in gateway.openai().models.list()][:2] == ["auto", "gpt-4o-mini"]


def test_unknown_models_are_an_error_of_each_dialect(serve_gateway: ServeGateway) -> None:
    gateway = serve_gateway(hello)
    with pytest.raises(openai.NotFoundError, match=r"no model 'gpt-9'.*gpt-4o-mini"):
        gateway.openai().chat.completions.create(model="gpt-9", messages=HELLO)
    with pytest.raises(openai.NotFoundError, match="no model"):
        gateway.openai().responses.create(model="gpt-9", input="hello")
    with pytest.raises(anthropic.NotFoundError, match="no model"):
        gateway.anthropic().messages.create(model="gpt-9", max_tokens=5, messages=HELLO)
    assert gateway.calls(0) == []


def test_who_shows_no_key_is_refused_in_the_dialect(serve_gateway: ServeGateway) -> None:
    gateway = serve_gateway(hello, settings={"api_keys": ["secret"]})
    with pytest.raises(openai.AuthenticationError, match="key is not valid"):
        gateway.openai("wrong").chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    with pytest.raises(anthropic.AuthenticationError, match="key is not valid"):
        gateway.anthropic("wrong").messages.create(model="gpt-4o-mini", max_tokens=5, messages=HELLO)
    gateway.openai("secret").chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    gateway.anthropic("secret").messages.create(model="gpt-4o-mini", max_tokens=5, messages=HELLO)
    assert "secret" not in str(gateway.headers)

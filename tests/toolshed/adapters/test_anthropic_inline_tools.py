"""The anthropic SDK with tools that are defined in the conversation, out of 1,000, on a scripted server."""

import json
from itertools import pairwise
from typing import Any

from anthropic import Anthropic

from tests.provider_stub import Json, Turn, scripted_provider
from tests.toolshed.adapters.conftest import TASK, WANTED, Office
from toolshed import AnthropicInlineTools


def defined(body: Json) -> list[str]:
    additions = [
        one for message in body["messages"] if message["role"] == "system" for one in message["content"]
    ]
    assert all(one["type"] == "tool_addition" for one in additions)
    return [one["tool"]["definition"]["name"] for one in additions]


def clerk(body: Json) -> Turn:
    if "done for Ana" in json.dumps(body["messages"]):
        return Turn("It was done for Ana.")
    is_there = WANTED in defined(body)
    return Turn(calls=[(WANTED, {"who": "Ana"}) if is_there else ("search_tools", {"query": TASK})])


def test_an_agent_finds_its_tool_calls_it_and_answers(office: Office) -> None:
    inline = AnthropicInlineTools(office.shed, k=4)
    messages: list[Any] = [{"role": "user", "content": TASK}]
    seen: list[Json] = []
    headers: list[dict[str, str]] = []
    with (
        scripted_provider(clerk, seen, headers) as url,
        Anthropic(base_url=url[:-3], api_key="none") as client,
    ):
        for _ in range(4):
            tools: Any = inline.tools
            reply = client.beta.messages.create(
                model="claude-sonnet-5", max_tokens=100, messages=messages, tools=tools, betas=[*inline.betas]
            )
            answers = inline.answers(messages, reply.content)
            if not answers:
                break
            messages += [{"role": "assistant", "content": reply.content}, *answers]
    assert reply.content[0].type == "text"
    assert reply.content[0].text == "It was done for Ana."
    assert office.done == [(WANTED, "Ana")]
    assert [len(defined(body)) for body in seen] == [0, 4, 4]
    assert all(one["anthropic-beta"] == "inline-tools-2026-09-15" for one in headers)
    for before, after in pairwise(seen):
        assert after["tools"] == before["tools"]
        assert after["messages"][: len(before["messages"])] == before["messages"], "the prompt cache holds"


def use(key: str, name: str, given: Json) -> Json:
    return {"type": "tool_use", "id": key, "name": name, "input": given}


def test_what_was_defined_is_not_defined_again_and_what_was_not_is_not_called(office: Office) -> None:
    inline = AnthropicInlineTools(office.shed, k=4)
    messages: list[Json] = [{"role": "user", "content": TASK}]
    first = inline.answers(
        messages, [use("a", "search_tools", {"query": TASK}), use("b", WANTED, {"who": "Ana"})]
    )
    assert [one["role"] for one in first] == ["user", "system"]
    assert [one["tool_use_id"] for one in first[0]["content"]] == ["a"]
    assert office.done == []
    calls = [
        use("c", "search_tools", {"query": TASK}),
        use("d", "search_tools", {}),
        use("e", WANTED, {"who": "nobody"}),
        use("f", WANTED, {"who": "Ana"}),
    ]
    (second,) = inline.answers([*messages, *first], calls)
    texts = [one["content"] for one in second["content"]]
    assert WANTED in texts[0]
    assert texts[1] == "Give a query: a sentence that says what is to be done."
    assert "nobody cannot have it done" in texts[2]
    assert second["content"][2]["is_error"]
    assert texts[3] == "done for Ana"
    assert inline.answers(messages, [{"type": "text", "text": "Done."}]) == []

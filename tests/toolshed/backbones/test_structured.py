import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolshed.backbones.chat import ChatReply, ChatRequest, Message
from toolshed.backbones.structured import CallBudget, ask, call_budget, parsed
from toolshed.errors import ChatModelError
from toolshed.metering.usage import Usage

SCHEMA = {
    "type": "object",
    "properties": {"parts": {"type": "array", "items": {"type": "string"}}},
    "required": ["parts"],
}
ASKED = ChatRequest((Message("user", "Split it."),), schema=SCHEMA, max_output_tokens=100)


class Scripted:
    """Answers in turn."""

    model_id = "scripted"

    def __init__(self, *texts: str) -> None:
        self.asked: list[ChatRequest] = []
        self._texts = list(texts)

    async def complete(self, request: ChatRequest) -> ChatReply:
        self.asked.append(request)
        return ChatReply(self._texts.pop(0), Usage(1, 1), self.model_id)


@pytest.mark.parametrize(
    "text",
    [
        '{"parts": ["a"]}',
        'Here you are:\n```json\n{"parts": ["a"]}\n```\nAnything else?',
        'Of [course]: {"parts": ["a"]}',
        '{"thought": "first"} {"parts": ["a"]}',
    ],
)
async def test_json_is_found_in_what_a_model_says(text: str) -> None:
    assert await ask(Scripted(text), ASKED) == {"parts": ["a"]}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("I would split it in two.", "it holds no JSON"),
        ('{"parts": ["a"', "it holds no JSON"),
        ('{"parts": "a"}', "parts: 'a' is not of type 'array'"),
        ('{"parts": [NaN]}', "it holds no JSON"),
        ("[" * 100_000, "it holds no JSON"),
    ],
)
async def test_an_answer_is_repaired_once(bad: str, reason: str) -> None:
    chat = Scripted(bad, '{"parts": []}')
    assert await ask(chat, ASKED) == {"parts": []}
    shown = chat.asked[1].messages
    assert shown[:1] == ASKED.messages
    assert shown[1].role == "assistant"
    assert len(shown[1].content) <= 8_000
    assert reason in shown[2].content
    with pytest.raises(ChatModelError, match="answered twice what cannot be used"):
        await ask(Scripted(bad, bad), ASKED)


@given(st.text(max_size=60), st.dictionaries(st.text(max_size=3), st.integers(), max_size=3))
def test_any_json_object_is_read_back(prose: str, value: dict[str, Any]) -> None:
    # Prose that holds brackets may itself be JSON.
    prose = prose.translate({ord(one): None for one in "[]{}"})
    assert parsed(prose + json.dumps(value) + prose, {"type": "object"}) == value


async def test_a_budget_bounds_calls_and_tokens() -> None:
    good = '{"parts": []}'
    with call_budget(CallBudget(n_calls=2, n_tokens=10_000)):
        chat = Scripted(good, good, good)
        await ask(chat, ASKED)
        await ask(chat, ASKED)
        with pytest.raises(ChatModelError, match="may make 2 model calls"):
            await ask(chat, ASKED)
        assert len(chat.asked) == 2
    with call_budget(CallBudget(n_calls=5, n_tokens=150)):
        chat = Scripted("no JSON", good)
        # The repair would be too much.
        with pytest.raises(ChatModelError, match="150 tokens"):
            await ask(chat, ASKED)
        assert len(chat.asked) == 1
    # Outside nothing is bounded.
    assert await ask(Scripted(good), ASKED) == {"parts": []}

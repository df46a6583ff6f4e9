"""Reflection: what is missing is searched for, within bounds, and why it stopped is said."""

import asyncio
import json
from typing import Any

import pytest

from toolshed.backbones.chat import ChatReply, ChatRequest
from toolshed.errors import ChatModelError, ConfigurationError
from toolshed.metering.usage import Usage
from toolshed.pipelines import Ingredients, build_pipeline
from toolshed.post_retrieval.reflection import Reflect
from toolshed.shed.results import SearchResult
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder, make_tool

TOOLS = [
    make_tool("send_mail", "Send an email to somebody."),
    make_tool("get_forecast", "Get the weather forecast of a town."),
    make_tool("book_table", "Book a table in a restaurant."),
]


class Critic:
    """Answers as told, the last answer again and again."""

    model_id = "critic"

    def __init__(self, *answers: Any) -> None:
        self.asked: list[ChatRequest] = []
        self._answers = answers

    async def complete(self, request: ChatRequest) -> ChatReply:
        self.asked.append(request)
        answer = self._answers[min(len(self.asked), len(self._answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, float):
            await asyncio.sleep(answer)
        return ChatReply(str(answer), Usage(1, 1), self.model_id)


def says(*missing: str, covered: bool = False) -> str:
    return json.dumps({"covered": covered, "missing": missing})


def search(chat: Critic | None, *, k: int = 2, **options: Any) -> SearchResult:
    def build(made_of: Ingredients) -> Any:
        plain = build_pipeline("default", made_of)
        return plain if chat is None else plain >> Reflect(chat, plain, **options)

    with Toolshed("memory:", encoder=HashingEncoder(), pipeline=build) as shed:
        shed.add_tools(*TOOLS)
        return shed.search("Send an email to Ana.", k, abstain_below=0)


def names(found: SearchResult) -> list[str]:
    return [one.tool.name for one in found.tools]


def test_what_is_missing_is_found_and_takes_the_last_place() -> None:
    plain = names(search(None))
    (absent,) = (tool for tool in TOOLS if tool.name not in plain)
    chat = Critic(says(absent.description), says(covered=True))
    found = search(chat)
    assert names(found) == [plain[0], absent.name]
    assert found.tools[1].sub_query == absent.description
    assert found.notes == ("reflection stopped: the tools cover the request (round 2)",)
    assert "note        reflection stopped" in found.explain()


def test_what_covers_the_request_stays_as_it_is() -> None:
    chat = Critic(says(covered=True))
    found = search(chat)
    assert names(found) == names(search(None))
    assert len(chat.asked) == 1


def test_it_stops_at_its_bound() -> None:
    chat = Critic(says("Book a table"), says("Get the forecast"), says("Send an email"), says("Anything"))
    found = search(chat, k=3, n_rounds=1)
    assert len(chat.asked) == 1
    assert found.notes[0].startswith("reflection stopped: ")


def test_it_stops_where_nothing_new_is_found() -> None:
    chat = Critic(says("Send an email"))
    found = search(chat, k=2, n_rounds=3)
    assert len(chat.asked) == 1
    assert found.notes == ("reflection stopped: no tool was found for 'Send an email'",)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(ChatModelError("the model is down"), id="down"),
        pytest.param("Looks fine to me.", id="prose"),
        pytest.param('{"covered": "maybe"}', id="another form"),
        pytest.param(60.0, id="slow"),
    ],
)
def test_a_model_that_fails_changes_nothing(answer: Any) -> None:
    found = search(Critic(answer), seconds=0.5)
    assert names(found) == names(search(None))
    assert found.fallbacks[0].startswith("not reflected upon: ")


def test_there_are_never_more_than_k_tools_and_the_first_one_stays() -> None:
    found = search(Critic(says("Book a table", "Get the weather forecast", "Send it")), k=1)
    assert len(found.tools) <= 1
    assert names(found) == names(search(None, k=1))


def test_bounds_are_kept() -> None:
    with pytest.raises(ConfigurationError, match="out of bounds"):
        search(Critic(""), n_rounds=9)

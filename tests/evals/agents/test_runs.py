"""Runs: effects count, not words, and what is lost of the prompt cache is seen."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from toolshed.adapters.equipping import AgentTools
from toolshed.metering.usage import estimated_usage
from toolshed.shed.shed import Toolshed
from toolshed_evals.agents.equipment import Equipment, GivenTools, LoadedTools, SearchTool
from toolshed_evals.agents.functions.every import functions_of
from toolshed_evals.agents.models import AgentReply, Json, prompt_text
from toolshed_evals.agents.runs import AgentRun, AgentRunner
from toolshed_evals.agents.sets.every import TASKS
from toolshed_evals.agents.world import World

BY_ID = {task.task_id: task for task in TASKS}
ON = ("turn_on_light", {"room": "kitchen"})


class Scripted:
    """Makes these calls, one a reply, and then answers."""

    model_id = "scripted"

    def __init__(self, calls: Sequence[tuple[str, Json]], answer: str) -> None:
        self._calls, self._answer = calls, answer
        self.seen: list[list[Json]] = []

    def reply(self, messages: Sequence[Json], tools: Sequence[Json]) -> AgentReply:
        self.seen.append([*messages])
        n_done = sum(one["role"] == "assistant" for one in messages)
        message: Json = {"role": "assistant", "content": self._answer}
        if n_done < len(self._calls):
            name, arguments = self._calls[n_done]
            function = {"name": name, "arguments": json.dumps(arguments)}
            call = {"id": f"c{n_done}", "type": "function", "function": function}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
        return AgentReply(message, estimated_usage(prompt_text(messages, tools), json.dumps(message)))


class Setting:
    """A world, and a knowledge base with its functions and one that does nothing."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder / "world")
        self.functions = functions_of(self.world)
        self.shed = Toolshed(folder / "shed", pipeline="instant")
        self.shed.add_tools(*self.functions.values(), source_name="world")
        self.shed.add_tools({"name": "walk_dog", "description": "Walk a dog."}, source_name="elsewhere")
        self.source = AgentTools(self.shed, 5)

    def run(self, task: str, arm: Equipment, calls: Sequence[tuple[str, Json]], answer: str) -> AgentRun:
        return AgentRunner(Scripted(calls, answer), arm, self.world, self.functions).run(BY_ID[task])

    def given(self, *names: str) -> GivenTools:
        arm = GivenTools(self.source, "given")
        arm.give(self.source.named(names))
        return arm


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    made = Setting(tmp_path_factory.mktemp("agents"))
    with made.shed:
        yield made


@pytest.mark.parametrize(
    ("task", "calls", "answer", "is_solved"),
    [
        pytest.param("light", [ON], "", True, id="done"),
        pytest.param("light", [], "The light is on.", False, id="only-said"),
        pytest.param("light", [ON, ("lock_door", {"door": "front door"})], "", True, id="same-part-touched"),
        pytest.param("light", [ON, ("delete_note", {"note_id": 52})], "", False, id="something-else-too"),
        pytest.param("dog", [], "NO_TOOL", True, id="declined"),
        pytest.param("dog", [("walk_dog", {})], "NO_TOOL", False, id="called-what-does-not-work"),
        pytest.param("dog", [ON], "NO_TOOL", False, id="did-something"),
        pytest.param("unread", [], "You have 3 unread mails.", True, id="answered"),
        pytest.param("unread", [("walk_dog", {})] * 20, "3", False, id="went-on-for-ever"),
    ],
)
def test_effects_decide(
    setting: Setting, task: str, calls: list[tuple[str, Json]], answer: str, is_solved: bool
) -> None:
    arm = setting.given("turn_on_light", "lock_door", "delete_note", "walk_dog")
    assert setting.run(task, arm, calls, answer).is_solved is is_solved


@pytest.mark.parametrize("arm_class", [SearchTool, LoadedTools], ids=["search-tool", "middleware"])
def test_a_search_finds_the_tool_and_the_tool_does_the_task(setting: Setting, arm_class: Any) -> None:
    arm = arm_class(setting.source)
    call: tuple[str, Json] = (
        ON if arm_class is LoadedTools else ("call_tool", {"name": ON[0], "arguments": ON[1]})
    )
    calls = [("search_tools", {"query": "switch on the light in a room"}), call]
    run = setting.run("light", arm, calls, "It is on.")
    assert run.is_solved
    assert run.n_searches == (1 if arm_class is SearchTool else 2)
    assert run.n_requests == 3
    assert sum(usage.input_tokens for usage in run.usages) > run.definition_tokens > 0


def test_only_tools_that_come_in_front_of_the_conversation_lose_the_cache(setting: Setting) -> None:
    search = ("search_tools", {"query": "book a hotel room"})
    kept = setting.run("light", SearchTool(setting.source), [search], "")
    lost = setting.run("light", LoadedTools(setting.source), [search], "")
    assert kept.lost_tokens == 0
    assert lost.lost_tokens > 0


def test_what_a_search_without_a_query_and_an_unknown_tool_say_is_an_error_to_the_model(
    setting: Setting,
) -> None:
    calls: list[tuple[str, Json]] = [("search_tools", {}), ("call_tool", {"name": "nothing"})]
    run = setting.run("light", SearchTool(setting.source), calls, "")
    assert run.n_failed_calls == 2
    assert not run.is_solved

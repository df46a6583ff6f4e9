"""Runs of agents: each task in each arm, with what it took."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from toolshed.adapters.equipping import ToolAnswer
from toolshed.metering.usage import CHARACTERS_PER_TOKEN, Usage
from toolshed_evals.agents.checks import NO_TOOL
from toolshed_evals.agents.equipment import Equipment
from toolshed_evals.agents.models import AgentModel, AgentReply, Json, prompt_text
from toolshed_evals.agents.tasks import Task, changes, solve
from toolshed_evals.agents.world import TODAY, World

_MAX_REQUESTS = 12
# Providers cache no shorter prefixes.
_MIN_CACHED_TOKENS = 1_024
_MAX_RESULT_CHARACTERS = 8_000
# What the result of a call that failed begins with.
ERROR = "Error: "
_SYSTEM = (
    "You do what the user asks by calling tools, and then answer in a sentence that says what the user wants "
    f"to know. Today is {TODAY}. Do nothing that was not asked for. When no tool can do it, also after a "
    f"search where you have one, call none, and answer with the word {NO_TOOL}."
)


@dataclass(frozen=True, slots=True)
class AgentRun:
    """One task in one arm.

    Attributes:
        task_id, kind: The task.
        is_solved: By its checks.
        answer: What the agent said last.
        n_requests: Requests to the model.
        n_searches: Searches for tools.
        n_failed_calls: Calls that gave an error: of a tool that does not work here, or with wrong arguments.
        definition_tokens: Tokens of definitions in all requests together, estimated.
        lost_tokens: Tokens that the provider's cache had to read anew because the list of tools had changed.
        usages: Tokens of each request.
    """

    task_id: str
    kind: str
    is_solved: bool
    answer: str
    n_requests: int
    n_searches: int
    n_failed_calls: int
    definition_tokens: int
    lost_tokens: int
    usages: Sequence[Usage]


class AgentRunner:
    """Runs tasks in one arm, one after the other.

    Args:
        model: What answers.
        equipment: The arm.
        world: What the tools work on.
        functions: The working tools, by the names that the model calls them by.
    """

    def __init__(
        self, model: AgentModel, equipment: Equipment, world: World, functions: Mapping[str, Any]
    ) -> None:
        # Any: functions of every kind.
        self._model, self._equipment, self._world, self._functions = model, equipment, world, functions
        # The last request of the arm: what a provider would have in its cache.
        self._sent = ""

    def run(self, task: Task) -> AgentRun:
        """Run a task in a fresh world.

        Raises:
            ChatModelError: If the model gave no answer.
        """
        allowed = self._changed_by_solution(task)
        self._world.reset()
        before = self._world.snapshot()
        self._equipment.start(task.request)
        talk = _Talk(self._model, self._equipment, self._sent)
        answer = talk.hold(task.request)
        self._sent = talk.sent
        changed = changes(before, self._world.snapshot())
        is_solved = task.solved(self._world, answer, changed, allowed)
        # A tool that was called for what no tool does might have done anything.
        is_solved = is_solved and not (task.kind == "none" and talk.n_failed)
        return AgentRun(
            task.task_id,
            task.kind,
            is_solved,
            answer,
            len(talk.usages),
            self._equipment.n_searches,
            talk.n_failed,
            talk.definition_tokens,
            talk.lost_tokens,
            tuple(talk.usages),
        )

    def _changed_by_solution(self, task: Task) -> frozenset[str]:
        self._world.reset()
        before = self._world.snapshot()
        solve(task, self._functions)
        return changes(before, self._world.snapshot())


class _Talk:
    """One conversation, counted."""

    def __init__(self, model: AgentModel, equipment: Equipment, sent: str) -> None:
        self._model, self._equipment = model, equipment
        self.sent, self.usages = sent, list[Usage]()
        self.n_failed = self.definition_tokens = self.lost_tokens = 0

    def hold(self, request: str) -> str:
        """Talk until there is an answer; gives it."""
        messages: list[Json] = [
            {"role": "system", "content": _SYSTEM},
            {"role": "user", "content": request},
        ]
        for _ in range(_MAX_REQUESTS):
            message = self._next(messages)
            messages.append(message)
            if not message.get("tool_calls"):
                return str(message.get("content") or "")
            messages += [self._result(call) for call in message["tool_calls"]]
        return ""

    def _next(self, messages: Sequence[Json]) -> Json:
        tools = self._equipment.tools
        self.definition_tokens += self._equipment.definition_tokens
        reply = self._model.reply(messages, tools)
        text = prompt_text(messages, tools)
        kept = _common_prefix(self.sent, text) // CHARACTERS_PER_TOKEN
        if self.usages:
            self.lost_tokens += len(self.sent) // CHARACTERS_PER_TOKEN - kept
        self.usages.append(_with_cache(reply, kept))
        self.sent = text
        return reply.message

    def _result(self, call: Json) -> Json:
        try:
            arguments = json.loads(call["function"]["arguments"] or "{}")
        except ValueError:
            arguments = call["function"]["arguments"]
        answer = self._equipment.run(call["function"]["name"], arguments)
        self.n_failed += answer.is_error
        return {"role": "tool", "tool_call_id": call["id"], "content": _told(answer)}


def _told(answer: ToolAnswer) -> str:
    return (f"{ERROR}{answer.text}" if answer.is_error else answer.text)[:_MAX_RESULT_CHARACTERS]


def _with_cache(reply: AgentReply, kept: int) -> Usage:
    """The usage as the provider has it; an estimated one with what was sent before read from the cache."""
    usage = reply.usage
    if usage.source == "provider" or kept < _MIN_CACHED_TOKENS:
        return usage
    return replace(usage, cached_tokens=min(kept, usage.input_tokens))


def _common_prefix(first: str, second: str) -> int:
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if first[:middle] == second[:middle] else (low, middle - 1)
    return low

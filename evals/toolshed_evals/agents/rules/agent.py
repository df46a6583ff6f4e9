"""The rule-based agent: no language model, a fixed yardstick for what tools it is given.

For each part of a request it takes the tool whose name and description share the most words with it, fills
the arguments by rule, and searches where it has a search and nothing fits. Run after run it does the same.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolshed.adapters.equipping import SEARCH_NAME
from toolshed.metering.usage import estimated_usage
from toolshed_evals.agents.checks import NO_TOOL
from toolshed_evals.agents.equipment import CALL_NAME
from toolshed_evals.agents.models import AgentReply, Json, prompt_text
from toolshed_evals.agents.rules.arguments import filled
from toolshed_evals.agents.rules.words import said, stems, steps_of
from toolshed_evals.agents.runs import ERROR

# A tool that shares less than this of the words of a step, weighed by how rare they are, is none for it.
_MIN_SHARE = 0.25
_MAX_FAILURES = 2


@dataclass
class _Past:
    """What a conversation has come to.

    Attributes:
        results: What calls gave that went well, in order.
        arguments: What they were given.
        failed: Names of tools whose last calls failed, since the last one that went well.
        searches: What was searched for.
        found: Definitions that searches gave, by name.
    """

    results: list[str] = field(default_factory=list)
    arguments: list[Mapping[str, Any]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    searches: list[str] = field(default_factory=list)
    found: dict[str, Json] = field(default_factory=dict)


class RuleBasedAgent:
    """Chooses among the tools at hand by shared words; see the module."""

    model_id = "rule-based (no language model)"

    def reply(self, messages: Sequence[Json], tools: Sequence[Json]) -> AgentReply:
        """See :class:`AgentModel`."""
        request = next(str(one["content"]) for one in messages if one["role"] == "user")
        past = _past(messages)
        offered = {tool["function"]["name"]: tool["function"] for tool in tools}
        name, arguments = _next(request, past, offered)
        if not name:
            answer = past.results[-1] if past.results else NO_TOOL
            message: Json = {"role": "assistant", "content": answer}
        else:
            function = {"name": name, "arguments": json.dumps(arguments)}
            call = {"id": f"call_{len(messages)}", "type": "function", "function": function}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
        return AgentReply(message, estimated_usage(prompt_text(messages, tools), json.dumps(message)))


def _next(request: str, past: _Past, offered: Mapping[str, Json]) -> tuple[str, Json]:
    """The next call, and what it is given; no name where there is nothing more to do."""
    can_search, is_indirect = SEARCH_NAME in offered, CALL_NAME in offered
    own = {name: tool for name, tool in offered.items() if name not in (SEARCH_NAME, CALL_NAME)}
    tools = {**own, **past.found}
    if is_indirect and not past.searches:
        return SEARCH_NAME, {"query": request}
    for step in _to_do(request, past, tools):
        name = _best(step, tools, past.failed) if len(past.failed) < _MAX_FAILURES else ""
        if not name:
            if can_search and step not in past.searches and len(past.searches) < _MAX_FAILURES + 2:
                return SEARCH_NAME, {"query": step}
            continue
        used = [value for given in past.arguments for value in given.values()]
        arguments = filled(tools[name].get("parameters", {}), step, request, past.results, used=used)
        return (CALL_NAME, {"name": name, "arguments": arguments}) if is_indirect else (name, arguments)
    return "", {}


def _to_do(request: str, past: _Past, tools: Mapping[str, Json]) -> list[str]:
    """The steps that are left: calls that went well have done the first ones that a tool serves."""
    steps, n_done = steps_of(request), len(past.results)
    for at, step in enumerate(steps):
        if n_done == 0:
            return steps[at:]
        n_done -= bool(_best(step, tools, ()))
    return []


def _best(step: str, tools: Mapping[str, Json], failed: Sequence[str]) -> str:
    """The tool that shares the most words with a step; the earlier one where two share as many."""
    wanted = said(step)
    told = {name: frozenset(stems(_text(tool))) for name, tool in tools.items()}
    counts = Counter(word for words in told.values() for word in words)
    weight = {word: math.log(2 + len(tools) / (1 + counts[word])) for word in wanted}
    whole = sum(weight.values())
    best, best_share = "", _MIN_SHARE
    for name, words in told.items():
        in_name = set(stems(name)) & wanted
        # Of two that share as much, the one whose name has the words, and that says little else.
        share = sum(weight[word] for word in words & wanted) / whole if whole else 0.0
        share += 0.1 * len(in_name) / (1 + len(set(stems(name))))
        if share > best_share and name not in failed:
            best, best_share = name, share
    return best


def _text(tool: Json) -> str:
    """What a tool says of itself: name, description, names of arguments and their choices."""
    properties = tool.get("parameters", {}).get("properties", {})
    choices = [str(choice) for one in properties.values() for choice in one.get("enum", ())]
    return " ".join((tool["name"], tool.get("description", ""), *properties, *choices))


def _past(messages: Sequence[Json]) -> _Past:
    past = _Past()
    calls = [call for one in messages for call in one.get("tool_calls") or ()]
    told = {one["tool_call_id"]: str(one["content"]) for one in messages if one["role"] == "tool"}
    for call in calls:
        name, arguments = call["function"]["name"], json.loads(call["function"]["arguments"])
        result = told[call["id"]]
        if name == SEARCH_NAME:
            past.searches.append(arguments["query"])
            past.failed.clear()
            past.found |= _definitions(result)
            continue
        name, arguments = (
            (arguments["name"], arguments["arguments"]) if name == CALL_NAME else (name, arguments)
        )
        if result.startswith(ERROR):
            past.failed.append(name)
            continue
        past.results.append(result)
        past.arguments.append(arguments)
        past.failed.clear()
    return past


def _definitions(result: str) -> dict[str, Json]:
    try:
        found = json.loads(result)
    except ValueError:
        return {}
    return {tool["name"]: tool for tool in found}

"""Who keeps the whole definition, who a short one, who stays out."""

import json
from typing import Any

import pytest

from toolshed.metering.token_counts import PieceCounter
from toolshed.post_retrieval import equip
from toolshed.post_retrieval.budget import Budgeted, within_budget
from toolshed.post_retrieval.equip.shortening import n_tokens, whole
from toolshed.rankings import FoundTool
from toolshed.testing import make_tool
from toolshed.types import ToolDefinition

COUNTER = PieceCounter()


def form(name: str, n_sections: int = 40) -> ToolDefinition:
    """A tool with a deep schema of some 200 tokens a section."""
    entries = {
        f"entry{n}": {"type": "string", "description": "A detail of the form that people leave empty. " * 2}
        for n in range(8)
    }
    section = {"type": "object", "description": "A part of the form.", "properties": entries}
    properties: dict[str, Any] = {"form[id]": {"type": "string", "description": "Which form."}}
    properties |= {f"section{n}": section for n in range(n_sections)}
    parameters = {"type": "object", "properties": properties, "required": ["form[id]"]}
    return ToolDefinition(name, f"{name} of the tax form.", parameters)


def found(*tools: ToolDefinition) -> list[FoundTool]:
    return [FoundTool(tool, 1.0, 0.9, "q", {}) for tool in tools]


def size(tool: ToolDefinition) -> int:
    return n_tokens(whole(tool), COUNTER)


def names(budgeted: Budgeted) -> list[str]:
    return [one.tool.name for one in budgeted.tools]


def is_whole(budgeted: Budgeted) -> list[bool]:
    return [one.shortened is None for one in budgeted.tools]


def test_what_fits_is_handed_on_whole() -> None:
    tools = [form("replace"), make_tool("read")]
    budgeted = within_budget(found(*tools), sum(map(size, tools)))
    assert is_whole(budgeted) == [True, True]
    assert budgeted.n_tokens == sum(map(size, tools))


def test_a_long_definition_is_shortened_and_the_others_stay_whole() -> None:
    budgeted = within_budget(found(form("replace"), make_tool("read"), make_tool("list")), 2_000)
    assert names(budgeted) == ["replace", "read", "list"]
    assert is_whole(budgeted) == [False, True, True]
    assert budgeted.n_tokens is not None
    assert budgeted.n_tokens <= 2_000


def test_the_first_ones_keep_their_schema() -> None:
    tools = [form("first", 5), form("second", 5), form("third", 5)]
    budgeted = within_budget(found(*tools), size(tools[0]) + 700)
    assert names(budgeted) == ["first", "second", "third"]
    assert is_whole(budgeted) == [True, False, False]


def test_of_two_long_ones_the_first_gets_at_least_as_much() -> None:
    sizes = []
    for budget in range(1_000, 12_000, 1_000):
        kept = within_budget(found(form("a"), form("b")), budget).tools
        sizes.append([n_tokens(one.handed_on, COUNTER) for one in kept])
    assert all(first >= second for first, second in sizes)
    assert any(first > second for first, second in sizes)


def test_one_that_does_not_fit_however_short_is_passed_over() -> None:
    required = {f"argument_{n}": {"type": "string"} for n in range(300)}
    wide = ToolDefinition("wide", "", {"properties": required, "required": [*required]})
    budgeted = within_budget(found(wide, make_tool("read")), 400)
    assert names(budgeted) == ["read"]
    assert within_budget(found(wide, make_tool("read")), 5).tools == []


@pytest.mark.parametrize("budget", [150, 400, 1_000, 3_000, 8_000])
def test_what_is_exported_is_within_the_budget(budget: int) -> None:
    budgeted = within_budget(found(form("a"), form("b", 3), make_tool("c")), budget)
    assert budgeted.tools
    for export in (equip.to_openai, equip.to_anthropic, equip.to_bedrock):
        assert COUNTER.count(json.dumps(export(budgeted.tools), ensure_ascii=False)) <= budget * 1.05


def test_a_shortened_tool_calls_its_arguments_as_the_whole_one_does() -> None:
    tool = form("replace")
    (short,) = within_budget(found(tool), 300).tools
    (declared,) = equip.to_gemini([short])
    assert "form_id" in declared["parameters"]["properties"]
    assert equip.original_arguments(tool, {"form_id": "a"}) == {"form[id]": "a"}

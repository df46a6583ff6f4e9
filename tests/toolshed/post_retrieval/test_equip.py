import re

import pytest

from toolshed.post_retrieval.equip import provider_names, to_anthropic, to_langchain, to_mcp, to_openai
from toolshed.testing import make_tool
from toolshed.types import ToolDefinition

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FORECAST = ToolDefinition(
    "get.forecast", "Weather.", SCHEMA, source="weather", annotations={"readOnlyHint": True}
)


@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        pytest.param([make_tool("plain")], ["plain"], id="legal-names-stay"),
        pytest.param([make_tool("a b.c")], ["a_b_c"], id="illegal-characters"),
        pytest.param([make_tool("天気")], ["tool"], id="nothing-legal"),
        pytest.param(
            [make_tool("search", source="crm"), make_tool("search", source="web")],
            ["crm__search", "web__search"],
            id="namesakes-by-source",
        ),
        pytest.param([make_tool("x" * 99)], ["x" * 64], id="too-long"),
    ],
)
def test_names_are_legal_and_distinct(tools: list[ToolDefinition], expected: list[str]) -> None:
    assert list(provider_names(tools).values()) == expected


def test_long_namesakes_stay_distinct() -> None:
    tools = [
        make_tool("n" * 80, source="s" * 64),
        *(make_tool("n" * 80 + str(n), source="s") for n in range(12)),
    ]
    names = list(provider_names(tools).values())
    assert len(set(names)) == len(tools)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in names)


def test_openai_and_anthropic_shapes() -> None:
    assert to_openai([FORECAST]) == [
        {
            "type": "function",
            "function": {"name": "get_forecast", "description": "Weather.", "parameters": SCHEMA},
        }
    ]
    assert to_anthropic([FORECAST]) == [
        {"name": "get_forecast", "description": "Weather.", "input_schema": SCHEMA}
    ]


def test_mcp_keeps_annotations_and_is_accepted_by_the_sdk() -> None:
    from mcp.types import Tool

    (listed,) = to_mcp([FORECAST])
    assert listed["annotations"] == {"readOnlyHint": True}
    assert Tool.model_validate(listed).name == "get_forecast"


def test_langchain_tools_call_back_with_id_and_arguments() -> None:
    (tool,) = to_langchain([FORECAST], lambda tool_id, arguments: (tool_id, arguments))
    assert tool.invoke({"city": "Lisbon"}) == ("weather:get.forecast", {"city": "Lisbon"})
    assert tool.name == "get_forecast"


def test_no_tools_give_an_empty_list() -> None:
    assert to_openai([]) == to_anthropic([]) == to_mcp([]) == to_langchain([], print) == []

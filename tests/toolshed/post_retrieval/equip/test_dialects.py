"""What each provider is given."""

from typing import Any

import pytest

from toolshed.post_retrieval.equip import (
    to_anthropic,
    to_bedrock,
    to_gemini,
    to_langchain,
    to_mcp,
    to_openai,
    to_openai_responses,
)
from toolshed.types import ToolDefinition

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FORECAST = ToolDefinition(
    "get.forecast", "Weather.", SCHEMA, source="weather", annotations={"readOnlyHint": True}
)
STRICT = {**SCHEMA, "additionalProperties": False}


def test_a_plain_tool_is_handed_on_as_it_is() -> None:
    said = {"name": "get_forecast", "description": "Weather."}
    assert to_openai([FORECAST]) == [{"type": "function", "function": {**said, "parameters": SCHEMA}}]
    assert to_openai_responses([FORECAST]) == [
        {"type": "function", **said, "parameters": SCHEMA, "strict": False}
    ]
    assert to_anthropic([FORECAST]) == [{**said, "input_schema": SCHEMA}]
    assert to_bedrock([FORECAST]) == [{"toolSpec": {**said, "inputSchema": {"json": SCHEMA}}}]
    assert to_gemini([FORECAST]) == [
        {
            **said,
            "parameters": {
                "type": "OBJECT",
                "properties": {"city": {"type": "STRING"}},
                "required": ["city"],
            },
        }
    ]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        pytest.param(STRICT, True, id="all-required-and-closed"),
        pytest.param(SCHEMA, False, id="open"),
        pytest.param({**STRICT, "required": []}, False, id="optional"),
        pytest.param({**STRICT, "oneOf": [{"required": ["city"]}]}, True, id="either-or-is-merged"),
        pytest.param(
            {**STRICT, "properties": {"city": {"type": "object", "properties": {}}}}, False, id="open-within"
        ),
        pytest.param({**STRICT, "properties": {"city": {"type": "any"}}}, False, id="anything"),
    ],
)
def test_strict_stays_where_the_schema_allows_it(schema: dict[str, Any], expected: bool) -> None:
    tool = ToolDefinition("t", "", schema, extras={"strict": True})
    assert to_openai([tool])[0]["function"].get("strict", False) is expected
    assert to_openai_responses([tool])[0]["strict"] is expected


def test_a_long_description_goes_on_in_the_schema_for_openai() -> None:
    text = "A sentence of the description. " * 60
    (tool,) = to_openai([ToolDefinition("t", text, SCHEMA)])
    function = tool["function"]
    assert len(function["description"]) <= 1024
    head, rest = function["description"], function["parameters"]["description"]
    assert " ".join(f"{head.removesuffix('…')}{rest.removeprefix('…')}".split()) == text.strip()
    assert to_anthropic([ToolDefinition("t", text, SCHEMA)])[0]["description"] == text


def test_mcp_gets_what_the_server_said_of_its_tool() -> None:
    extras = {"icons": [{"src": "https://icons.example/t.png"}], "_meta": {"example/kind": "sea"}}
    tool = ToolDefinition("t", "", SCHEMA, title="Tides", extras=extras, annotations={"readOnlyHint": True})
    (listed,) = to_mcp([tool])
    assert (listed["title"], listed["icons"], listed["_meta"]) == ("Tides", extras["icons"], extras["_meta"])
    assert listed["annotations"] == {"readOnlyHint": True}


@pytest.mark.parametrize(
    ("output", "is_listed"),
    [(SCHEMA, True), ({"type": "array", "items": {}}, False)],
    ids=["object", "array"],
)
def test_mcp_lists_output_schemas_of_objects(output: dict[str, Any], is_listed: bool) -> None:
    (listed,) = to_mcp([ToolDefinition("t", "", SCHEMA, output_schema=output)])
    assert ("outputSchema" in listed) is is_listed


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": ["string", "null"]}, {"type": "STRING", "nullable": True}),
        ({"enum": [1, 2], "type": "integer"}, {"type": "INTEGER"}),
        ({"enum": ["a", ""]}, {"type": "STRING", "enum": ["a"], "format": "enum"}),
        ({"const": "a"}, {"type": "STRING", "enum": ["a"], "format": "enum"}),
        ({"type": "array"}, {"type": "ARRAY", "items": {"type": "STRING"}}),
        (
            {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "Who."},
            {"type": "STRING", "description": "Who.", "nullable": True},
        ),
        (
            {"oneOf": [{"type": "string"}, {"type": "integer"}], "description": "Who."},
            {
                "anyOf": [
                    {"type": "STRING", "description": "Who."},
                    {"type": "INTEGER", "description": "Who."},
                ]
            },
        ),
        ({"type": "string", "format": "uri"}, {"type": "STRING"}),
        (
            {"allOf": [{"properties": {"a": {"type": "string"}}, "required": ["a"]}, {"title": "T"}]},
            {"title": "T", "type": "OBJECT", "properties": {"a": {"type": "STRING"}}, "required": ["a"]},
        ),
    ],
)
def test_gemini_is_told_in_its_own_words(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    tool = ToolDefinition("t", "", {"type": "object", "properties": {"it": schema}})
    assert to_gemini([tool])[0]["parameters"]["properties"]["it"] == expected


def test_langchain_hands_on_arguments_that_it_uses_itself() -> None:
    names = "config run_manager callbacks self args kwargs tool_input cls".split()
    given = {name: f"the {name}" for name in names}
    tool = ToolDefinition("t", "T.", {"properties": {name: {"type": "string"} for name in names}}, source="s")
    (exported,) = to_langchain([tool], lambda tool_id, arguments: (tool_id, arguments))
    assert exported.invoke(given) == ("s:t", given)


async def test_langchain_calls_and_awaits() -> None:
    def called(tool_id: str, arguments: dict[str, Any]) -> Any:
        return "called", tool_id, arguments

    async def awaited(tool_id: str, arguments: dict[str, Any]) -> Any:
        return "awaited", tool_id, arguments

    tool = ToolDefinition("t", "T.", {"properties": {"filter[x]": {"type": "string"}}}, source="s")
    for call in (called, awaited):
        (exported,) = to_langchain([tool], call)
        expected = (call.__name__, "s:t", {"filter[x]": "a"})
        assert exported.invoke({"filter_x": "a"}) == expected
        assert await exported.ainvoke({"filter_x": "a"}) == expected


def test_langchain_calls_a_tool_without_arguments() -> None:
    (exported,) = to_langchain([ToolDefinition("t", "", {"type": "object"})], lambda _, arguments: arguments)
    assert exported.invoke({}) == {}
    assert exported.args == {}

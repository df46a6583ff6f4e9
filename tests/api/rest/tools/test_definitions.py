"""Definitions in requests: in which forms they are taken, and what is refused."""

import pytest

from toolshed.errors import InvalidToolError
from toolshed.types import ToolDefinition
from toolshed_api.rest.tools.definitions import identified_tool, uploaded_catalogs, uploaded_tool

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


@pytest.mark.parametrize(
    "entry",
    [
        {
            "type": "function",
            "function": {"name": "forecast", "description": "Weather.", "parameters": SCHEMA},
        },
        {"name": "forecast", "description": "Weather.", "input_schema": SCHEMA},
        {"name": "forecast", "description": "Weather.", "inputSchema": SCHEMA},
        {"toolSpec": {"name": "forecast", "description": "Weather.", "inputSchema": {"json": SCHEMA}}},
    ],
    ids=["openai", "anthropic", "mcp", "bedrock"],
)
def test_every_providers_form_is_taken(entry: dict[str, object]) -> None:
    assert uploaded_tool(entry, source="w") == ToolDefinition("forecast", "Weather.", SCHEMA, "w")


def test_our_own_form_is_taken_whole() -> None:
    tool = ToolDefinition(
        "forecast",
        "Weather.",
        SCHEMA,
        "w",
        ("sky",),
        {"type": "object"},
        {"readOnlyHint": True},
        "f1",
        "Forecast",
        "Weather service",
        "All about weather.",
        {"kind": "openapi", "method": "GET"},
        {"strict": True},
    )
    (catalog,) = uploaded_catalogs([tool.to_json()], source="other", origin="/home/ana/tools.json")
    assert catalog.tools == (tool,)
    assert (catalog.source, catalog.location) == ("w", "upload:/home/ana/tools.json")


def test_an_id_is_the_definitions_own() -> None:
    entry = {"name": "forecast", "description": "Weather."}
    assert identified_tool(entry, "w:f1").tool_id == "w:f1"
    assert identified_tool(entry, "w:forecast").key == ""
    for wrong in ("forecast", "w:", ":forecast", "a b:forecast"):
        with pytest.raises(InvalidToolError):
            identified_tool(entry, wrong)
    with pytest.raises(InvalidToolError, match="is of 'w:g'"):
        identified_tool({**entry, "key": "g"}, "w:forecast")
    with pytest.raises(InvalidToolError, match="is of 'v:forecast'"):
        identified_tool({**entry, "source": "v"}, "w:forecast")


@pytest.mark.parametrize(
    "more",
    [
        {"binding": {"kind": "mcp"}},
        {"binding": "mcp"},
        {"extras": [1]},
        {"name": "a\u200bb"},
        {"service": 5},
    ],
    ids=str,
)
def test_a_definition_that_will_not_do_is_left_out_with_its_reason(more: dict[str, object]) -> None:
    (catalog,) = uploaded_catalogs([{"name": "ok"}, {"name": "forecast", **more}], source="w")
    assert [tool.name for tool in catalog.tools] == ["ok"]
    assert len(catalog.invalid) == 1


@pytest.mark.parametrize("source", ["", "a:b", "x" * 65, 5])
def test_a_source_needs_a_name_that_can_stand_in_an_id(source: object) -> None:
    with pytest.raises(InvalidToolError):
        uploaded_catalogs([{"name": "ok", "source": source}], source="w")


def test_an_origin_is_shown_to_people() -> None:
    with pytest.raises(InvalidToolError, match="nobody sees"):
        uploaded_catalogs([{"name": "ok"}], source="w", origin="a\x1b[2J")

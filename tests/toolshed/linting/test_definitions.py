"""What single definitions lack, and what providers refuse of them."""

from typing import Any

import pytest

from toolshed.linting.definitions import definition_findings
from toolshed.testing import make_tool
from toolshed.types import ToolDefinition

CITY = {"type": "string", "description": "Name of the city."}


def tool(
    name: str = "get_forecast", text: str = "Weather in a city for tomorrow.", **schema: Any
) -> ToolDefinition:
    return ToolDefinition(name, text, {"type": "object", "properties": {"city": CITY}, **schema})


def rules(*tools: ToolDefinition, max_tokens: int = 1_000) -> list[str]:
    return [finding.rule for finding in definition_findings(tools, max_tokens=max_tokens)]


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        pytest.param(tool(), [], id="nothing-to-mend"),
        pytest.param(tool(text=""), ["no-description"], id="silent"),
        pytest.param(tool(text="Get the forecast."), ["thin-description"], id="says-the-name"),
        pytest.param(tool(text="Runs."), ["thin-description"], id="says-nothing"),
        pytest.param(tool(name="get forecast"), ["illegal-name"], id="a-space"),
        pytest.param(tool(name="x" * 65), ["illegal-name"], id="too-long-a-name"),
        pytest.param(tool(properties={"city": {"type": "string"}}), ["undescribed-arguments"], id="bare"),
        pytest.param(tool(properties={"filter[x]": CITY}), ["refused-arguments"], id="brackets"),
        pytest.param(tool(properties={"user-id": CITY}), ["refused-arguments"], id="a-dash-for-gemini"),
        pytest.param(tool(oneOf=[{"required": ["city"]}]), ["refused-schema"], id="either-or"),
        pytest.param(tool(properties={"city": {**CITY, "type": "str"}}), ["refused-schema"], id="words"),
        pytest.param(tool(text="A long story of weather. " * 300), ["huge-definition"], id="huge"),
    ],
)
def test_each_lack_is_told_by_its_rule(definition: ToolDefinition, expected: list[str]) -> None:
    assert rules(definition) == expected


def test_tools_of_one_name_are_told_once() -> None:
    tools = [make_tool("find.it", "Find a book on a shelf.", source=source) for source in ("b", "a")]
    (finding,) = [one for one in definition_findings(tools, max_tokens=99) if one.rule == "colliding-names"]
    assert (finding.tool_id, list(finding.others)) == ("a:find.it", ["b:find.it"])
    assert "'find_it'" in finding.message


@pytest.mark.parametrize("properties", [None, [], "x", {"a": None, "b": 3, "": {}}])
def test_schemas_that_are_none_do_no_harm(properties: Any) -> None:
    assert "no-description" in rules(tool(text="", properties=properties))

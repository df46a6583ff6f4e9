from typing import Any

import pytest

from toolshed.catalog.json_shapes import parse_tools
from toolshed.errors import SourceError

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(
            {
                "type": "function",
                "function": {"name": "forecast", "description": "Weather", "parameters": SCHEMA},
            },
            id="openai-chat",
        ),
        pytest.param(
            {
                "type": "function",
                "name": "forecast",
                "description": "Weather",
                "parameters": SCHEMA,
                "strict": True,
            },
            id="openai-responses",
        ),
        pytest.param({"name": "forecast", "description": "Weather", "input_schema": SCHEMA}, id="anthropic"),
        pytest.param({"name": "forecast", "description": "Weather", "inputSchema": SCHEMA}, id="mcp"),
        pytest.param(
            {"id": "forecast", "description": "Weather", "parameters": SCHEMA}, id="neutral-without-name"
        ),
    ],
)
def test_every_shape_gives_the_same_definition(entry: dict[str, Any]) -> None:
    for document in ([entry], {"tools": [entry]}, entry):
        (tool,) = parse_tools(document, source="s").tools
        assert (tool.tool_id, tool.description, tool.parameters) == ("s:forecast", "Weather", SCHEMA)


def test_an_id_beside_a_name_tells_namesakes_apart() -> None:
    entries = [{"id": "a1", "name": "search"}, {"id": "b1", "name": "search"}]
    catalog = parse_tools(entries, source="s")
    assert [tool.tool_id for tool in catalog.tools] == ["s:a1", "s:b1"]
    assert {tool.name for tool in catalog.tools} == {"search"}


def test_the_tools_of_a_namespace_stand_in_its_place() -> None:
    namespace = {"type": "namespace", "name": "crm", "tools": [{"type": "function", "name": "find_lead"}]}
    (tool,) = parse_tools([namespace], source="s").tools
    assert tool.name == "find_lead"


def test_an_object_of_names_and_texts_is_no_catalog_because_secrets_come_like_that() -> None:
    answer = {"Code": "Success", "AccessKeyId": "AKIA", "SecretAccessKey": "wJalr"}
    with pytest.raises(SourceError, match="expected a list of OpenAI, Anthropic or MCP tools") as refused:
        parse_tools(answer, source="s")
    assert "wJalr" not in str(refused.value)


def test_sealtools_apis_keep_field_and_responses() -> None:
    entry = {
        "api_name": "getTemperature",
        "api_description": "Retrieve current temperature",
        "field": "Weather/Temperature",
        "parameters": {"location": {"type": "str", "description": "The place"}},
        "required": ["location"],
        "responses": {"temperature": {"type": "float", "description": "Degrees"}},
    }
    (tool,) = parse_tools([entry], source="s").tools
    assert tool.tags == ("Weather", "Temperature")
    assert tool.parameters["required"] == ["location"]
    assert tool.output_schema == {"type": "object", "properties": entry["responses"]}


def test_hosted_tools_have_nothing_to_index_and_are_named() -> None:
    catalog = parse_tools([{"type": "web_search"}, {"name": "ok"}], source="s")
    assert [tool.name for tool in catalog.tools] == ["ok"]
    assert str(catalog.invalid[0]) == "entry 1: a tool of type 'web_search' has no definition to index"


@pytest.mark.parametrize(
    "entry", [None, 3, "tool", [], {"description": "no name"}, {"name": {}}, {"api_name": None}]
)
def test_entries_that_are_no_tools_are_reported(entry: object) -> None:
    catalog = parse_tools([entry], source="s")
    assert catalog.tools == ()
    assert catalog.invalid[0].position == "entry 1"


@pytest.mark.parametrize("document", [None, 3, "text", {}, {"a": 1}, []])
def test_documents_without_tools_say_what_is_expected(document: object) -> None:
    with pytest.raises(SourceError, match="expected a list of OpenAI, Anthropic or MCP tools"):
        parse_tools(document, source="s")

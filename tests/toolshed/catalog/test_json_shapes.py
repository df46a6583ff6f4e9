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
        pytest.param(
            {"type": "custom", "name": "forecast", "description": "Weather", "input_schema": SCHEMA},
            id="anthropic-custom",
        ),
        pytest.param(
            {"name": "forecast", "description": "Weather", "parametersJsonSchema": SCHEMA},
            id="gemini-json-schema",
        ),
        pytest.param(
            {"functionDeclarations": [{"name": "forecast", "description": "Weather", "parameters": SCHEMA}]},
            id="gemini",
        ),
        pytest.param(
            {"toolSpec": {"name": "forecast", "description": "Weather", "inputSchema": {"json": SCHEMA}}},
            id="bedrock",
        ),
        pytest.param(
            {
                "lc": 1,
                "type": "constructor",
                "id": ["langchain", "tools", "Forecast"],
                "kwargs": {"name": "forecast", "description": "Weather", "args_schema": SCHEMA},
            },
            id="langchain-dump",
        ),
        pytest.param(
            {"name": "forecast", "description": "Weather", "inputSchema": {"jsonSchema": SCHEMA}},
            id="vercel",
        ),
        pytest.param(
            {
                "type": "custom",
                "custom": {"name": "forecast", "description": "Weather", "parameters": SCHEMA},
            },
            id="openai-custom",
        ),
    ],
)
def test_every_shape_gives_the_same_definition(entry: dict[str, Any]) -> None:
    envelopes = [
        [entry],
        {"tools": [entry]},
        entry,
        [[entry]],
        {"jsonrpc": "2.0", "id": 1, "result": {"tools": [entry]}},
        {"toolConfig": {"tools": [entry], "toolChoice": {"auto": {}}}},
        {"model": "m", "config": {"tools": [[entry]]}},
    ]
    for document in envelopes:
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


def test_pages_of_a_saved_answer_are_read_one_after_the_other() -> None:
    pages = [{"jsonrpc": "2.0", "id": n, "result": {"tools": [{"name": f"t{n}"}]}} for n in (1, 2)]
    catalog = parse_tools(pages, source="s")
    assert ([tool.name for tool in catalog.tools], catalog.warnings) == (["t1", "t2"], ())


def test_a_saved_answer_that_names_another_page_is_told_to_be_a_part() -> None:
    page = {"result": {"tools": [{"name": "a"}], "nextCursor": "2"}}
    for document in (page, page["result"], [page]):
        (warning,) = parse_tools(document, source="s").warnings
        assert "more pages than were saved" in warning


def test_a_saved_error_is_told_instead_of_its_shape() -> None:
    answer = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "no such method"}}
    with pytest.raises(SourceError, match="holds an error instead of tools: no such method"):
        parse_tools(answer, source="s")


def test_tools_by_name_are_read_where_all_of_them_are_definitions() -> None:
    by_name = {"forecast": {"description": "Weather", "parameters": SCHEMA}, "tide": {"description": "Sea"}}
    for document in (by_name, {"tools": by_name}):
        assert [tool.name for tool in parse_tools(document, source="s").tools] == ["forecast", "tide"]
    for others in ({"db": {"name": "x", "password": "y"}}, {"a": {"description": "x"}}, {**by_name, "n": 1}):
        with pytest.raises(SourceError, match="is not a catalog"):
            parse_tools(others, source="s")


def test_title_and_what_else_is_said_is_kept() -> None:
    entry = {
        "name": "q7",
        "title": "Weather of a town",
        "icons": [{"src": "https://desks.example/i.png"}],
        "_meta": {"desks.example/tier": 2},
        "strict": True,
        "input_examples": [{"city": "Porto"}],
        "annotations": {"readOnlyHint": True},
        "unheard_of": 1,
    }
    (tool,) = parse_tools([entry], source="s").tools
    assert tool.title == "Weather of a town"
    assert tool.extras == {key: entry[key] for key in ("icons", "_meta", "strict", "input_examples")}
    (hinted,) = parse_tools([{"name": "q7", "annotations": {"title": "Weather"}}], source="s").tools
    assert hinted.title == "Weather"


def test_a_namespace_says_what_its_tools_are_for_and_tells_them_apart() -> None:
    tool = {"type": "function", "name": "find"}
    spaces = [
        {"type": "namespace", "name": name, "description": f"The {name}.", "tools": [tool]} for name in "ab"
    ]
    tools = parse_tools(spaces, source="s").tools
    assert [t.tool_id for t in tools] == ["s:a.find", "s:b.find"]
    assert (tools[0].service, tools[0].service_description) == ("a", "The a.")
    empty = parse_tools([{"type": "namespace", "name": "c", "tools": []}], source="s")
    assert "lists no tools" in str(empty.invalid[0])


def test_results_are_read_from_the_keys_of_each_provider() -> None:
    declarations = [
        {"name": "a", "outputSchema": SCHEMA},
        {"name": "b", "responseJsonSchema": SCHEMA},
        {"name": "c", "response": "prose"},
    ]
    tools = parse_tools({"functionDeclarations": declarations}, source="s").tools
    assert [tool.output_schema for tool in tools] == [SCHEMA, SCHEMA, None]


def test_an_argument_called_json_is_an_argument() -> None:
    schema = {"type": "object", "properties": {"json": {"type": "string"}}}
    bare = {"json": {"type": "string"}, "path": {"type": "string"}}
    tools = parse_tools(
        [{"name": "a", "parameters": schema}, {"name": "b", "parameters": bare}], source="s"
    ).tools
    assert [list(tool.parameters["properties"]) for tool in tools] == [["json"], ["json", "path"]]


def test_built_in_tools_of_providers_are_named() -> None:
    catalog = parse_tools(
        [{"googleSearch": {}}, {"cachePoint": {"type": "default"}}, {"name": "ok"}], source="s"
    )
    assert [str(entry) for entry in catalog.invalid] == [
        "entry 1: a tool of type 'googleSearch' has no definition to index",
        "entry 2: a tool of type 'cachePoint' has no definition to index",
    ]


def test_lists_in_lists_end_somewhere() -> None:
    deep: list[Any] = [{"name": "a"}]
    for _ in range(50):
        deep = [deep]
    catalog = parse_tools(deep, source="s")
    assert catalog.tools == ()
    assert "expected an object, found list" in str(catalog.invalid[0])

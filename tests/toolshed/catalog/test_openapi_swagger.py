from typing import Any

import pytest

from toolshed.catalog.openapi import parse_openapi
from toolshed.types import ToolDefinition


def tool(*parameters: Any, item: tuple[Any, ...] = (), **said: Any) -> ToolDefinition:
    """The tool of a Swagger document with one operation; ``document_...`` stands beside the paths."""
    beside = {
        key.removeprefix("document_"): said.pop(key) for key in list(said) if key.startswith("document_")
    }
    path = {"parameters": list(item), "post": {"parameters": list(parameters), **said}}
    catalog = parse_openapi({"swagger": "2.0", "host": "a.example", "paths": {"/a": path}, **beside})
    assert catalog.invalid == ()
    return catalog.tools[0]


def test_schemas_of_parameters_stand_in_the_parameter() -> None:
    size = {"name": "size", "in": "query", "type": "integer", "minimum": 0, "exclusiveMinimum": True}
    assert tool({**size, "description": "of it"}).parameters["properties"] == {
        "size": {"type": "integer", "exclusiveMinimum": 0, "description": "of it"}
    }


def test_the_body_is_a_parameter() -> None:
    desk = {"properties": {"colour": {"type": "string"}}, "required": ["colour"]}
    body = {"name": "desk", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Desk"}}
    read = tool(body, consumes=["text/xml", "application/json"], document_definitions={"Desk": desk})
    assert read.parameters["properties"] == desk["properties"]
    assert read.parameters["required"] == ["colour"]
    assert read.binding is not None
    assert read.binding["body"] == {"media_type": "application/json", "required": True}


def test_the_body_of_an_operation_replaces_that_of_its_path() -> None:
    first, second = (
        {"name": name, "in": "body", "schema": {"properties": {name: {}}}} for name in ("first", "second")
    )
    assert list(tool(second, item=(first,)).parameters["properties"]) == ["second"]


@pytest.mark.parametrize(
    ("kind", "consumes", "media_type"),
    [
        pytest.param("file", [], "multipart/form-data", id="file"),
        pytest.param("string", [], "application/x-www-form-urlencoded", id="plain"),
        pytest.param("string", ["multipart/form-data"], "multipart/form-data", id="multipart"),
    ],
)
def test_fields_of_a_form_are_the_body(kind: str, consumes: list[str], media_type: str) -> None:
    plan = {"name": "plan", "in": "formData", "type": kind, "required": True, "description": "The plan"}
    note = {"name": "note", "in": "formData", "type": "string"}
    read = tool(plan, note, consumes=consumes)
    assert read.binding is not None
    assert read.binding["body"] == {"media_type": media_type, "required": True}
    assert read.binding["arguments"]["plan"] == {"in": "body", "name": "plan"}
    binary = {"format": "binary"} if kind == "file" else {}
    assert read.parameters["properties"]["plan"] == {"type": "string", "description": "The plan"} | binary
    assert read.parameters["required"] == ["plan"]


@pytest.mark.parametrize(
    ("collection_format", "how"),
    [
        (None, {"explode": False}),
        ("csv", {"explode": False}),
        ("multi", {}),
        ("ssv", {"style": "spaceDelimited"}),
        ("pipes", {"style": "pipeDelimited"}),
        ("tsv", {"style": "tabDelimited"}),
    ],
)
def test_lists_are_written_as_their_format_says(collection_format: str | None, how: dict[str, Any]) -> None:
    ids = {"name": "ids", "in": "query", "type": "array", "items": {"type": "integer"}}
    read = tool({**ids, **({"collectionFormat": collection_format} if collection_format else {})})
    assert read.binding is not None
    assert read.binding["arguments"]["ids"] == {"in": "query", "name": "ids", **how}


def test_results_have_their_schema_beside_the_description() -> None:
    answer = {"description": "ok", "schema": {"properties": {"weight": {"type": "number"}}}}
    read = tool(responses={"200": answer, "default": {"description": "error"}})
    assert read.output_schema == {"type": "object", "properties": {"weight": {"type": "number"}}}


def test_parameters_may_be_shared() -> None:
    shared = {"Tenant": {"name": "tenant", "in": "header", "type": "string"}}
    read = tool({"$ref": "#/parameters/Tenant"}, document_parameters=shared)
    assert read.parameters["properties"] == {"tenant": {"type": "string"}}


def test_a_version_without_a_point_is_the_same() -> None:
    assert parse_openapi({"swagger": 2.0, "paths": {"/a": {"get": {}}}}).tools[0].name == "get_a"

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from toolshed.catalog.openapi import parse_openapi
from toolshed.types import ToolDefinition


def operation(
    path: str = "/rooms", method: str = "post", item: dict[str, Any] | None = None, **said: Any
) -> ToolDefinition:
    """The tool of a document with one operation; ``document_...`` stands beside the paths."""
    beside = {
        key.removeprefix("document_"): said.pop(key) for key in list(said) if key.startswith("document_")
    }
    given = {
        "openapi": "3.1.0",
        "info": {"title": "Rooms", "version": "1"},
        "paths": {path: {**(item or {}), method: said}},
        **beside,
    }
    catalog = parse_openapi(given)
    assert catalog.invalid == ()
    (tool,) = catalog.tools
    Draft202012Validator.check_schema(tool.parameters)
    return tool


def json_body(schema: Any, **said: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}, **said}


def test_arguments_of_one_name_get_two_names_and_say_where_they_belong() -> None:
    fields = {"floor": {"type": "integer", "description": "where it moves to"}, "colour": {"type": "string"}}
    tool = operation(
        "/floors/{floor}/room",
        parameters=[
            {"name": "floor", "in": "path", "required": True, "description": "where it is"},
            {"name": "floor", "in": "query"},
        ],
        requestBody=json_body({"properties": fields, "required": ["floor"]}, required=True),
    )
    assert tool.parameters["properties"] == {
        "floor": {"description": "where it is (in the path)"},
        "query_floor": {"description": "In the query"},
        "body_floor": {"type": "integer", "description": "where it moves to (in the body)"},
        "colour": {"type": "string"},
    }
    assert tool.parameters["required"] == ["floor", "body_floor"]
    assert tool.binding is not None
    assert tool.binding["arguments"]["body_floor"] == {"in": "body", "name": "floor"}
    assert tool.binding["arguments"]["query_floor"] == {"in": "query", "name": "floor"}


def test_a_name_that_would_tell_apart_may_be_taken_itself() -> None:
    tool = operation(
        "/rooms/{id}",
        parameters=[{"name": "id", "in": "path"}, {"name": "body_id", "in": "query"}],
        requestBody=json_body({"properties": {"id": {}, "body_id": {}}}),
    )
    assert tool.binding is not None
    places = tool.binding["arguments"]
    assert len(places) == 4
    assert {(place["in"], place["name"]) for place in places.values()} == {
        ("path", "id"),
        ("query", "body_id"),
        ("body", "id"),
        ("body", "body_id"),
    }


def test_what_an_operation_says_of_a_parameter_replaces_what_its_path_says() -> None:
    shared = {"name": "wing", "in": "query", "required": True, "description": "of the path"}
    own = {"name": "wing", "in": "query", "description": "of the operation"}
    tool = operation(item={"parameters": [shared]}, parameters=[own])
    assert tool.parameters["properties"] == {"wing": {"description": "of the operation"}}
    assert tool.parameters["required"] == []


@pytest.mark.parametrize("name", ["Accept", "authorization", "Content-Type", "Content-Length", "host"])
def test_headers_that_are_written_by_other_means_are_no_arguments(name: str) -> None:
    tool = operation(parameters=[{"name": name, "in": "header", "required": True}])
    assert tool.parameters["properties"] == {}


def test_a_key_that_the_caller_holds_is_no_argument() -> None:
    schemes = {"key": {"type": "apiKey", "in": "query", "name": "api_key"}}
    parameters = [{"name": "api_key", "in": "query", "required": True}]
    components = {"securitySchemes": schemes}
    tool = operation(parameters=parameters, security=[{"key": []}], document_components=components)
    assert tool.parameters["properties"] == {}
    open_one = operation(parameters=parameters, document_components=components)
    assert list(open_one.parameters["properties"]) == ["api_key"]


def test_placeholders_that_nobody_described_are_arguments() -> None:
    tool = operation("/rooms/{room}/beds/{bed}", parameters=[{"name": "bed", "in": "path"}])
    assert tool.parameters["required"] == ["bed", "room"]
    assert tool.parameters["properties"]["room"] == {"type": "string"}


def test_fields_of_a_body_that_may_be_left_out_are_required_beside_others_only() -> None:
    schema = {"properties": {"guest": {}, "nights": {}}, "required": ["guest"]}
    tool = operation(requestBody=json_body(schema))
    assert tool.parameters["required"] == []
    validator = Draft202012Validator(tool.parameters)
    assert validator.is_valid({})
    assert validator.is_valid({"guest": 1})
    assert not validator.is_valid({"nights": 2})
    assert tool.binding is not None
    assert tool.binding["body"] == {"media_type": "application/json", "required": False}


def test_fields_of_which_some_are_needed_stay_arguments() -> None:
    schema = {
        "properties": {"mail": {}, "phone": {}},
        "anyOf": [{"required": ["mail"]}, {"required": ["phone"]}],
    }
    tool = operation(requestBody=json_body(schema, required=True))
    assert list(tool.parameters["properties"]) == ["mail", "phone"]
    assert not Draft202012Validator(tool.parameters).is_valid({})


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"type": "array", "items": {"type": "string"}}, id="list"),
        pytest.param({"type": "integer"}, id="number"),
        pytest.param({"oneOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, id="either-or"),
        pytest.param({"type": "object", "additionalProperties": {"type": "string"}}, id="map"),
        pytest.param(
            {"properties": {"a": {}}, "additionalProperties": {"type": "string"}}, id="fields-and-others"
        ),
        pytest.param({"type": "object"}, id="any-object"),
        pytest.param({}, id="anything"),
    ],
)
def test_a_body_that_is_not_its_fields_is_one_argument(schema: dict[str, Any]) -> None:
    tool = operation(requestBody=json_body(schema, required=True, description="What to book"))
    assert tool.parameters["properties"] == {"body": {**schema, "description": "What to book"}}
    assert tool.parameters["required"] == ["body"]
    assert tool.binding is not None
    assert tool.binding["body"] == {"media_type": "application/json", "required": True, "argument": "body"}


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        pytest.param(
            {"text/xml": {"schema": {"type": "string"}}, "application/vnd.a+json": {"schema": {}}},
            "application/vnd.a+json",
            id="json-of-a-vendor",
        ),
        pytest.param(
            {"application/json-patch+json": {"schema": {}}, "application/merge-patch+json": {"schema": {}}},
            "application/merge-patch+json",
            id="merge-before-patch",
        ),
        pytest.param({"*/*": {"schema": {"type": "object"}}}, "application/json", id="any-is-json"),
        pytest.param({"": {"schema": {"properties": {"a": {}}}}}, "application/json", id="nameless"),
        pytest.param(
            {"*/*": {"schema": {"format": "binary"}}}, "application/octet-stream", id="any-is-binary"
        ),
        pytest.param(
            {"application/json": {}, "text/csv": {"schema": {"type": "string"}}},
            "text/csv",
            id="what-has-a-schema",
        ),
        pytest.param(
            {"multipart/form-data": {"schema": {}}, "application/x-www-form-urlencoded": {"schema": {}}},
            "application/x-www-form-urlencoded",
            id="form",
        ),
    ],
)
def test_the_media_type_that_is_written_best_is_chosen(content: dict[str, Any], media_type: str) -> None:
    binding = operation(requestBody={"content": content}).binding
    assert binding is not None
    assert binding["body"]["media_type"] == media_type


@pytest.mark.parametrize("media", [{}, {"schema": {"type": "object", "format": "file"}}])
def test_a_binary_body_is_one_argument(media: dict[str, Any]) -> None:
    tool = operation(requestBody={"content": {"image/png": media}, "required": True})
    assert tool.parameters["properties"] == {"body": {"type": "string", "format": "binary"}}


def test_how_values_are_written_is_kept_where_it_is_not_what_is_taken_for_granted() -> None:
    tool = operation(
        parameters=[
            {"name": "plain", "in": "query", "style": "form", "explode": True},
            {"name": "filter", "in": "query", "style": "deepObject", "explode": True},
            {"name": "ids", "in": "query", "explode": False, "allowReserved": True},
            {"name": "where", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}},
            {"name": "seen", "in": "cookie"},
        ],
    )
    assert tool.binding is not None
    assert tool.binding["arguments"] == {
        "plain": {"in": "query", "name": "plain"},
        "filter": {"in": "query", "name": "filter", "style": "deepObject", "explode": True},
        "ids": {"in": "query", "name": "ids", "explode": False, "allowReserved": True},
        "where": {"in": "query", "name": "where", "content": "application/json"},
        "seen": {"in": "cookie", "name": "seen"},
    }
    assert tool.parameters["properties"]["where"] == {"type": "object"}


def test_parts_of_a_form_keep_their_encoding() -> None:
    schema = {"properties": {"plan": {"type": "string", "format": "binary"}, "tags": {"type": "array"}}}
    encoding = {"plan": {"contentType": "image/png"}, "tags": {"style": "form", "explode": False}}
    content = {"multipart/form-data": {"schema": schema, "encoding": encoding}}
    binding = operation(requestBody={"content": content}).binding
    assert binding is not None
    assert binding["arguments"] == {
        "plan": {"in": "body", "name": "plan", "content": "image/png"},
        "tags": {"in": "body", "name": "tags", "explode": False},
    }


def test_parameters_keep_examples_and_what_is_out_of_date() -> None:
    parameter = {"name": "a", "in": "query", "deprecated": True, "example": 3, "schema": {"type": "integer"}}
    tool = operation(parameters=[parameter])
    assert tool.parameters["properties"]["a"] == {"type": "integer", "deprecated": True, "examples": [3]}
    named = {"name": "b", "in": "query", "examples": {"one": {"value": "x"}, "two": {"value": "y"}}}
    assert operation(parameters=[named]).parameters["properties"]["b"] == {"examples": ["x"]}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"application/x-www-form-urlencoded": {"schema": {"properties": {}}}}, id="form"),
        pytest.param(
            {"application/json": {"schema": {"properties": {}, "additionalProperties": False}}}, id="closed"
        ),
    ],
)
def test_a_body_in_which_nothing_can_be_said_is_no_argument(content: dict[str, Any]) -> None:
    tool = operation(requestBody={"content": content})
    assert tool.parameters["properties"] == {}
    assert tool.binding is not None
    assert "body" not in tool.binding
    needed = operation(requestBody={"content": content, "required": True})
    assert needed.parameters["properties"] == {}
    assert needed.binding is not None
    assert needed.binding["body"]["required"] is True


def test_fields_that_are_required_but_not_described_are_arguments() -> None:
    tool = operation(requestBody=json_body({"properties": {"a": {}}, "required": ["b"]}, required=True))
    assert tool.parameters["properties"] == {"a": {}, "b": {}}
    assert tool.parameters["required"] == ["b"]


def test_what_stands_beside_the_reference_to_a_parameter_describes_it() -> None:
    shared = {"Page": {"name": "page", "in": "query", "description": "a page"}}
    tool = operation(
        parameters=[{"$ref": "#/components/parameters/Page", "description": "the page to begin with"}],
        document_components={"parameters": shared},
    )
    assert tool.parameters["properties"]["page"] == {"description": "the page to begin with"}


def test_a_body_that_is_no_json_value_is_a_text_of_known_content() -> None:
    room = {"type": "object", "title": "Room", "properties": {"floor": {"type": "integer"}, "name": {}}}
    tool = operation(requestBody={"content": {"text/xml": {"schema": room}}, "required": True})
    assert tool.parameters["properties"] == {
        "body": {
            "type": "string",
            "description": "<Room> as text/xml, with floor, name",
            "contentMediaType": "text/xml",
            "contentSchema": room,
        }
    }
    assert tool.binding is not None
    assert tool.binding["body"] == {"media_type": "text/xml", "required": True, "argument": "body"}


def test_a_parameter_may_say_its_type_itself() -> None:
    tool = operation(
        parameters=[{"name": "a", "in": "query", "required": True, "type": "integer", "minimum": 1}]
    )
    assert tool.parameters["properties"]["a"] == {"type": "integer", "minimum": 1}


def test_an_empty_row_of_parameters_costs_nothing_else() -> None:
    tool = operation(parameters=[{"name": "", "in": "header"}, {"name": "a", "in": "query"}])
    assert list(tool.parameters["properties"]) == ["a"]

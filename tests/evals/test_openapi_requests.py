from typing import Any

import pytest

from toolshed.catalog.openapi import parse_openapi
from toolshed.types import ToolDefinition
from toolshed_evals.openapi_requests import made_up, request_fault


def tool(**binding: Any) -> ToolDefinition:
    document = {
        "openapi": "3.1.0",
        "servers": [{"url": "https://a.example"}],
        "paths": {
            "/a/{id}": {
                "put": {
                    "parameters": [
                        {"name": "id", "in": "path", "schema": {"type": "integer"}},
                        {
                            "name": "filter",
                            "in": "query",
                            "style": "deepObject",
                            "schema": {"type": "object"},
                        },
                        {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
                        {"name": "seen", "in": "cookie", "schema": {"type": "boolean"}},
                    ],
                    "requestBody": {
                        "content": {
                            "application/x-www-form-urlencoded": {
                                "schema": {"properties": {"two words": {"type": "array", "items": {}}}}
                            }
                        }
                    },
                }
            }
        },
    }
    (read,) = parse_openapi(document).tools
    return ToolDefinition(**{**read.to_json(), "tags": (), "binding": {**(read.binding or {}), **binding}})


def test_a_request_that_holds_all_arguments_has_no_fault() -> None:
    assert request_fault(tool()) == ""


@pytest.mark.parametrize(
    ("binding", "fault"),
    [
        pytest.param({"path": "/a"}, "the request lacks ['id']", id="lost-in-the-path"),
        pytest.param({"path": "/a/{id}/{x}"}, "no request can be written", id="unknown-placeholder"),
        pytest.param({"method": "?"}, "no request can be written", id="no-method"),
        pytest.param({"body": {"media_type": "image/png"}}, "no request can be written", id="no-values"),
    ],
)
def test_what_keeps_an_operation_from_being_called_is_said(binding: dict[str, Any], fault: str) -> None:
    assert fault in request_fault(tool(**binding))


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": 3}, 3),
        ({"enum": ["a", "b"]}, "a"),
        ({"type": "integer", "examples": [9]}, 9),
        ({"type": ["null", "integer"]}, 7),
        ({"type": "array", "items": {"type": "boolean"}, "examples": ["[]"]}, [True]),
        ({"properties": {"a": {"type": "string"}}}, {"a": "w0rd"}),
        ({"oneOf": [{"type": "null"}, {"type": "number"}]}, 7.5),
        (True, "w0rd"),
    ],
)
def test_values_are_made_up_from_the_schema(schema: Any, value: Any) -> None:
    assert made_up(schema) == value

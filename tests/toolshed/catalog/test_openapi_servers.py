from typing import Any

import pytest

from toolshed.catalog.openapi import parse_openapi


def binding(operation: dict[str, Any], *, location: str = "", item: Any = None, **document: Any) -> Any:
    """How the one operation of a document is called."""
    head = {} if "swagger" in document else {"openapi": "3.0.3"}
    paths = {"/a": {**(item or {}), "get": operation}}
    catalog = parse_openapi({**head, "paths": paths, **document}, location=location)
    assert catalog.invalid == ()
    return catalog.tools[0].binding


@pytest.mark.parametrize(
    ("url", "location", "expected"),
    [
        pytest.param("/v2", "https://a.example/docs/api.json", "https://a.example/v2", id="path"),
        pytest.param("v2", "https://a.example/docs/api.json", "https://a.example/docs/v2", id="beside"),
        pytest.param("//b.example/v1", "http://a.example/api.json", "http://b.example/v1", id="host"),
        pytest.param("//b.example/v1", "/home/api.json", "https://b.example/v1", id="host-of-a-file"),
        pytest.param("/v2", "/home/api.json", "/v2", id="path-of-a-file"),
        pytest.param("{scheme}://{host}/v1", "https://a.example/", "{scheme}://{host}/v1", id="template"),
        pytest.param("https://me:secret@b.example/v1", "", "https://b.example/v1", id="credentials"),
    ],
)
def test_the_url_of_a_server_starts_where_the_document_was_read(
    url: str, location: str, expected: str
) -> None:
    assert binding({}, location=location, servers=[{"url": url}])["servers"] == [{"url": expected}]


def test_a_document_without_servers_is_called_where_it_was_read() -> None:
    found = binding({}, location="https://a.example/docs/api.json")
    assert found["servers"] == [{"url": "https://a.example/"}]


def test_the_nearest_servers_count() -> None:
    servers = [[{"url": f"https://{name}.example"}] for name in ("document", "path", "operation")]
    assert binding({}, servers=servers[0])["servers"] == servers[0]
    assert binding({}, item={"servers": servers[1]}, servers=servers[0])["servers"] == servers[1]
    near = binding({"servers": servers[2]}, item={"servers": servers[1]}, servers=servers[0])
    assert near["servers"] == servers[2]


def test_variables_of_servers_keep_defaults_and_choices() -> None:
    variables = {
        "region": {"default": "eu", "enum": ["eu", "us"], "description": "where"},
        "port": {"default": 1},
    }
    (server,) = binding({}, servers=[{"url": "https://{region}.example:{port}", "variables": variables}])[
        "servers"
    ]
    assert server["variables"] == {
        "region": {"default": "eu", "enum": ["eu", "us"]},
        "port": {"default": "1"},
    }


@pytest.mark.parametrize(
    ("document", "location", "expected"),
    [
        pytest.param(
            {"host": "a.example", "basePath": "/v1", "schemes": ["http", "https", "ws"]},
            "",
            ["https://a.example/v1", "http://a.example/v1"],
            id="all",
        ),
        pytest.param({"host": "a.example"}, "", ["https://a.example/"], id="host"),
        pytest.param(
            {"basePath": "/v1"},
            "http://b.example:8080/swagger.json",
            ["http://b.example:8080/v1"],
            id="where-it-was-read",
        ),
        pytest.param({"basePath": "v1"}, "/home/swagger.json", ["/v1"], id="file"),
    ],
)
def test_swagger_says_its_server_in_pieces(document: Any, location: str, expected: list[str]) -> None:
    found = binding({}, location=location, swagger="2.0", **document)
    assert [server["url"] for server in found["servers"]] == expected


def test_requirements_come_with_the_schemes_they_name() -> None:
    flow = {"tokenUrl": "https://a.example/token", "scopes": {"read": "Read", "write": "Write"}}
    schemes = {
        "key": {"type": "apiKey", "in": "header", "name": "X-Key", "description": "long"},
        "login": {"type": "oauth2", "flows": {"clientCredentials": flow}},
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "unused": {"type": "http", "scheme": "basic"},
    }
    security = [{"key": [], "login": ["read"]}, {"token": []}]
    found = binding({"security": security}, components={"securitySchemes": schemes})
    assert found["security"] == security
    assert found["security_schemes"] == {
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "login": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://a.example/token"}}},
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    }


def test_an_operation_may_need_no_credentials_where_the_document_does() -> None:
    assert binding({}, security=[{"key": []}])["security"] == [{"key": []}]
    assert "security" not in binding({"security": []}, security=[{"key": []}])


def test_swagger_says_its_schemes_in_other_words() -> None:
    definitions = {
        "plain": {"type": "basic"},
        "login": {
            "type": "oauth2",
            "flow": "accessCode",
            "authorizationUrl": "https://a.example/in",
            "tokenUrl": "https://a.example/token",
            "scopes": {},
        },
    }
    found = binding({}, swagger="2.0", security=[{"plain": [], "login": []}], securityDefinitions=definitions)
    assert found["security_schemes"] == {
        "plain": {"type": "http", "scheme": "basic"},
        "login": {
            "type": "oauth2",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": "https://a.example/in",
                    "tokenUrl": "https://a.example/token",
                }
            },
        },
    }


@pytest.mark.parametrize(
    ("required", "expected"), [(True, [{"Authorization": []}]), (False, [{"Authorization": []}, {}])]
)
def test_a_header_for_credentials_is_a_requirement(required: bool, expected: Any) -> None:
    found = binding({"parameters": [{"name": "authorization", "in": "header", "required": required}]})
    assert found["arguments"] == {}
    assert found["security"] == expected
    assert found["security_schemes"]["Authorization"] == {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
    }

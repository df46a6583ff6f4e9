"""The OpenAPI description: problems, limits of the service, keys."""

import json
import re
import sys
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from starlette.datastructures import Headers

from toolshed.settings import Settings
from toolshed_api.app import create_app
from toolshed_api.description import NOT_BLANK
from toolshed_api.gateway.asked import read_request
from toolshed_api.gateway.errors import DIALECTS, UnfitRequestError, error_content
from toolshed_api.problems import PROBLEM_TYPE, problem

ANYWHERE = {"400", "401", "403", "408", "413", "429", "431", "503"}
WITH_KEYS = Settings(api_keys=["one"])  # type: ignore[list-item]  # pydantic makes them secrets


@pytest.mark.parametrize(
    ("path", "method", "expected"),
    [
        ("/v1/tools/search", "post", {"404", "422", "502"}),
        ("/v1/passages/search", "post", {"422", "502"}),
        ("/v1/tools/{tool_id}", "get", {"404", "422"}),
        ("/readyz", "get", set()),
    ],
)
def test_the_openapi_description_names_the_problems(path: str, method: str, expected: set[str]) -> None:
    responses = create_app(Settings()).openapi()["paths"][path][method]["responses"]
    assert responses.keys() - {"200"} == expected | ANYWHERE
    for status in responses.keys() - {"200"}:
        schema = responses[status]["content"]["application/problem+json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Problem"}


def test_keys_are_described_where_they_are_wanted() -> None:
    with_keys, without = (create_app(settings).openapi() for settings in (WITH_KEYS, Settings()))
    shown = [{"bearer": ["search"]}, {"api_key": ["search"]}]
    assert with_keys["paths"]["/v1/tools"]["get"]["security"] == shown
    assert without["paths"]["/v1/tools"]["get"]["security"] == [{}, *shown]
    assert "security" not in with_keys["paths"]["/healthz"]["get"]
    assert with_keys["paths"]["/v1/keys"]["post"]["security"][0] == {"bearer": ["admin"]}


def test_the_limits_of_the_service_are_described() -> None:
    schemas = create_app(Settings(max_k=7, max_query_characters=50)).openapi()["components"]["schemas"]
    for name in ("SearchRequest", "PassageSearchRequest"):
        properties = schemas[name]["properties"]
        assert properties["k"]["maximum"] == 7
        assert (properties["query"]["minLength"], properties["query"]["maxLength"]) == (1, 50)
    bounds = [one["properties"] for one in schemas["PassageSearchRequest"]["anyOf"]]
    assert [(one["k"]["maximum"], one["per_document"]["maximum"]) for one in bounds] == [
        (1, 7),
        (2, 3),
        (3, 2),
        (7, 1),
    ]


def test_queries_that_are_described_as_blank_are_those_that_python_strips() -> None:
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        assert (re.search(NOT_BLANK, character) is None) == (not character.strip()), hex(number)


@pytest.fixture(scope="module")
def with_gateway(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The description of a service with a gateway."""
    path = tmp_path_factory.mktemp("gateway") / "gateway.json"
    upstream = {"base_url": "http://127.0.0.1:9/v1", "dialects": ["chat"], "models": ["gpt-4o-mini"]}
    path.write_text(json.dumps({"upstreams": {"provider": upstream}}))
    return create_app(Settings(gateway=path)).openapi()


HELLO = [{"role": "user", "content": "hello"}]


@pytest.mark.parametrize(
    ("path", "good", "bad"),
    [
        pytest.param("chat/completions", {"messages": HELLO, "n": 2}, {"messages": HELLO, "n": 0}, id="chat"),
        pytest.param("chat/completions", {"messages": HELLO}, {"messages": []}, id="no-messages"),
        pytest.param("responses", {"input": "hello"}, {"input": 7}, id="responses"),
        pytest.param("messages", {"messages": HELLO, "max_tokens": 9}, {"messages": HELLO}, id="messages"),
        pytest.param(
            "responses",
            {"input": HELLO, "toolshed": {"tools": True, "k": 3}},
            {"input": HELLO, "toolshed": {"k": 21}},
            id="options",
        ),
    ],
)
def test_the_requests_of_the_gateway_are_described_as_they_are_read(
    with_gateway: dict[str, Any], path: str, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    operation = with_gateway["paths"][f"/v1/{path}"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert not list(Draft202012Validator(schema).iter_errors({"model": "gpt-4o-mini", **good}))
    dialect = DIALECTS[f"/v1/{path}"]
    read_request(dialect, json.dumps({"model": "gpt-4o-mini", **good}).encode(), Headers(), "1")
    for wrong in (
        bad,
        {**good, "stream": "yes"},
        {**good, "model": "toolshed/"},
        {**good, "service_tier": 1},
    ):
        body = {"model": "gpt-4o-mini", **wrong}
        assert list(Draft202012Validator(schema).iter_errors(body))
        with pytest.raises(UnfitRequestError):
            read_request(dialect, json.dumps(body).encode(), Headers(), "1")


@pytest.mark.parametrize("path", DIALECTS)
def test_errors_of_the_gateway_are_described_in_its_dialect(with_gateway: dict[str, Any], path: str) -> None:
    responses = with_gateway["paths"][path]["post"]["responses"]
    told = problem(UnfitRequestError("the model is missing"), "1")
    for status in ("400", "401", "402", "404", "503"):
        schema = responses[status]["content"]["application/json"]["schema"]
        assert not list(Draft202012Validator(schema).iter_errors(error_content(DIALECTS[path], told)))
    # What a connection is told before its request is read.
    assert PROBLEM_TYPE in responses["431"]["content"]


def test_a_credential_is_described_as_a_value_or_a_grant() -> None:
    described = create_app(Settings()).openapi()["components"]["schemas"]
    validator = Draft202012Validator({**described["CredentialRequest"], "components": {"schemas": described}})
    grant = {
        "grant_type": "client_credentials",
        "token_url": "https://issuer.example/token",
        "client_id": "a",
    }
    refreshing = {**grant, "grant_type": "refresh_token"}
    for good in (
        {"value": "k"},
        {"value": "k", "username": "ana"},
        {"grant": grant},
        {"grant": {**refreshing, "refresh_token": "r", "token_url": "http://127.0.0.1:9000/token"}},
    ):
        assert validator.is_valid({"source": "crm", **good})
    for bad in ({}, {"username": "ana"}, {"grant": grant, "value": "k"}, {"grant": grant, "username": "ana"}):
        assert not validator.is_valid({"source": "crm", **bad})
    urls = ("http://issuer.example/token", "https://", "https://999.1.1.1", "issuer.example")
    refused = [refreshing, {**grant, "refresh_token": "r"}, *({**grant, "token_url": url} for url in urls)]
    for wrong in refused:
        assert not validator.is_valid({"source": "crm", "grant": wrong})


@pytest.mark.parametrize(
    ("schema", "field", "good", "bad"),
    [
        ("GrantRequest", "subject", "group:*", "group: "),
        ("GrantRequest", "subject", "claim:team=billing", "claim:=billing"),
        ("GrantRequest", "object", "billing", "bil\u200bling"),
        ("TenantRequest", "name", "acme-2", "Acme"),
        ("KeyRequest", "name", "billing agent", "bill\ning"),
        ("UpsertRequest", "source", "crm.v2", "-crm"),
        ("UpsertRequest", "origin", "", "a\u202eb"),
        ("UpsertRequest", "tools", [{"function": {"name": "a"}}], [{"function": {"description": "a"}}]),
    ],
)
def test_names_are_described_as_they_are_taken(schema: str, field: str, good: object, bad: object) -> None:
    described = create_app(Settings()).openapi()["components"]["schemas"]
    validator = Draft202012Validator(
        {**described[schema]["properties"][field], "components": {"schemas": described}}
    )
    assert validator.is_valid(good)
    assert not validator.is_valid(bad)


@pytest.mark.parametrize(
    ("name", "is_file"),
    [("a/lease.PDF", True), ("x.txt", True), (".txt", False), ("lease", False), ("a.exe", False)],
)
def test_ids_of_files_are_described_by_their_ending(name: str, is_file: bool) -> None:
    paths = create_app(Settings()).openapi()["paths"]
    parameter = paths["/v1/documents/{document_id}"]["put"]["parameters"][0]
    assert Draft202012Validator(parameter["schema"]).is_valid(name) == is_file


def test_the_bounds_of_histories_are_declared() -> None:
    body = create_app(Settings()).openapi()["components"]["schemas"]["SearchRequest"]["properties"]["history"]
    listed = next(one for one in body["anyOf"] if one["type"] == "array")
    assert (listed["maxItems"], listed["items"]["maxLength"]) == (1_000, 200_000)

"""The OpenAPI description: problems, limits of the service, keys."""

import re
import sys

import pytest

from toolshed.settings import Settings
from toolshed_api.app import create_app
from toolshed_api.description import NOT_BLANK

ANYWHERE = {"400", "401", "403", "408", "413", "429", "431", "503"}
WITH_KEYS = Settings(api_keys=["one"])  # type: ignore[list-item]  # pydantic makes them secrets


@pytest.mark.parametrize(
    ("path", "method", "expected"),
    [
        ("/v1/tools/search", "post", {"422", "502"}),
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

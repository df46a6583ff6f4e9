"""Which credentials are enough, where each goes, and what is said where none are."""

from typing import Any

import pytest

from toolshed.calling.credentials import CredentialBook
from toolshed.calling.openapi_requests import OperationRequest
from toolshed.calling.openapi_security import secure
from toolshed.errors import ConfigurationError, MissingCredentialsError
from toolshed.types import ToolDefinition

SCHEMES: dict[str, Any] = {
    "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "api key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "basic": {"type": "http", "scheme": "Basic"},
    "old-basic": {"type": "basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "token": {"type": "http", "scheme": "Token"},
    "oauth": {"type": "oauth2", "flows": {}},
    "openid": {"type": "openIdConnect"},
    "digest": {"type": "http", "scheme": "digest"},
    "tls": {"type": "mutualTLS"},
}


async def ask(function: Any) -> Any:
    return function()


async def secured(security: Any, given: Any, request: OperationRequest | None = None) -> OperationRequest:
    binding = {"kind": "openapi", "security": security, "security_schemes": SCHEMES}
    request = request or OperationRequest("GET", "/")
    tool = ToolDefinition("op", source="s", binding=binding)
    await secure(request, tool, CredentialBook({"s": given}), ask)
    return request


@pytest.mark.parametrize(
    ("scheme", "given", "headers", "query", "cookies"),
    [
        ("header", "k", {"X-Key": "k"}, [], []),
        ("query", "k&1", {}, [("api%20key", "k%261")], []),
        ("cookie", "k;1", {}, [], [("sid", "k%3B1")]),
        ("basic", ("ana", "pw"), {"authorization": "Basic YW5hOnB3"}, [], []),
        ("basic", "ana:pw", {"authorization": "Basic YW5hOnB3"}, [], []),
        ("basic", "Basic YW5hOnB3", {"authorization": "Basic YW5hOnB3"}, [], []),
        ("old-basic", ("ana", "pw"), {"authorization": "Basic YW5hOnB3"}, [], []),
        ("bearer", "t", {"authorization": "Bearer t"}, [], []),
        ("bearer", "bearer t", {"authorization": "bearer t"}, [], []),
        ("token", "t", {"authorization": "Token t"}, [], []),
        ("oauth", "t", {"authorization": "Bearer t"}, [], []),
        ("openid", "t", {"authorization": "Bearer t"}, [], []),
    ],
)
async def test_each_scheme_has_its_place(
    scheme: str, given: Any, headers: Any, query: Any, cookies: Any
) -> None:
    request = await secured([{scheme: []}], {scheme: given})
    assert (request.headers, request.query, request.cookies) == (headers, query, cookies)


async def test_a_credential_takes_the_place_of_an_argument() -> None:
    request = OperationRequest("GET", "/", headers={"x-key": "of the model"}, query=[("api%20key", "m")])
    await secured([{"header": [], "query": []}], {"header": "k", "query": "q"}, request)
    assert (request.headers, request.query) == ({"X-Key": "k"}, [("api%20key", "q")])


@pytest.mark.parametrize(
    ("security", "given", "headers"),
    [
        pytest.param(
            [{"header": []}, {"bearer": []}], {"bearer": "t"}, ["authorization"], id="the-first-given"
        ),
        pytest.param([{"tls": []}, {"header": []}], {"header": "k"}, ["X-Key"], id="the-first-that-can-be"),
        pytest.param([{"header": [], "bearer": []}, {}], {"header": "k"}, [], id="all-of-one-or-none"),
        pytest.param([{}, {"header": []}], {"header": "k"}, ["X-Key"], id="rather-with-than-without"),
        pytest.param([{}, {"header": []}], {"other": "k"}, [], id="without-where-that-is-enough"),
        pytest.param([], {"header": "k"}, [], id="none-wanted"),
        pytest.param(None, {"header": "k"}, [], id="nothing-said"),
        pytest.param("x", {"header": "k"}, [], id="nonsense"),
        pytest.param([{"header": []}], {}, [], id="the-caller-says-none"),
    ],
)
async def test_alternatives(security: Any, given: Any, headers: list[str]) -> None:
    assert [*(await secured(security, given)).headers] == headers


@pytest.mark.parametrize(
    ("security", "said"),
    [
        ([{"header": []}, {"bearer": [], "query": []}], "'header' or 'bearer' and 'query'; give them by"),
        ([{"tls": []}], "cannot be given here: 'tls' is of type 'mutualTLS'"),
        ([{"digest": []}], "'digest' is 'digest', which answers challenges"),
        ([{"unknown": []}], "'unknown' is not described"),
    ],
)
async def test_what_is_missing_is_said(security: Any, said: str) -> None:
    with pytest.raises(MissingCredentialsError, match=said):
        await secured(security, {"nothing": "of use"})


async def test_a_key_with_controls_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="line breaks") as refused:
        await secured([{"header": []}], {"header": "k\r\nX-Admin: 1"})
    assert "X-Admin" not in str(refused.value)

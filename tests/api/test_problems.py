"""Errors of the library, of the framework and unforeseen ones, all as problem details."""

import logging

import httpx
import pytest
from fastapi import FastAPI

from tests.toolshed.test_errors import all_errors_of_the_distribution
from toolshed.errors import BudgetExceededError, EncoderError, InvalidQueryError, ToolshedError
from toolshed_api.problems import (
    InvalidRequestError,
    UnauthorizedError,
    install_problem_handlers,
    problem_responses,
)


def app_that_raises(error: Exception) -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)

    @app.get("/fails")
    def fails(n: int = 0) -> None:
        raise error

    return app


async def answer(app: FastAPI, path: str = "/fails") -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        return await client.get(path)


@pytest.mark.parametrize("kind", all_errors_of_the_distribution(), ids=lambda kind: kind.__name__)
async def test_every_error_is_answered_with_the_status_it_states(kind: type[ToolshedError]) -> None:
    response = await answer(app_that_raises(kind("what was wrong")))
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert (response.status_code, body["status"]) == (kind.http_status, kind.http_status)
    assert (body["code"], body["detail"]) == (kind.code, "what was wrong")
    assert body["type"] == f"urn:toolshed:problem:{kind.code}"


async def test_an_error_that_nobody_named_tells_nothing_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR, "toolshed_api.problems"):
        response = await answer(app_that_raises(RuntimeError("the password is 1234")))
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert "1234" not in response.text
    assert "1234" in caplog.text


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/nothing", (404, "not_found")), ("/fails?n=two", (422, "invalid_request"))],
)
async def test_the_errors_of_the_framework_are_problem_details_too(
    path: str, expected: tuple[int, str]
) -> None:
    response = await answer(app_that_raises(RuntimeError()), path)
    assert (response.status_code, response.json()["code"]) == expected


async def test_who_shows_no_key_is_told_how_to_authenticate() -> None:
    response = await answer(app_that_raises(UnauthorizedError("show a key")))
    assert response.headers["www-authenticate"] == "Bearer"


def test_errors_of_one_status_share_an_entry_in_the_description() -> None:
    described = problem_responses(InvalidRequestError, InvalidQueryError, EncoderError, BudgetExceededError)
    assert described.keys() == {422, 502, 402}
    assert described[422]["description"] == "Problem details; code: invalid_request or invalid_query."

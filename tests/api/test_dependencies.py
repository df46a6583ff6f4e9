"""API keys: who is let in."""

import pytest

from tests.api.serving import TOOLS, problem, served
from tests.conftest import OpenShed
from toolshed.settings import Settings


def test_keys_are_required_where_they_are_set(open_shed: OpenShed) -> None:
    settings = Settings(api_keys=["one", "two"])  # type: ignore[list-item]  # pydantic makes them secrets
    with served(settings, open_shed()) as client:
        assert problem(client.get("/v1/tools")) == (401, "unauthorized")
        assert client.get("/v1/tools", headers={"authorization": "Bearer wrong"}).status_code == 401
        assert client.get("/v1/tools", headers={"authorization": "Bearer two"}).status_code == 200
        assert client.get("/v1/tools", headers={"x-api-key": "one"}).status_code == 200
        assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Basic one"},
        {"authorization": "Bearer oneone"},
        {"x-api-key": "ONE"},
        {"authorization": "Bearer wrong", "x-api-key": "one"},
    ],
    ids=str,
)
def test_anything_but_a_key_is_refused(open_shed: OpenShed, headers: dict[str, str]) -> None:
    settings = Settings(api_keys=["one"])  # type: ignore[list-item]  # pydantic makes them secrets
    with served(settings, open_shed()) as client:
        assert problem(client.get("/v1/tools", headers=headers)) == (401, "unauthorized")


def test_without_keys_everybody_is_let_in(open_shed: OpenShed) -> None:
    shed = open_shed()
    shed.add_tools(*TOOLS)
    with served(Settings(), shed) as client:
        assert client.get("/v1/tools", headers={"authorization": "Bearer whatever"}).json()["total"] == 3

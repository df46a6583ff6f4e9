"""The endpoint of enhancements."""

import json

import httpx
import pytest
from jsonschema import Draft202012Validator

from tests.api.following import done
from tests.api.serving import TOOLS, problem, served
from tests.conftest import OpenShed
from toolshed.catalog.reach import Reach
from toolshed.errors import ConfigurationError
from toolshed.pre_retrieval.enhancement import checked_enhancement
from toolshed.settings import Settings
from toolshed_api.app import create_app


def lines(*values: object) -> bytes:
    return "\n".join(json.dumps(value) for value in values).encode()


def test_what_was_written_of_tools_is_searched_and_what_is_of_none_told(
    open_shed: OpenShed,
) -> None:
    shed = open_shed(reach=Reach.of_service())
    shed.add_tools(*TOOLS)
    content = lines(
        {"tool": "get_forecast", "hypothetical_questions": ["do I need my umbrella"]},
        {"tool": "nothing:there", "key_topics": ["x"]},
    )
    with served(Settings(), shed) as client:
        job = done(client, client.post("/v1/enhancements", content=content))
    assert (job["status"], job["result"]["changed"]) == ("succeeded", ["weather:get_forecast"])
    assert "nothing:there" in job["result"]["warnings"][0]
    (stored,) = shed.knowledge_base.fetch(["weather:get_forecast"])
    assert stored.enhancement is not None
    assert stored.enhancement.hypothetical_questions == ("do I need my umbrella",)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"[]", b"{half", lines({"tool": ""}), lines({"tool": "a", "colour": "red"})],
    ids=["empty", "no-text", "no-object", "no-json", "no-tool", "unknown-field"],
)
def test_what_is_no_enhancement_is_refused(client: httpx.Client, content: bytes) -> None:
    assert problem(client.post("/v1/enhancements", content=content)) == (422, "invalid_request")


def test_lines_are_described_as_they_are_read() -> None:
    paths = create_app(Settings()).openapi()["paths"]
    described = paths["/v1/enhancements"]["post"]["requestBody"]["content"]
    schema = Draft202012Validator(described["application/x-ndjson"]["schema"])
    for good in ({"tool": "a", "prompt_version": 2, "model": "m"}, {"tool": "a", "key_topics": ["x"] * 50}):
        assert schema.is_valid([good])
        checked_enhancement(good, "line 1")
    for bad in ({}, {"tool": " "}, {"tool": "a", "model": None}, {"tool": "a", "key_topics": ["x"] * 51}):
        assert not schema.is_valid([bad])
        with pytest.raises(ConfigurationError):
            checked_enhancement(bad, "line 1")

from typing import Any

import pytest

from toolshed.pre_retrieval.documents import build_tool_document, readable_name
from toolshed.testing import make_tool
from toolshed.types import ToolDefinition


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("getHTTPResponse2", "get http response 2"),
        ("send_email-now", "send email now"),
        ("天気", "天気"),
        ("***", "***"),
    ],
)
def test_names_are_readable(name: str, expected: str) -> None:
    assert readable_name(name) == expected


def test_a_document_says_the_same_in_several_ways() -> None:
    document = build_tool_document(make_tool("getForecast", "Retrieve the forecast."))
    assert document.views == (
        "get forecast",
        "get forecast: Retrieve the forecast.",
        "I want to retrieve the forecast.",
    )
    assert document.topics == ()


def test_addresses_of_links_are_not_read() -> None:
    said = "Star it. See [the [guide]](https://a.example/x) or [help](/docs/help#a) or [f](x) or [this](#b)."
    document = build_tool_document(make_tool("star", said))
    assert document.views[1] == (
        "star: Star it. See [the [guide]](https://a.example/x) or help or [f](x) or this."
    )
    assert document.fields["description"] == said


def test_a_tool_that_says_nothing_leaves_no_empty_slots() -> None:
    document = build_tool_document(make_tool("noop"))
    assert document.views == ("noop", "I want to noop.")
    assert document.summary == "noop."


def test_every_use_of_a_long_description_is_a_topic() -> None:
    document = build_tool_document(
        make_tool("mail", "Send an email to someone. Schedule delivery for later.")
    )
    assert document.topics == ("mail: Send an email to someone.", "mail: Schedule delivery for later.")


def test_acronyms_keep_their_capitals_in_the_question() -> None:
    document = build_tool_document(make_tool("x", "DNS lookup of a host."))
    assert document.views[-1] == "I want to DNS lookup of a host."


def test_arguments_are_described_however_deep_and_choices_named() -> None:
    schema = {
        "type": "object",
        "properties": {
            "unitSystem": {"enum": ["metric", "imperialUS"]},
            "stops": {"type": "array", "items": {"$ref": "#/$defs/Stop"}},
            "payment": {"anyOf": [{"type": "null"}, {"properties": {"card_number": {"description": "PAN"}}}]},
        },
        "$defs": {
            "Stop": {"properties": {"city": {"description": "Where"}, "next": {"$ref": "#/$defs/Stop"}}}
        },
    }
    arguments = build_tool_document(ToolDefinition("route", parameters=schema)).fields["arguments"]
    assert arguments == "unit system metric imperial us stops city Where next payment card number PAN"


def test_results_are_found_by_their_words() -> None:
    tool = ToolDefinition("slope", output_schema={"properties": {"inclination": {"description": "Degrees"}}})
    assert build_tool_document(tool).fields["results"] == "inclination Degrees"


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"properties": "x", "items": 3, "anyOf": {}}, id="wrong-types"),
        pytest.param({"properties": {"a": None, "b": 3, "c": []}}, id="arguments-that-are-no-schemas"),
        pytest.param({"properties": {"a": {"$ref": 3}, "b": {"$ref": "http://x"}}}, id="odd-references"),
        pytest.param(
            {"anyOf": [{"$ref": "#"}] * 1000, "properties": {"a": {"$ref": "#"}}}, id="refers-to-itself"
        ),
        pytest.param(
            {"properties": {f"p{n}": {"enum": [None, 1]} for n in range(5000)}}, id="5000-arguments"
        ),
    ],
)
def test_no_schema_breaks_or_floods_a_document(schema: dict[str, object]) -> None:
    assert len(build_tool_document(ToolDefinition("t", parameters=schema)).summary) < 5_000


SERVICE = {"service": "Meteo Iberia", "service_description": "Rain and wind of the coming days."}


def test_a_title_is_searched_beside_the_name() -> None:
    document = build_tool_document(ToolDefinition("op7", "Calls endpoint seven.", title="Tide table"))
    assert document.name == "Tide table (op 7)"
    assert document.fields["name"].split() == ["op7", "Tide", "table"]
    assert build_tool_document(ToolDefinition("tide_table", title="Tide Table")).name == "tide table"


def test_a_service_speaks_for_a_tool_that_says_nothing() -> None:
    document = build_tool_document(ToolDefinition("q7", "Runs query seven.", **SERVICE))
    assert document.views == (
        "Meteo Iberia: Rain and wind of the coming days. q 7: Runs query seven.",
        "Meteo Iberia: Rain and wind of the coming days.",
    )
    assert "Rain and wind" in document.summary
    assert "Rain and wind" in document.fields["results"]


def test_a_service_is_one_view_of_a_tool_that_says_little() -> None:
    views = build_tool_document(ToolDefinition("run_query", "Runs it.", **SERVICE)).views
    assert views[0].startswith("Meteo Iberia: Rain")
    assert views[1:] == build_tool_document(ToolDefinition("run_query", "Runs it.")).views


@pytest.mark.parametrize(
    "told",
    [
        {"description": "Forecast the rain in a town for each hour of one of the coming days."},
        {"description": "Runs it.", "binding": {"kind": "openapi"}},
    ],
)
def test_a_tool_that_speaks_for_itself_keeps_its_views(told: dict[str, Any]) -> None:
    told_with = build_tool_document(ToolDefinition("get_rain", **told, **SERVICE))
    plain = build_tool_document(ToolDefinition("get_rain", **told))
    assert (told_with.views, told_with.summary) == (plain.views, plain.summary)
    assert told_with.fields["results"] == "Meteo Iberia: Rain and wind of the coming days."

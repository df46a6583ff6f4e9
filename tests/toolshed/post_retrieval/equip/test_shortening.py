"""Shortening: deep descriptions first, then deep fields, and never a required argument."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.provider_rules import CHECKS
from tests.toolshed.post_retrieval.equip.test_exports import EXPORTS, any_schemas
from toolshed.metering.token_counts import PieceCounter
from toolshed.post_retrieval.equip.shortening import cut_text, n_tokens, shortened, shortest, whole
from toolshed.rankings import FoundTool
from toolshed.types import ToolDefinition

COUNTER = PieceCounter()
TEXT = "What it is. It has a long explanation that a reader may skip. " * 3


def nested(depth: int, width: int = 3) -> dict[str, Any]:
    if not depth:
        return {"type": "string", "description": TEXT}
    fields = {f"field{n}": nested(depth - 1, width) for n in range(width)}
    return {
        "type": "object",
        "description": TEXT,
        "properties": fields,
        "required": ["field0"],
        "additionalProperties": False,
    }


PARAMETERS = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": TEXT},
        "pod": nested(4),
        "country": {"type": "string", "enum": [f"country {n}" for n in range(200)]},
    },
    "required": ["name", "pod"],
}
TOOL = ToolDefinition("replace", "Replace the pod.", PARAMETERS)


def cut(max_tokens: int) -> ToolDefinition:
    return shortened(whole(TOOL), max_tokens, COUNTER)


def depth_of(schema: Any, key: str) -> int:
    """The deepest that a keyword stands, counted in fields."""
    if not isinstance(schema, dict):
        return -1
    here = 0 if key in schema else -1
    inner = [depth_of(value, key) for value in schema.get("properties", {}).values()]
    return max([here, *(depth + 1 for depth in inner if depth >= 0)])


@pytest.mark.parametrize("budget", [100, 200, 400, 800, 1_600, 3_200, 6_400])
def test_it_fits_is_valid_keeps_what_is_required_and_says_so(budget: int) -> None:
    short = cut(budget)
    assert n_tokens(short, COUNTER) <= budget
    Draft202012Validator.check_schema(short.parameters)
    assert {"name", "pod"} <= short.parameters["properties"].keys()
    assert short.parameters["required"] == ["name", "pod"]
    assert "Shortened" in short.description
    assert short.name == "replace"


def test_deep_descriptions_go_before_deep_fields() -> None:
    depths = []
    for budget in range(7_000, 100, -100):
        parameters = cut(budget).parameters
        depths.append((depth_of(parameters, "description"), depth_of(parameters, "type")))
    fields = [field for _, field in depths]
    assert fields[0] == 5
    assert fields == sorted(fields, reverse=True)
    # All descriptions below the arguments are gone, or are notes, before the first field goes.
    assert min(described for described, field in depths if field == 5) <= 1


def test_objects_that_lost_fields_say_so_and_take_them() -> None:
    pod = cut(300).parameters["properties"]["pod"]
    assert "properties" not in pod
    assert "additionalProperties" not in pod
    assert "3 fields, left out here" in pod["description"]


def test_long_lists_of_choices_become_words() -> None:
    country = cut(400).parameters["properties"]["country"]
    assert "enum" not in country
    assert country["description"].startswith("One of 200: country 0, country 1")


def test_what_is_not_required_goes_last_and_in_order() -> None:
    many = {f"option_{n}": {"type": "string", "description": TEXT} for n in range(100)}
    tool = ToolDefinition("t", "", {"properties": {**many, "id": {"type": "string"}}, "required": ["id"]})
    short = shortened(whole(tool), 500, COUNTER)
    kept = list(short.parameters["properties"])
    assert kept[0] == "id"
    assert kept[1:] == [f"option_{n}" for n in range(len(kept) - 1)]
    assert 3 < len(kept) < 60
    assert list(shortest(whole(tool)).parameters["properties"]) == ["id"]


def test_recursive_definitions_are_shortened() -> None:
    node = {"type": "object", "properties": {"left": {"$ref": "#/$defs/N"}, "right": {"$ref": "#/$defs/N"}}}
    schema = {"properties": {"tree": {"$ref": "#/$defs/N"}}, "required": ["tree"], "$defs": {"N": node}}
    short = shortened(whole(ToolDefinition("t", TEXT * 50, schema)), 150, COUNTER)
    assert n_tokens(short, COUNTER) <= 150
    assert "tree" in short.parameters["properties"]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_schemas(), st.integers(20, 400))
def test_any_shortened_schema_is_taken_by_every_provider(schema: dict[str, Any], budget: int) -> None:
    tool = ToolDefinition("do.it", TEXT, schema)
    short = FoundTool(tool, 1.0, 1.0, "", {}, shortened(whole(tool), budget, COUNTER))
    for name, export in EXPORTS.items():
        CHECKS[name](export([short]))
    full = whole(tool).parameters
    left = short.handed_on.parameters
    assert set(full.get("required", ())) <= set(left["properties"])
    json.dumps(left)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Short.", "Short."),
        ("A first sentence. And then another one that is long.", "A first sentence."),
        ("word " * 20, "word word word word word word…"),
        ("x" * 99, "x" * 29 + "…"),
        ("a\n\n  b", "a b"),
    ],
)
def test_a_text_is_cut_behind_a_sentence_or_a_word(text: str, expected: str) -> None:
    assert cut_text(text, 30) == expected

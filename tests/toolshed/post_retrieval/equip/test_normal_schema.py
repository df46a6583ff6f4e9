"""The form that every export starts from."""

from typing import Any

import pytest

from toolshed.post_retrieval.equip.normal_schema import normal_schema
from toolshed.post_retrieval.equip.type_words import typed

TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("STRING", {"type": "string"}),
        ("int", {"type": "integer"}),
        ("Float", {"type": "number"}),
        ("tuple", {"type": "array", "items": {}}),
        ("list[int]", {"type": "array", "items": {"type": "integer"}}),
        ("typing.List[str]", {"type": "array", "items": {"type": "string"}}),
        ("Optional[str]", {"type": ["string", "null"]}),
        ("string | null", {"type": ["string", "null"]}),
        ("dict[str, int]", {"type": "object"}),
        ("str[]", {"type": "array", "items": {"type": "string"}}),
        ("datetime", {"type": "string", "format": "date-time"}),
        (["str", "none"], {"type": ["string", "null"]}),
        ("any", {}),
        ("Union[int, any]", {}),
        ("list[" * 50, {}),
        (7, {}),
    ],
)
def test_words_of_other_languages_become_those_of_json_schema(word: object, expected: dict[str, Any]) -> None:
    assert typed(word) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"exclusiveMinimum": True, "minimum": 3}, {"exclusiveMinimum": 3}),
        ({"exclusiveMaximum": False, "maximum": 3}, {"maximum": 3}),
        ({"type": "str", "nullable": True}, {"type": ["string", "null"]}),
        (
            {"items": [TEXT], "additionalItems": False},
            {"type": "array", "prefixItems": [TEXT], "items": False},
        ),
        ({"enum": [], "maxLength": "9", "minLength": 2.0}, {"minLength": 2}),
        ({"allOf": [], "type": "int"}, {"type": "integer"}),
        ("dict", {"type": "object"}),
        (True, {}),
        (
            {"type": "object", "properties": {"b": {"type": "str", "required": True}}},
            {"type": "object", "properties": {"b": TEXT}, "required": ["b"]},
        ),
        ({"dependencies": {"a": ["b"]}}, {"dependentRequired": {"a": ["b"]}}),
        ({"example": 4}, {"examples": [4]}),
        ({"type": "str", "pattern": "^[a"}, TEXT),
        ({"type": "str", "pattern": "(?P<a>b)"}, TEXT),
        ({"type": "str", "pattern": r"^\p{L}+(?<x>y)$"}, {**TEXT, "pattern": r"^\p{L}+(?<x>y)$"}),
        ({"$ref": "https://elsewhere.example/x.json"}, {}),
    ],
)
def test_what_older_drafts_and_sloppy_catalogs_say_is_put_right(said: Any, expected: dict[str, Any]) -> None:
    assert normal_schema({"properties": {"a": said}}).schema["properties"]["a"] == expected


@pytest.mark.parametrize(
    ("schema", "properties", "required", "note"),
    [
        pytest.param(
            {"properties": {"a": TEXT, "b": TEXT}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
            ["a", "b"],
            None,
            "Give exactly one of these: a; b.",
            id="one-of",
        ),
        pytest.param(
            {
                "properties": {"id": TEXT},
                "required": ["id"],
                "anyOf": [
                    {"properties": {"a": TEXT, "c": TEXT}, "required": ["a", "c"]},
                    {"properties": {"b": TEXT, "c": TEXT}, "required": ["b", "c"]},
                ],
            },
            ["id", "a", "c", "b"],
            ["id", "c"],
            "Give at least one of these: a; b.",
            id="required-is-what-all-branches-require",
        ),
        pytest.param(
            {
                "oneOf": [
                    {
                        "properties": {"kind": {"const": "post"}, "street": TEXT},
                        "required": ["kind", "street"],
                    },
                    {"properties": {"kind": {"const": "mail"}, "to": TEXT}, "required": ["kind", "to"]},
                ]
            },
            ["kind", "street", "to"],
            ["kind"],
            'Give exactly one of these: kind = "post" with street; kind = "mail" with to.',
            id="told-apart-by-a-constant",
        ),
        pytest.param(
            {
                "allOf": [{"properties": {"a": TEXT}, "required": ["a"]}, {"$ref": "#/$defs/B"}],
                "$defs": {"B": {"properties": {"b": TEXT}}},
            },
            ["b", "a"],
            ["a"],
            "",
            id="all-of",
        ),
        pytest.param({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}, [], None, "", id="itself"),
        pytest.param(
            {"anyOf": [{"properties": {"a": TEXT}, "required": ["a"]}, {"type": "null"}]},
            ["a"],
            ["a"],
            "",
            id="an-object-or-nothing",
        ),
        pytest.param(
            {"properties": {"a": TEXT, "b": TEXT}, "not": {"required": ["a", "b"]}},
            ["a", "b"],
            None,
            "Do not give a and b together.",
            id="not-both",
        ),
        pytest.param({"required": ["a"]}, ["a"], ["a"], "", id="required-and-not-described"),
        pytest.param({"type": "array"}, ["value"], ["value"], "", id="no-object"),
    ],
)
def test_the_top_is_one_object(
    schema: dict[str, Any], properties: list[str], required: list[str] | None, note: str
) -> None:
    normal = normal_schema(schema)
    assert sorted(normal.schema["properties"]) == sorted(properties)
    assert normal.schema.get("required") == required
    assert normal.note == note


def test_choices_of_branches_are_taken_together() -> None:
    kinds = [{"properties": {"kind": {"type": "string", "const": kind}}} for kind in ("a", "b", "c")]
    merged = normal_schema({"oneOf": kinds}).schema["properties"]["kind"]
    assert merged == {"type": "string", "enum": ["a", "b", "c"]}


def test_references_point_into_the_definitions_and_unused_ones_are_gone() -> None:
    schema = {
        "properties": {"a": {"$ref": "#/definitions/Some~1Name"}, "b": {"$ref": "#/properties/a"}},
        "definitions": {"Some/Name": TEXT, "Unused": TEXT},
    }
    assert normal_schema(schema).schema == {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/Some_1Name"}, "b": {"$ref": "#/$defs/a"}},
        "$defs": {"Some_1Name": TEXT, "a": {"$ref": "#/$defs/Some_1Name"}},
    }


def test_fields_of_all_parts_are_kept_at_every_depth() -> None:
    parts = [{"properties": {"to": {"properties": {name: TEXT}, "required": [name]}}} for name in "ab"]
    merged = normal_schema({"allOf": parts}).schema["properties"]["to"]
    assert sorted(merged["properties"]) == sorted(merged["required"]) == ["a", "b"]

"""What arguments a schema refuses, in which words, and that hostile schemas cost nothing."""

import time
from contextlib import suppress
from typing import Any

import pytest

from toolshed.calling.arguments import check_arguments
from toolshed.errors import InvalidArgumentsError, NotCallableError
from toolshed.types import ToolDefinition

DESK = {
    "type": "object",
    "properties": {
        "number": {"type": "integer", "minimum": 1},
        "corner": {"enum": ["north", "south"]},
        "note": {"type": ["string", "null"]},
        "people": {"type": "array", "items": {"type": "object", "required": ["name"]}},
    },
    "required": ["number"],
    "additionalProperties": False,
}


def tool(schema: dict[str, Any]) -> ToolDefinition:
    return ToolDefinition("move", parameters=schema, source="desks")


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"number": 3}, id="required-only"),
        pytest.param({"number": 3.0, "corner": "north", "note": None}, id="a-whole-number-and-null"),
        pytest.param({"number": 3, "people": [{"name": "Ana", "age": 3}]}, id="nested"),
    ],
)
def test_what_the_schema_allows_goes_on_as_it_is(given: dict[str, Any]) -> None:
    assert check_arguments(tool(DESK), given) == given


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({}, r"'number' is a required property", id="missing"),
        pytest.param({"number": "3"}, r"number: '3' is not of type 'integer'", id="another-type"),
        pytest.param({"number": True}, r"number: True is not of type 'integer'", id="true-is-no-number"),
        pytest.param({"number": 0}, r"0 is less than the minimum of 1", id="bounds"),
        pytest.param(
            {"number": 1, "corner": "up"}, r"corner: 'up' is not one of \['north', 'south'\]", id="enum"
        ),
        pytest.param(
            {"number": 1, "numbr": 2}, r"'numbr' was unexpected.*did you mean 'number'", id="misspelt"
        ),
        pytest.param({"number": 1, "people": [{}]}, r"people\[0\]: 'name' is a required", id="where-it-is"),
        pytest.param([1], r"of type list; give a mapping by name", id="a-list"),
        pytest.param({"number": float("nan")}, r"hold nan, which JSON does not have", id="not-a-number"),
        pytest.param({"number": 1, "note": object()}, r"object is no type of JSON", id="no-json"),
    ],
)
def test_what_it_refuses_is_said_with_what_would_be_right(given: Any, said: str) -> None:
    with pytest.raises(InvalidArgumentsError, match=said) as refused:
        check_arguments(tool(DESK), given)
    assert len(str(refused.value)) < 2_000


def test_every_complaint_is_listed_at_once() -> None:
    with pytest.raises(InvalidArgumentsError, match=r"required property.*unexpected.*'number' \(required"):
        check_arguments(tool(DESK), {"a": 1})


def test_unknown_arguments_pass_where_the_schema_leaves_room() -> None:
    open_schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    assert check_arguments(tool(open_schema), {"b": 1}) == {"b": 1}


def test_a_huge_value_is_not_repeated_in_the_error() -> None:
    with pytest.raises(InvalidArgumentsError) as refused:
        check_arguments(tool(DESK), {"number": "x" * 100_000})
    assert len(str(refused.value)) < 1_000


@pytest.mark.parametrize(
    "ref", ["https://evil.example/schema.json", "file:///etc/passwd", "#/nowhere", "other"]
)
def test_references_elsewhere_are_never_followed(ref: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object, **named: object) -> None:
        raise AssertionError("something was fetched")

    monkeypatch.setattr("socket.socket", refuse)
    monkeypatch.setattr("urllib.request.urlopen", refuse)
    schema = {"type": "object", "properties": {"a": {"$ref": ref}, "b": {"type": "string"}}}
    assert check_arguments(tool(schema), {"a": 1}) == {"a": 1}
    with pytest.raises(InvalidArgumentsError, match="b: 2 is not of type"):
        check_arguments(tool(schema), {"a": 1, "b": 2})


def test_references_within_the_schema_are_followed() -> None:
    schema = {"$defs": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/$defs/n"}}}
    with pytest.raises(InvalidArgumentsError, match="not of type 'integer'"):
        check_arguments(tool(schema), {"a": "x"})


def test_references_that_multiply_end_in_an_error() -> None:
    levels = {f"l{n}": {"allOf": [{"$ref": f"#/$defs/l{n + 1}"}] * 2} for n in range(60)}
    schema = {"$defs": {**levels, "l60": {}}, "properties": {"a": {"$ref": "#/$defs/l0"}}}
    begin = time.process_time()
    with pytest.raises(NotCallableError, match="nothing was sent"):
        check_arguments(tool(schema), {"a": 1})
    assert time.process_time() - begin < 20


def test_a_schema_that_contains_itself_leaves_the_check_to_the_tool() -> None:
    assert check_arguments(tool({"allOf": [{"$ref": "#"}]}), {"a": 1}) == {"a": 1}


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"properties": {"a": {"type": "strnig"}}}, id="no-type"),
        pytest.param({"properties": {"a": {"required": True}}}, id="draft-3"),
        pytest.param({"properties": {"a": {"pattern": "(["}}}, id="no-pattern"),
        pytest.param({"properties": {"a": {"pattern": 3}}}, id="a-number-for-a-pattern"),
        pytest.param({"properties": {"a": []}}, id="a-list-for-a-schema"),
        pytest.param({"properties": {"a": {"enum": 3}}}, id="a-number-for-choices"),
        pytest.param({"properties": {"a": {"anyOf": 3}}}, id="a-number-for-alternatives"),
        pytest.param(
            {"patternProperties": {"([": {}}, "additionalProperties": False}, id="no-pattern-of-names"
        ),
    ],
)
def test_what_no_validator_can_read_leaves_the_check_to_the_tool(schema: dict[str, Any]) -> None:
    assert check_arguments(tool({"type": "object", **schema}), {"a": {"b": "c"}}) == {"a": {"b": "c"}}


@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "^(a|a)*$", "^(a|ab)*c", "a*a*a*a*a*b", "(a?){40}a{40}", r"(a*)\1b"]
)
def test_patterns_that_take_for_ever_are_not_tried(pattern: str) -> None:
    begin = time.process_time()
    text = "a" * 5_000 + "!"
    check_arguments(tool({"properties": {"a": {"pattern": pattern}}}), {"a": text})
    schema = {"patternProperties": {pattern: {}}, "additionalProperties": False}
    check_arguments(tool(schema), {text: 1})
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        (r"^\d{4}-\d{2}-\d{2}$", "tomorrow"),
        (r"^[A-Z]{3}$", "Euro"),
        (r"^[^@]+@[^@]+$", "ana"),
        (r"^(mon|tue)day$", "someday"),
    ],
)
def test_other_patterns_are(pattern: str, wrong: str) -> None:
    with pytest.raises(InvalidArgumentsError, match="does not match"):
        check_arguments(tool({"properties": {"a": {"pattern": pattern}}}), {"a": wrong})


def test_the_callers_arguments_are_copied() -> None:
    given = {"a": [1]}
    check_arguments(tool({"type": "object"}), given)["a"].append(2)
    assert given == {"a": [1]}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "patternProperties": {"(a+)+$": {}}, "unevaluatedProperties": False},
        {"type": "object", "properties": {"x": {"$dynamicRef": "#nowhere"}}},
    ],
)
def test_what_a_strangers_schema_leaves_open_ends(schema: dict[str, Any]) -> None:
    with suppress(InvalidArgumentsError):
        check_arguments(tool(schema), {"a" * 40 + "!": 1, "x": 1})

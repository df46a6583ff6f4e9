import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from toolshed.catalog.json_schema import Direction, Room, SchemaWriter
from toolshed.catalog.schema_references import References
from toolshed.errors import InvalidToolError

ROOM = Room(depths=(24, 8, 5, 3), n_schemas=3_000)


def written(
    schema: Any,
    *,
    direction: Direction = Direction.REQUEST,
    room: Room = ROOM,
    keeps_siblings: bool = True,
    **definitions: Any,
) -> dict[str, Any]:
    writer = SchemaWriter(References({"definitions": definitions}), direction, keeps_siblings=keeps_siblings)
    (result,) = writer.write([schema], room)
    Draft202012Validator.check_schema(result)
    return result


def ref(name: str, **beside: Any) -> dict[str, Any]:
    return {"$ref": f"#/definitions/{name}", **beside}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        pytest.param(
            {"minimum": 0, "exclusiveMinimum": True}, {"exclusiveMinimum": 0}, id="exclusive-minimum"
        ),
        pytest.param({"maximum": 9, "exclusiveMaximum": False}, {"maximum": 9}, id="not-exclusive"),
        pytest.param({"exclusiveMinimum": True}, {}, id="exclusive-of-nothing"),
        pytest.param({"type": "string", "nullable": True}, {"type": ["string", "null"]}, id="nullable"),
        pytest.param({"type": "string", "x-nullable": True}, {"type": ["string", "null"]}, id="x-nullable"),
        pytest.param(
            {"type": "string", "enum": ["a"], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
            id="nullable-choice",
        ),
        pytest.param(
            {"oneOf": [{"type": "string"}, {"type": "number"}], "nullable": True},
            {"oneOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}]},
            id="nullable-alternatives",
        ),
        pytest.param({"example": 3}, {"examples": [3]}, id="example"),
        pytest.param({"examples": {"a": {"value": 3}, "b": {}}}, {"examples": [3]}, id="named-examples"),
        pytest.param({"type": "file"}, {"type": "string", "format": "binary"}, id="file"),
        pytest.param({"type": "dict"}, {"type": "object"}, id="word-of-python"),
        pytest.param({"type": "any"}, {}, id="any"),
        pytest.param({"type": ["string", "nonsense"]}, {}, id="half-known"),
        pytest.param({"type": "OBJECT"}, {"type": "object"}, id="capitals"),
        pytest.param(
            {"items": [{"type": "string"}, {}], "additionalItems": False},
            {"prefixItems": [{"type": "string"}, {}], "items": False},
            id="tuple",
        ),
        pytest.param(
            {"dependencies": {"a": ["b"], "c": {"required": ["d"]}}},
            {"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"required": ["d"]}}},
            id="dependencies",
        ),
        pytest.param({"id": "#x", "$schema": "http://json-schema.org/draft-04/schema#"}, {}, id="draft-4-id"),
        pytest.param(
            {"x-ms-summary": "s", "discriminator": {"propertyName": "a"}, "xml": {}, "title": "T"},
            {"title": "T"},
            id="words-of-others",
        ),
        pytest.param(
            {"properties": {"a": {"required": True}, "b": {"required": False}}},
            {"properties": {"a": {}, "b": {}}, "required": ["a"]},
            id="required-of-draft-3",
        ),
        pytest.param({"required": ["a", "a", 3]}, {"required": ["a"]}, id="required-twice"),
        pytest.param({"enum": []}, {}, id="no-choice"),
        pytest.param({"minLength": "5", "maxLength": -1, "maxItems": 1.5}, {"minLength": 5}, id="sizes"),
        pytest.param({"pattern": r"^\d+$"}, {"pattern": r"^\d+$"}, id="pattern"),
        pytest.param({"pattern": r"^\p{L}$"}, {"description": r"Pattern: ^\p{L}$"}, id="pattern-of-others"),
        pytest.param(
            {"patternProperties": {"(": {}, "^a": {}}}, {"patternProperties": {"^a": {}}}, id="names"
        ),
        pytest.param(
            {"properties": {"a": True, "b": False}},
            {"properties": {"a": {}, "b": {"not": {}}}},
            id="booleans",
        ),
        pytest.param(
            {"type": "string", "enum": [1.0, True, "a", None]},
            {"type": "string", "enum": ["1.0", "true", "a", None]},
            id="choices-of-a-text",
        ),
        pytest.param(
            {"type": "integer", "enum": ["1", "x", 2]},
            {"type": "integer", "enum": [1, "x", 2]},
            id="choices-of-a-number",
        ),
        pytest.param(
            {"default": float("nan"), "const": 10**400, "enum": [1, float("inf")], "example": float("-inf")},
            {"enum": [1]},
            id="what-json-does-not-have",
        ),
        pytest.param({"maximum": float("inf"), "minimum": -(10**400)}, {}, id="boundless"),
        pytest.param(
            {"description": 2024, "title": True}, {"description": "2024"}, id="words-that-are-numbers"
        ),
        pytest.param({"multipleOf": 0, "minimum": True, "uniqueItems": "yes"}, {}, id="malformed"),
        pytest.param("text", {}, id="no-schema"),
    ],
)
def test_words_of_other_drafts_become_those_of_2020_12(schema: Any, expected: Any) -> None:
    assert written(schema) == expected


def test_parts_of_all_of_become_one_schema() -> None:
    part = {"properties": {"id": {"type": "string"}, "owner": {"minLength": 1}}, "required": ["owner"]}
    schema = {
        "description": "ours",
        "allOf": [ref("Part"), {"allOf": [{"properties": {"colour": {}}}], "description": "theirs"}],
        "properties": {"owner": {"type": "string", "maxLength": 9}},
        "required": ["colour"],
    }
    assert written(schema, Part=part) == {
        "description": "ours",
        "properties": {
            "owner": {"type": "string", "minLength": 1, "maxLength": 9},
            "id": {"type": "string"},
            "colour": {},
        },
        "required": ["colour", "owner"],
    }


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param([{"type": "number"}, {"type": "integer"}], {"type": "integer"}, id="types"),
        pytest.param(
            [{"type": ["string", "null"]}, {"type": "string"}], {"type": "string"}, id="type-of-several"
        ),
        pytest.param([{"enum": [1, 2, 3]}, {"enum": [3, 2]}], {"enum": [2, 3]}, id="choices"),
        pytest.param(
            [{"minimum": 1, "maxLength": 9}, {"minimum": 3, "maxLength": 5}],
            {"minimum": 3, "maxLength": 5},
            id="bounds",
        ),
        pytest.param(
            [{"pattern": "a"}, {"pattern": "b"}], {"pattern": "a", "allOf": [{"pattern": "b"}]}, id="patterns"
        ),
        pytest.param(
            [{"properties": {"a": {}}, "additionalProperties": False}, {"properties": {"b": {}}}],
            {"properties": {"a": {}, "b": {}}},
            id="closed-and-extended",
        ),
        pytest.param(
            [{"anyOf": [{"type": "string"}]}, {"minLength": 1}],
            {"type": "string", "minLength": 1},
            id="one-choice",
        ),
        pytest.param(
            [
                {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
                {"anyOf": [{"maxItems": 1}, {"maxItems": 2}]},
            ],
            {
                "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
                "allOf": [{"anyOf": [{"maxItems": 1}, {"maxItems": 2}]}],
            },
            id="alternatives",
        ),
        pytest.param(
            [{"type": "string", "nullable": True}, {"minLength": 1}],
            {"type": "string", "minLength": 1},
            id="null-is-for-all-parts",
        ),
    ],
)
def test_parts_that_say_the_same_thing_are_joined(parts: list[Any], expected: Any) -> None:
    assert written({"allOf": parts}) == expected


def test_what_stands_beside_a_reference_comes_first() -> None:
    place = {"type": "object", "description": "a place"}
    assert written(ref("Place", description="where to"), Place=place) == {
        "type": "object",
        "description": "where to",
    }
    schema = ref("Place", description="where to", type="string", nullable=True)
    assert written(schema, keeps_siblings=False, Place=place) == {
        "type": ["object", "null"],
        "description": "where to",
    }


def test_every_reference_on_the_way_may_add_something() -> None:
    named = ref("Place", title="Home", description="a home")
    assert written(ref("Home", description="where to"), Home=named, Place={"type": "object"}) == {
        "description": "where to",
        "title": "Home",
        "type": "object",
    }


def test_a_reference_beside_which_it_refers_to_itself_is_cut() -> None:
    loop = ref("Base", properties={"next": ref("Loop")})
    properties = written(ref("Loop"), Loop=loop, Base={"type": "object"})["properties"]
    assert properties == {"next": {"type": "object"}}


def test_what_is_nested_beside_references_is_bounded() -> None:
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = ref("Base", properties={"x": deep}, allOf=[deep])
    assert written(deep, Base={"type": "object"})["type"] == "object"


@pytest.mark.parametrize(
    ("direction", "left"),
    [(Direction.REQUEST, ["name", "secret"]), (Direction.RESPONSE, ["name", "id", "by"])],
)
def test_what_only_the_other_side_says_is_left_out(direction: Direction, left: list[str]) -> None:
    schema = {
        "properties": {
            "name": {},
            "id": ref("Id"),
            "secret": {"writeOnly": True},
            "by": {"allOf": [{"type": "string"}, {"readOnly": True}]},
        },
        "required": ["name", "id", "secret", "by"],
    }
    result = written({"items": {"allOf": [schema]}}, direction=direction, Id={"readOnly": True})["items"]
    assert list(result["properties"]) == left
    assert result["required"] == left


def test_alternatives_are_told_apart_by_the_value_of_the_discriminator() -> None:
    kind = {"kind": {"type": "string"}}
    schema = {
        "oneOf": [ref("Cat"), ref("Dog"), ref("Fish"), {"type": "string"}],
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"cat": "#/definitions/Cat", "dog": "Dog", "puppy": "#/definitions/Dog"},
        },
    }
    cat, dog, fish, text = written(
        schema, Cat={"properties": kind}, Dog={"properties": kind}, Fish={"properties": kind}
    )["oneOf"]
    assert cat == {"properties": {"kind": {"type": "string", "const": "cat"}}, "required": ["kind"]}
    assert dog["properties"]["kind"]["enum"] == ["dog", "puppy"]
    assert fish["properties"]["kind"]["const"] == "Fish"
    assert text == {"type": "string"}


def test_a_schema_that_refers_to_itself_is_cut_to_its_outline() -> None:
    node = {
        "type": "object",
        "description": "a node",
        "properties": {"next": ref("Node"), "all": {"type": "array", "items": ref("Node")}},
    }
    outline = {"type": "object", "description": "a node"}
    assert written(ref("Node"), Node=node)["properties"] == {
        "next": outline,
        "all": {"type": "array", "items": outline},
    }


def test_what_was_cut_in_one_place_is_written_out_in_another() -> None:
    leaf = {"type": "object", "properties": {"value": {"type": "string"}}}
    deep: dict[str, Any] = ref("Leaf")
    for _ in range(2):
        deep = {"type": "object", "properties": {"x": deep}}
    schema = {"properties": {"deep": deep, "near": ref("Leaf"), "again": deep}}
    properties = written(schema, room=Room((3,), 100), Leaf=leaf)["properties"]
    assert properties["near"] == leaf
    assert properties["deep"]["properties"]["x"]["properties"]["x"] == {"type": "object"}
    assert properties["again"] == properties["deep"]


def test_all_fields_are_shortened_alike_where_there_is_too_much() -> None:
    wide: dict[str, Any] = {
        f"w{n}": {"type": "object", "properties": {f"p{m}": {"type": "string"} for m in range(10)}}
        for n in range(10)
    }
    schema = {
        "properties": {
            "first": {"type": "object", "properties": wide},
            "last": {"type": "object", "properties": wide},
        }
    }
    properties = written(schema, room=Room((10, 2), 60))["properties"]
    assert properties["first"] == properties["last"]
    assert properties["last"]["properties"]["w9"] == {"type": "object"}


def test_schemas_used_often_count_each_time() -> None:
    fan: dict[str, Any] = {
        f"S{n}": {"properties": {f"p{m}": ref(f"S{n + 1}") for m in range(10)}} for n in range(8)
    }
    result = written(ref("S0"), **fan, S8={"type": "string"})
    assert len(str(result)) < 200_000
    with pytest.raises(InvalidToolError, match="more than 50,000 values"):
        written({"prefixItems": [ref("Choices")] * 3}, Choices={"enum": ["x"] * 20_000})


def test_long_examples_are_left_out() -> None:
    assert written({"example": "x" * 501}) == {}
    assert written({"example": {"a": {"b": 1}}}) == {}
    assert written({"example": {"a": 1}}) == {"examples": [{"a": 1}]}


KEYWORDS = (
    "$ref type properties required allOf anyOf oneOf items enum minimum exclusiveMinimum nullable "
    "not if then pattern patternProperties additionalProperties dependencies dependentRequired "
    "example examples discriminator propertyName mapping default prefixItems readOnly format "
    "maxLength multipleOf const description additionalItems a b "
).split()
ANY_SCHEMA = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ["string", "object", "null", "a", "b", "(", "#/definitions/A", "#/definitions/B", "#", ""]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=400, deadline=None)
@given(ANY_SCHEMA, ANY_SCHEMA, ANY_SCHEMA, st.sampled_from(Direction), st.booleans())
def test_whatever_is_given_becomes_a_valid_schema(
    schema: Any, a: Any, b: Any, direction: Direction, keeps_siblings: bool
) -> None:
    with contextlib.suppress(InvalidToolError):
        written(schema, direction=direction, keeps_siblings=keeps_siblings, A=a, B=b)

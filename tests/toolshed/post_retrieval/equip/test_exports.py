"""Every export of every schema is taken by its provider, and what a model answers finds its way back."""

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.provider_rules import CHECKS, check_langchain
from toolshed.post_retrieval import equip
from toolshed.testing import make_tool
from toolshed.types import ToolDefinition

EXPORTS = {name: getattr(equip, f"to_{name}") for name in CHECKS}

WORDS = st.sampled_from(
    "string int dict float tuple any str OBJECT STRING null List[int] number boolean array nonsense".split()
)
NAMES = st.sampled_from(
    ["a", "b", "filter[x]", "$top", "größe", "", "x" * 80, "a b", "a-b", "a_b", "self", "$ref"]
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=3))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2)
)
REFERENCES = st.sampled_from(
    ["#/$defs/A", "#/definitions/B", "#", "#/properties/a", "#/nowhere", "other.json#/x"]
)


def any_schemas() -> st.SearchStrategy[Any]:
    def extend(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        maps = st.dictionaries(NAMES, inner, max_size=3)
        lists = st.lists(inner, max_size=3)
        return st.fixed_dictionaries(
            {},
            optional={
                "type": WORDS | st.lists(WORDS, max_size=2) | VALUES,
                "properties": maps,
                "required": st.lists(NAMES, max_size=3) | st.booleans() | VALUES,
                "items": inner | lists,
                "prefixItems": lists,
                "additionalProperties": inner,
                "oneOf": lists,
                "anyOf": lists,
                "allOf": lists,
                "not": inner,
                "then": inner,
                "dependentSchemas": maps,
                "$ref": REFERENCES,
                "$defs": st.fixed_dictionaries({}, optional={"A": inner}),
                "definitions": st.fixed_dictionaries({}, optional={"B": inner}),
                "enum": st.lists(VALUES, max_size=3),
                "const": VALUES,
                "default": VALUES,
                "nullable": st.booleans(),
                "minimum": VALUES,
                "exclusiveMinimum": VALUES,
                "maxLength": VALUES,
                "description": VALUES,
                "format": st.sampled_from(["date", "int64", "uuid"]),
                "pattern": st.text(max_size=4),
                "x-note": VALUES,
            },
        )

    nodes = st.recursive(st.just({}) | st.booleans() | WORDS | SCALARS, extend, max_leaves=12)
    return nodes.filter(lambda schema: isinstance(schema, dict))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_schemas())
def test_any_schema_is_exported_so_that_every_provider_takes_it(schema: dict[str, Any]) -> None:
    before = json.dumps(schema)
    tool = ToolDefinition("do.it", "Does it.", schema, output_schema=schema)
    for name, export in EXPORTS.items():
        CHECKS[name](export([tool]))
    check_langchain(equip.to_langchain([tool], lambda tool_id, arguments: arguments))
    assert json.dumps(schema) == before


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(NAMES, VALUES, min_size=1))
def test_arguments_come_back_under_the_names_of_the_tool(arguments: dict[str, Any]) -> None:
    tool = make_tool("t", properties={name: {} for name in arguments})
    (exported,) = equip.to_gemini([tool])
    keys = exported["parameters"]["properties"]
    answered = dict(zip(keys, arguments.values(), strict=True))
    assert equip.original_arguments(tool, answered) == arguments


NESTED = {
    "type": "object",
    "properties": {
        "filter[state]": {"type": "string"},
        "filter_state": {"type": "string"},
        "rows": {"type": "array", "items": {"$ref": "#/$defs/Row"}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["filter[state]"],
    "$defs": {
        "Row": {
            "type": "object",
            "properties": {"@id": {"type": "integer"}, "within": {"$ref": "#/$defs/Row"}},
            "required": ["@id"],
        }
    },
}


@pytest.mark.parametrize("name", EXPORTS)
def test_nested_keys_are_legal_and_come_back(name: str) -> None:
    tool = ToolDefinition("list", "Lists.", NESTED)
    CHECKS[name](EXPORTS[name]([tool]))
    answered = {
        "filter_state_2": "open",
        "filter_state": "as it is",
        "rows": [{"id": 1, "within": {"id": 2}}],
        "labels": {"id": "free", "filter_state_2": "free"},
        "unknown": 1,
    }
    assert equip.original_arguments(tool, answered) == {
        "filter[state]": "open",
        "filter_state": "as it is",
        "rows": [{"@id": 1, "within": {"@id": 2}}],
        "labels": {"id": "free", "filter_state_2": "free"},
        "unknown": 1,
    }


def test_required_keys_are_renamed_with_their_arguments() -> None:
    (declared,) = equip.to_gemini([ToolDefinition("list", "", NESTED)])
    assert declared["parameters"]["required"] == ["filter_state_2"]
    assert declared["parameters"]["properties"]["rows"]["items"]["required"] == ["id"]


def test_names_in_other_scripts_are_said_in_words() -> None:
    properties = {"城市": {"description": "Where."}, "日期": {}, "größe": {"description": "How big."}}
    (declared,) = equip.to_anthropic([make_tool("weather", properties=properties)])
    assert declared["input_schema"]["properties"] == {
        "argument": {"description": "城市: Where."},
        "argument_2": {"description": "日期"},
        "gro_e": {"description": "größe: How big."},
    }


def test_thousands_of_names_that_come_down_to_one_are_told_apart() -> None:
    tool = make_tool("wide", properties={"参" * n: {} for n in range(1, 3_000)})
    keys = equip.to_anthropic([tool])[0]["input_schema"]["properties"]
    assert len(keys) == 2_999
    assert equip.original_arguments(tool, {"argument_2999": 1}) == {"参" * 2_999: 1}


def doubling(n: int) -> dict[str, Any]:
    """Definitions of which each holds the next one twice."""
    many = {
        f"D{i}": {"allOf": [{"$ref": f"#/$defs/D{i + 1}"}, {"$ref": f"#/$defs/D{i + 1}"}]} for i in range(n)
    }
    return {"$ref": "#/$defs/D0", "$defs": {**many, f"D{n}": {"properties": {"a": {"type": "string"}}}}}


def nested(depth: int) -> dict[str, Any]:
    """An either-or of ten in an either-or of ten."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        fields = {"x": schema, "y": {"type": "array", "items": {"type": "string"}}}
        branches = [{"required": ["x"]}, {"required": ["y"]}, *({"title": str(n)} for n in range(8))]
        schema = {"type": "object", "properties": fields, "anyOf": branches}
    return schema


def deep_definitions(n: int) -> dict[str, Any]:
    """Definitions of eighty levels, each with the next one at its bottom."""
    definitions = {}
    for i in range(n):
        schema: dict[str, Any] = {"$ref": f"#/$defs/D{(i + 1) % n}"}
        for _ in range(80):
            schema = {"type": "object", "properties": {"x": schema}}
        definitions[f"D{i}"] = schema
    return {"properties": {"x": {"$ref": "#/$defs/D0"}}, "$defs": definitions}


BOMBS = {
    "doubling": doubling(60),
    "nested-either-or": {"properties": {"x": nested(12)}},
    "long-chain": {
        "$ref": "#/$defs/D0",
        "$defs": {f"D{n}": {"$ref": f"#/$defs/D{n + 1}"} for n in range(1_000)},
    },
    "deep-definitions": deep_definitions(8),
    "many-references": {"properties": {f"p{n}": {"$ref": f"#/properties/p{n + 1}"} for n in range(1_000)}},
    "one-name-often": {
        "properties": {f"p{n}": {"$ref": f"#/{n}/x"} for n in range(1_000)},
        **{str(n): {"x": {"type": "string"}} for n in range(1_000)},
    },
    "many-choices": {
        "oneOf": [
            {"properties": {"x": {"enum": [f"{side}{n}" for n in range(15_000)]}}} for side in ("a", "b")
        ]
    },
}


@pytest.mark.parametrize("name", BOMBS)
def test_schemas_that_explode_take_no_time(name: str) -> None:
    tool = ToolDefinition("bomb", "", BOMBS[name])
    start = time.process_time()
    exported = {name: export([tool]) for name, export in EXPORTS.items()}
    equip.original_arguments(tool, {"x": {"x": {"x": 1}}})
    assert time.process_time() - start < 10
    for name, tools in exported.items():
        assert len(json.dumps(tools)) < 2_000_000
        CHECKS[name](tools)


def test_an_export_leaves_what_the_source_said_as_it_was() -> None:
    tool = ToolDefinition("list", "", NESTED)
    before = json.dumps(tool.to_json())
    for export in EXPORTS.values():
        export([tool])
    assert json.dumps(tool.to_json()) == before


def test_no_tools_give_an_empty_list() -> None:
    assert all(export([]) == [] for export in EXPORTS.values())
    assert equip.to_langchain([], print) == []

"""Merging an either-or never refuses what one of its branches takes."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from toolshed.post_retrieval.equip.normal_schema import normal_schema

# Every branch says the same of an argument; a branch that does not mention one would take anything for it.
ARGUMENTS: dict[str, tuple[dict[str, Any], Any]] = {
    "a": ({"type": "string"}, "x"),
    "b": ({"type": "integer"}, 1),
    "c": ({"type": "object", "properties": {"d": {"type": "boolean"}}}, {"d": True}),
    "e": ({}, None),
}
NAMES = st.lists(st.sampled_from([*ARGUMENTS]), max_size=3, unique=True)


def _objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.fixed_dictionaries(
        {"properties": NAMES.map(lambda names: {name: ARGUMENTS[name][0] for name in names})},
        optional={
            "required": NAMES,
            "additionalProperties": st.booleans(),
            "anyOf": several,
            "oneOf": several,
            "allOf": several,
            "not": inner,
            "if": inner,
            "then": inner,
        },
    )


SCHEMAS = st.recursive(_objects(st.nothing()) | st.just({"type": "null"}), _objects, max_leaves=5)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(SCHEMAS, NAMES)
def test_what_the_tool_takes_the_exported_schema_takes(schema: dict[str, Any], names: list[str]) -> None:
    arguments = {name: ARGUMENTS[name][1] for name in names}
    if schema != {"type": "null"} and Draft202012Validator(schema).is_valid(arguments):
        exported = normal_schema(schema).schema
        assert Draft202012Validator(exported).is_valid(arguments), exported

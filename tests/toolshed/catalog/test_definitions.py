import json
import re

import pytest

from toolshed.catalog.definitions import Catalog, collect, define_tool, source_name
from toolshed.errors import InvalidToolError, SourceError
from toolshed.types import ToolDefinition


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("Petstore API (v2)", "Petstore-API-v2", id="punctuation"),
        pytest.param("a:b", "a-b", id="no-colon"),
        pytest.param("..//..", "tools", id="nothing-left"),
        pytest.param("天気", "天気", id="other-scripts-stay"),
        pytest.param("x" * 100, "x" * 64, id="cut"),
    ],
)
def test_source_names_can_stand_before_a_colon(given: str, expected: str) -> None:
    assert source_name(given) == expected


@pytest.mark.parametrize(
    ("parameters", "properties"),
    [
        pytest.param(None, {}, id="none"),
        pytest.param({"type": "object", "properties": {"a": {}}}, {"a": {}}, id="schema"),
        pytest.param({"a": {"type": "string"}}, {"a": {"type": "string"}}, id="bare-properties"),
        pytest.param([{"name": "a", "type": "string"}], {"a": {"type": "string"}}, id="list-of-named"),
        pytest.param({"type": "dict", "properties": {"a": {}}}, {"a": {}}, id="python-dict-as-type"),
    ],
)
def test_parameters_of_many_shapes_become_one_schema(parameters: object, properties: object) -> None:
    tool = define_tool("t", "", parameters, source="s")
    assert tool.parameters["type"] == "object"
    assert tool.parameters["properties"] == properties


def cyclic() -> dict[str, object]:
    schema: dict[str, object] = {"type": "object"}
    schema["properties"] = {"self": schema}
    return schema


@pytest.mark.parametrize(
    ("name", "description", "parameters", "message"),
    [
        pytest.param(None, "x", None, "has no name", id="no-name"),
        pytest.param("  ", "x", None, "has no name", id="blank-name"),
        pytest.param(7, "x", None, "must be a string", id="name-is-a-number"),
        pytest.param("n" * 600, "x", None, "at most 512", id="endless-name"),
        pytest.param(
            "n", "d" * 5_000_000, None, "5,000,000 characters; at most 200,000", id="5-MB-description"
        ),
        pytest.param("n", ["x"], None, "description is of type list", id="description-is-a-list"),
        pytest.param("n", "x", "schema", "JSON object is expected", id="schema-is-text"),
        pytest.param("n", "x", cyclic(), "cycle", id="cyclic-schema"),
        pytest.param(
            "n", "x", {"properties": {"a": {"x": object()}}}, "cannot be written as JSON", id="no-json"
        ),
        pytest.param("n", "x", {"properties": ["a"]}, "must be an object", id="properties-is-a-list"),
        pytest.param(
            "n", "x", {"properties": {"a": {"x": "y" * 2_000_000}}}, "at most 1,000,000", id="huge-schema"
        ),
        pytest.param("n", "x", [{"type": "string"}], "needs a 'name'", id="unnamed-parameter"),
    ],
)
def test_what_is_no_tool_is_refused_with_its_reason(
    name: object, description: object, parameters: object, message: str
) -> None:
    with pytest.raises(InvalidToolError, match=message):
        define_tool(name, description, parameters, source="s")


@pytest.mark.parametrize(
    ("name", "character"),
    [
        pytest.param("send\x1b[2Jmail", "U+001B", id="escape"),
        pytest.param("send\x07mail", "U+0007", id="bell"),
        pytest.param("send\x9bmail", "U+009B", id="c1"),
        pytest.param("send\nmail", "U+000A", id="line-feed"),
        pytest.param("liam\u202ednes", "U+202E RIGHT-TO-LEFT OVERRIDE", id="direction"),
        pytest.param("send\u200bmail", "U+200B ZERO WIDTH SPACE", id="zero-width"),
        pytest.param("send\u200dmail", "U+200D ZERO WIDTH JOINER", id="joiner-between-latin-letters"),
        pytest.param("send\U000e0041mail", "U+E0041", id="tag"),
    ],
)
def test_a_name_or_id_with_a_character_that_nobody_sees_is_refused(name: str, character: str) -> None:
    with pytest.raises(InvalidToolError, match=f"the name holds {re.escape(character)}"):
        define_tool(name, "", None, source="s")
    with pytest.raises(InvalidToolError, match=f"the id holds {re.escape(character)}"):
        define_tool("mail", "", None, source="s", key=name)


@pytest.mark.parametrize("name", ["نامه\u200cها", "👩\u200d💻 ❤️", "naïve 天気"])
def test_scripts_that_need_joiners_may_name_tools(name: str) -> None:
    assert define_tool(name, "a\x1b[2Jb", None, source="s").description == "a\x1b[2Jb"


def nested(n_levels: int, fan: int) -> object:
    value: object = []
    for _ in range(n_levels):
        value = [value] * fan
    return value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(float("nan"), "hold nan, which JSON does not have", id="nan"),
        pytest.param(float("-inf"), "hold -inf, which JSON does not have", id="infinity"),
        pytest.param(10**400, "beyond 1e308", id="huge-number"),
        pytest.param("\ud800", "lone surrogate", id="surrogate"),
        pytest.param({"\ud800": 1}, "lone surrogate", id="surrogate-in-a-key"),
        pytest.param({(1, 2): 1}, "keys must be strings", id="key"),
        pytest.param(nested(200, 1), "nested deeper", id="deep"),
        pytest.param(nested(30, 9), "at most 1,000,000", id="shared-parts-count-each-time"),
    ],
)
def test_what_json_cannot_say_is_refused_in_every_schema(value: object, message: str) -> None:
    for field in ("parameters", "output_schema", "annotations"):
        given = {"parameters": None, field: {"x": value}}
        with pytest.raises(InvalidToolError, match=message):
            define_tool("t", "", source="s", **given)  # type: ignore[arg-type]  # names of its arguments


def test_what_is_said_of_bad_entries_is_bounded() -> None:
    def build() -> ToolDefinition:
        raise InvalidToolError("x" * 10_000)

    catalog = collect("s", (("p" * 10_000, build) for _ in range(5_000)))
    assert len(catalog.invalid) == 1_001
    assert max(len(str(entry)) for entry in catalog.invalid) <= 1_002
    assert catalog.invalid[-1].position == "4,000 more entries"
    with pytest.raises(SourceError, match="more than 100,000 entries of 's' are no tools"):
        collect("s", (("p", build) for _ in range(100_001)))


def test_lone_surrogates_are_replaced_because_they_cannot_be_stored() -> None:
    assert define_tool("t\ud800", "d\udfff", None, source="s").description == "d?"


def test_a_bad_entry_does_not_stop_the_others() -> None:
    catalog = collect(
        "s",
        [
            ("entry 1", lambda: define_tool("", "", None, source="s")),
            ("entry 2", lambda: define_tool("good", "", None, source="s")),
        ],
    )
    assert isinstance(catalog, Catalog)
    assert [tool.name for tool in catalog.tools] == ["good"]
    assert catalog.invalid[0].position == "entry 1"


@pytest.mark.parametrize(
    "parameters",
    [
        {"a": {"type": "string", "required": True}, "b": {"type": "string", "required": False}, "c": {}},
        [{"name": "a", "type": "string", "required": True}, {"name": "b", "type": "string"}, {"name": "c"}],
        {"properties": {"a": {"type": "string", "required": True}, "b": {"type": "string"}, "c": {}}},
        {
            "properties": {"a": {"type": "string", "required": True}, "b": {"type": "string"}, "c": {}},
            "required": ["a"],
        },
    ],
)
def test_arguments_that_say_themselves_that_they_are_required_are_listed(parameters: object) -> None:
    given = json.dumps(parameters)
    schema = define_tool("t", "", parameters, source="s").parameters
    assert schema["properties"] == {"a": {"type": "string"}, "b": {"type": "string"}, "c": {}}
    assert schema["required"] == ["a"]
    assert json.dumps(parameters) == given, "what the caller holds is left as it is"


def test_a_field_called_required_is_a_field() -> None:
    schema = {"type": "object", "properties": {"required": {"type": "boolean"}}}
    assert define_tool("t", "", schema, source="s").parameters == schema

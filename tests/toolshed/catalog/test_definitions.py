import pytest

from toolshed.catalog.definitions import Catalog, collect, define_tool, source_name
from toolshed.errors import InvalidToolError
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


def test_lone_surrogates_are_replaced_because_they_cannot_be_stored() -> None:
    assert define_tool("t\ud800", "d\udfff", None, source="s").description == "d?"


def test_the_second_tool_of_an_id_is_set_apart_with_its_position() -> None:
    def build() -> ToolDefinition:
        return define_tool("twin", "", None, source="s")

    catalog = collect("s", [("line 1", build), ("line 2", build)])
    assert [tool.tool_id for tool in catalog.tools] == ["s:twin"]
    assert [str(entry) for entry in catalog.invalid] == [
        "line 2: a second tool with the id 's:twin'; rename one of the two"
    ]


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

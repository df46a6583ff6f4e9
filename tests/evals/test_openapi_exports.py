from typing import Any

import pytest

from toolshed.testing import make_tool
from toolshed_evals import openapi_exports
from toolshed_evals.openapi_exports import export_faults


def test_tools_as_they_are_handed_on_have_no_faults() -> None:
    assert (
        export_faults([make_tool("a.b"), make_tool("a b", properties={"filter[x]": {"type": "string"}})])
        == {}
    )


@pytest.mark.parametrize(
    ("name", "schema", "fault"),
    [
        ("a b", {"type": "object", "properties": {}}, "the name 'a b' is not legal"),
        ("a", {"type": "object"}, "no object with properties"),
        ("a", {"type": "object", "properties": {}, "anyOf": [{}]}, "['anyOf'] at the top"),
        ("a", {"type": "object", "properties": {"x[]": {}}}, "keys that are not legal: ['x[]']"),
        ("a", {"type": "object", "properties": {"x": {"type": "int"}}}, "is not valid"),
    ],
)
def test_what_a_provider_refuses_is_said(
    name: str, schema: Any, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def export(_: Any) -> list[Any]:
        return [{"name": name, "input_schema": schema}]

    parts = openapi_exports._PARTS["anthropic"][1]
    monkeypatch.setattr(openapi_exports, "_PARTS", {"anthropic": (export, parts)})
    assert fault in export_faults([make_tool("a")])[0]


def test_two_tools_of_one_exported_name_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    same = {"name": "a", "input_schema": {"type": "object", "properties": {}}}
    parts = openapi_exports._PARTS["anthropic"][1]
    monkeypatch.setattr(openapi_exports, "_PARTS", {"anthropic": (lambda _: [same, same], parts)})
    assert export_faults([make_tool("a"), make_tool("b")]) == {1: "anthropic: two tools are called 'a'"}

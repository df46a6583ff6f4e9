from typing import Any

import pytest
import yaml

from toolshed.catalog.json_values import RepeatedKeys, parse_json
from toolshed.catalog.yaml_values import parse_yaml


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "a: [true, False, 1, -2.5, +3, .5, 1.e+2, 0x1f, ~, null, '', '1', 'no', '- x']", id="scalars"
        ),
        pytest.param("a: &x {k: 1}\nb: *x\nc: [*x, *x]", id="aliases"),
        pytest.param("a: &x {k: 1, l: 2}\nb: {<<: *x, l: 3}\nc: {<<: [*x, {k: 5, m: 6}]}", id="merges"),
        pytest.param("a: !!str 3\nb: !!int '4'\nc: !!float 5\nd: !!map {}\ne: !!seq []", id="tags"),
        pytest.param("a: |\n  two\n  lines\nb: >\n  one\n  line\n", id="blocks"),
        pytest.param("", id="empty"),
        pytest.param("just prose", id="prose"),
    ],
)
def test_values_are_those_of_pyyaml(text: str) -> None:
    assert parse_yaml(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("a: 2020-01-31", {"a": "2020-01-31"}, id="a-date-is-text"),
        pytest.param("a: 12:30", {"a": "12:30"}, id="a-time-is-text"),
        pytest.param("a: [yes, no, on, Off, y, N]", {"a": ["yes", "no", "on", "Off", "y", "N"]}, id="words"),
        pytest.param("a: [017, 0o17, 1e3, -1E-2]", {"a": [17, 15, 1000.0, -0.01]}, id="numbers-of-1.2"),
        pytest.param(
            "a: [1_000, 0b1, 1:30, +, -, ., 3.1.0, 0o9, 1e, -x]",
            {"a": ["1_000", "0b1", "1:30", "+", "-", ".", "3.1.0", "0o9", "1e", "-x"]},
            id="no-numbers",
        ),
        pytest.param(
            "a: !!float 5\nb: !!str 5\nc: ! 5\nd: 'on'", {"a": 5.0, "b": "5", "c": "5", "d": "on"}, id="tags"
        ),
        pytest.param("200: {}\non: 1\nnull: 2", {"200": {}, "on": 1, "null": 2}, id="keys-are-text"),
    ],
)
def test_what_json_has_no_type_for_is_text(text: str, value: Any) -> None:
    assert parse_yaml(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a: !!binary aGk=", "none of JSON's types", id="tag"),
        pytest.param("a: !!int x", "'x' is not of the type int", id="no-number"),
        pytest.param("--- 1\n--- 2", "several documents", id="documents"),
        pytest.param("? [a]\n: b", "keys must be strings", id="list-as-key"),
        pytest.param("a: &a [1]\n*a : 2", "keys must be strings", id="alias-as-key"),
        pytest.param("a: &a [*a]", "before or inside", id="cycle"),
        pytest.param("<<: 3", "no object", id="merge-of-a-number"),
        pytest.param("a: [1", "expected", id="half"),
    ],
)
def test_what_cannot_be_json_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_yaml(text)


@pytest.mark.parametrize("parse", [parse_json, parse_yaml])
def test_a_key_given_twice_is_marked_where_it_is(parse: Any) -> None:
    value = parse('{"a": [{"k": 1, "k": 2}], "b": {"k": 1}}')
    assert isinstance(value["a"][0], RepeatedKeys)
    assert value["a"][0].key == "k"
    assert not isinstance(value["b"], RepeatedKeys)

"""Small documents that would fill the memory or never end, by name: file name, and what makes the content."""

import json
from collections.abc import Callable, Iterator
from typing import Any

Bomb = tuple[str, Callable[[], str]]


def _laughs(template: str, n_levels: int, fan: int) -> str:
    lines = [f"l0: &l0 {template}"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * fan)}]" for n in range(1, n_levels)]
    return "\n".join([*lines, f"tools: [{{name: a, parameters: {{x: *l{n_levels - 1}}}}}]"])


def _merges(n_levels: int) -> str:
    lines = ["m0: &m0 {a: 1}"]
    for n in range(1, n_levels):
        before = f"m{n - 1}"
        lines.append(f"m{n}: &m{n} {{<<: [*{before}, *{before}], x{n}: *{before}, y{n}: *{before}}}")
    return "\n".join([*lines, f"tools: [{{name: a, parameters: *m{n_levels - 1}}}]"])


def _tool(parameters: str) -> str:
    return f'[{{"name": "a", "parameters": {parameters}}}]'


def _openapi(paths: dict[str, Any], **components: Any) -> str:
    return json.dumps({"openapi": "3.1.0", "info": {"title": "x"}, "paths": paths, "components": components})


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


def _fanned(n_levels: int, fan: int) -> dict[str, Any]:
    """Schemas each of which refers to the next many times."""
    schemas: dict[str, Any] = {
        f"S{n}": {"type": "object", "properties": {f"p{m}": _ref("schemas", f"S{n + 1}") for m in range(fan)}}
        for n in range(n_levels)
    }
    return {**schemas, f"S{n_levels}": {"type": "string", "description": "d" * 500}}


def _body(schema: Any) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


def _shared_parameters() -> str:
    parameters = {
        f"P{n}": {"name": f"p{n}", "in": "query", "schema": _ref("schemas", "S0")} for n in range(40)
    }
    operation = {"parameters": [_ref("parameters", name) for name in parameters]}
    return _openapi(
        {f"/r{n}": {"get": operation} for n in range(400)}, parameters=parameters, schemas=_fanned(6, 12)
    )


def _yaml() -> Iterator[tuple[str, Callable[[], str]]]:
    yield "lists of lists", lambda: _laughs("[x, x]", 9, 9)
    yield "lists of lists, forty deep", lambda: _laughs("[x]", 40, 2)
    yield "objects of objects", lambda: _laughs("{a: 1, b: 2}", 30, 3)
    yield "long text", lambda: f"a: &a {'x' * 10_000}\ntools: [{', '.join(['*a'] * 50_000)}]"
    yield (
        "long text of a tool",
        lambda: (
            f"a: &a {'x' * 100_000}\ntools: [{{name: t, parameters: {{x: [{', '.join(['*a'] * 500)}]}}}}]"
        ),
    )
    yield "merges", lambda: _merges(40)
    yield (
        "aliases as summary",
        lambda: (
            _laughs("[x]", 40, 2) + "\nopenapi: 3.0.0\npaths: {/x: {get: {summary: *l39, operationId: *l39}}}"
        ),
    )
    yield "an alias of itself", lambda: "a: &a [*a, *a]\ntools: [{name: t, parameters: {x: *a}}]"
    yield "an alias of nothing", lambda: "tools: [*a]"
    yield "nested flow lists", lambda: "a: " + "[" * 300_000
    yield "nested flow objects", lambda: "a: " + "{a: " * 100_000
    yield "nested block lists", lambda: "- " * 200_000 + "a"
    yield "nested block objects", lambda: "\n".join(" " * n + "a:" for n in range(3_000))
    yield "complex keys", lambda: "? " * 100_000 + "a"
    yield "many empty lists", lambda: "a: [" + "[]," * 2_000_000 + "]"
    yield "many short lines", lambda: "- 1\n" * 2_000_000
    yield "a decimal number", lambda: "tools: [{name: t, parameters: {x: " + "9" * 1_000_000 + "}}]"
    yield "a hexadecimal number", lambda: "tools: [{name: t, parameters: {x: 0x" + "f" * 1_000_000 + "}}]"
    yield "a number of sixty digits", lambda: "tools: " + "1" + ":59" * 300_000
    yield "a tag of Python", lambda: "!!python/object/apply:os.system ['true']"
    yield "many documents", lambda: "--- []\n" * 100_000
    yield "many anchors", lambda: "\n".join(f"- &a{n} x" for n in range(150_000))


def _json() -> Iterator[tuple[str, Callable[[], str]]]:
    yield "nested lists", lambda: "[" * 1_000_000
    yield "nested closed lists", lambda: "[" * 100_000 + "]" * 100_000
    yield "nested objects", lambda: '{"a":' * 500_000
    yield "a schema 500 levels deep", lambda: _tool('{"properties":' * 500 + "{}" + "}" * 500)
    yield "a list 900 levels deep", lambda: "[" * 900 + "]" * 900
    yield "a type 400 levels deep", lambda: f'[{{"type": {"[" * 400}{"]" * 400}}}]'
    yield "a name 400 levels deep", lambda: f'[{{"name": {"[" * 400}{"]" * 400}}}]'
    yield "an id 400 levels deep", lambda: f'[{{"name": "a", "id": {"[" * 400}{"]" * 400}}}]'
    yield "a number of a million digits", lambda: _tool(f'{{"x": {"9" * 1_000_000}}}')
    yield "a number of 4,000 digits", lambda: _tool(f'{{"x": {"9" * 4_000}}}')
    yield "an exponent without end", lambda: _tool('{"x": 1e999999999}')
    yield "not a number", lambda: _tool('{"x": NaN}')
    yield "minus infinity", lambda: _tool('{"x": [-Infinity]}')
    yield "many empty lists", lambda: "[" + "[]," * 5_000_000 + "[]]"
    yield "many empty objects", lambda: "[" + "{}," * 5_000_000 + "{}]"
    yield "many numbers", lambda: "[" + "1," * 10_000_000 + "1]"
    yield "a key given twice", lambda: _tool('{"type": "object", "type": "string"}')
    yield "a tool whose name is given twice", lambda: '[{"name": "a", "name": "b"}]'
    yield "a namespace of a number", lambda: '[{"type": "namespace", "tools": 5}]'


def _openapis() -> Iterator[tuple[str, Callable[[], str]]]:
    yield (
        "a $ref of itself",
        lambda: _openapi({"/x": {"post": _body(_ref("schemas", "A"))}}, schemas={"A": _ref("schemas", "A")}),
    )
    yield (
        "two $refs of each other",
        lambda: _openapi(
            {"/x": _ref("pathItems", "A")},
            pathItems={"A": _ref("pathItems", "B"), "B": _ref("pathItems", "A")},
        ),
    )
    yield (
        "a $ref through itself",
        lambda: _openapi(
            {"/x": {"post": _body({"$ref": "#/components/schemas/A/x/x"})}},
            schemas={"A": {"$ref": "#/components/schemas/A/x"}},
        ),
    )
    yield "a $ref of a million characters", lambda: _openapi({"/x": {"$ref": "#/" + "a/" * 500_000}})
    yield (
        "required that is no list of names",
        lambda: _openapi(
            {"/x": {"post": _body({"properties": {}, "required": [[]]}), "get": {"parameters": [{}]}}}
        ),
    )


# They have to be refused in whole.
REFUSED: dict[str, Bomb] = {
    **{f"yaml: {name}": ("bomb.yaml", content) for name, content in _yaml()},
    **{f"json: {name}": ("bomb.json", content) for name, content in _json()},
    "json lines: bad lines": ("bomb.jsonl", lambda: "1\n" * 1_000_000),
}
# They may give what is good in them.
BOUNDED: dict[str, Bomb] = {
    **{f"openapi: {name}": ("bomb.json", content) for name, content in _openapis()},
    "openapi: shared parameters that each expand": ("bomb.json", _shared_parameters),
    "openapi: a huge list of choices used everywhere": (
        "bomb.json",
        lambda: _openapi(
            {f"/r{n}": {"post": _body(_ref("schemas", "A"))} for n in range(5_000)},
            schemas={"A": {"enum": ["x"] * 40_000}},
        ),
    ),
    "openapi: a long description used everywhere": (
        "bomb.json",
        lambda: _openapi(
            {f"/r{n}": _ref("pathItems", "A") for n in range(20_000)},
            pathItems={"A": {"get": {"description": "d" * 190_000, "summary": "s"}}},
        ),
    ),
    "openapi: many tags used everywhere": (
        "bomb.json",
        lambda: _openapi(
            {f"/r{n}": _ref("pathItems", "A") for n in range(20_000)},
            pathItems={"A": {"get": {"tags": [""] * 100_000}}},
        ),
    ),
    "openapi: many security schemes": (
        "bomb.json",
        lambda: _openapi(
            {f"/r{n}": {"get": {"security": [{"S0": []}]}} for n in range(20_000)},
            securitySchemes={f"S{n}": {"type": "apiKey", "in": "query", "name": "k"} for n in range(20_000)},
        ),
    ),
    "openapi: many media types used everywhere": (
        "bomb.json",
        lambda: _openapi(
            {f"/r{n}": _ref("pathItems", "A") for n in range(20_000)},
            pathItems={"A": {"get": {"requestBody": {"content": {f"a/{n}": {} for n in range(20_000)}}}}},
        ),
    ),
    "openapi: a path of placeholders": (
        "bomb.json",
        lambda: _openapi({"/{a}" * 100_000 + str(n): {"get": {}} for n in range(20)}),
    ),
    "openapi: parts of parts": (
        "bomb.json",
        lambda: _openapi(
            {f"/r{n}": {"post": _body(_ref("schemas", "S0"))} for n in range(2_000)},
            schemas={
                f"S{n}": {
                    "allOf": [
                        {"properties": {f"p{m}": _ref("schemas", f"S{n + 1}")}, "enum": list(range(m, 300))}
                        for m in range(12)
                    ]
                }
                for n in range(40)
            },
        ),
    ),
    "openapi: many fields of one name in path and body": (
        "bomb.json",
        lambda: _openapi(
            {
                f"/r{n}": {
                    "parameters": [{"name": f"p{m}", "in": "query"} for m in range(10_000)],
                    "post": _body(
                        {
                            "properties": {f"p{m}": {} for m in range(10_000)},
                            "required": [f"p{m}" for m in range(10_000)],
                        }
                    ),
                }
                for n in range(10)
            }
        ),
    ),
    "json lines: one endless line": ("bomb.jsonl", lambda: '{"name": "' + "a" * 60_000_000),
    "json lines: nested lines": ("bomb.jsonl", lambda: ("[" * 1_000 + "\n") * 2_000),
}

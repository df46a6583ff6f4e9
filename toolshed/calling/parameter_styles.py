"""How OpenAPI writes values into a request: the styles of parameters (OpenAPI 3.1, section 4.8.12.2)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

# What RFC 3986 reserves, for parameters that say allowReserved; without what would end the query.
_RESERVED = ":/?@!$'()*,;[]"
_BETWEEN = {"spaceDelimited": "%20", "pipeDelimited": "%7C", "tabDelimited": "%09"}
# Nested objects in a query, of those that nest at all.
_MAX_DEPTH = 20

Pair = tuple[str, str]


# Any, here and below: JSON values.
def written(value: Any) -> str:
    """A value as text: JSON for what is no text."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def encoded(value: Any, *, allow_reserved: bool = False) -> str:
    """A value percent-encoded."""
    return quote(written(value), safe=_RESERVED if allow_reserved else "-._~")


def in_path(name: str, value: Any, how: Mapping[str, Any]) -> str:
    """A value in the place of its part of a path; styles ``simple``, ``label`` and ``matrix``."""
    style, explode = how.get("style", "simple"), how.get("explode") is True
    if style == "matrix":
        return _matrix(encoded(name), value, explode=explode)
    before, between = (".", "." if explode else ",") if style == "label" else ("", ",")
    return before + between.join(_flat(value, explode=explode))


def in_header(value: Any, how: Mapping[str, Any]) -> str:
    """A value of a header, which is not percent-encoded; style ``simple``."""
    if isinstance(value, dict):
        joined = "=" if how.get("explode") is True else ","
        return ",".join(f"{key}{joined}{written(part)}" for key, part in value.items())
    return ",".join(map(written, value)) if isinstance(value, list) else written(value)


def in_query(name: str, value: Any, how: Mapping[str, Any]) -> list[Pair]:
    """A value as percent-encoded pairs of a query, a form or cookies; nothing for null and an empty list."""
    if value is None:
        return []
    style = how.get("style", "form")
    explode = how.get("explode", style in ("form", "deepObject")) is True
    encode = _Encode(how.get("allowReserved") is True)
    if style == "deepObject" and isinstance(value, dict | list):
        return [(encode(key), encode(part)) for key, part in _deep(name, value, 0)]
    if isinstance(value, dict) and explode:
        return [(encode(key), encode(part)) for key, part in value.items() if part is not None]
    if isinstance(value, list) and explode:
        return [(encode(name), encode(part)) for part in value]
    if isinstance(value, dict | list):
        flat = [part for pair in value.items() for part in pair] if isinstance(value, dict) else value
        return [(encode(name), _BETWEEN.get(style, ",").join(map(encode, flat)))] if flat else []
    return [(encode(name), encode(value))]


class _Encode:
    def __init__(self, allow_reserved: bool) -> None:
        self._allow_reserved = allow_reserved

    def __call__(self, value: Any) -> str:
        return encoded(value, allow_reserved=self._allow_reserved)


def _flat(value: Any, *, explode: bool) -> list[str]:
    if isinstance(value, dict):
        pairs = [(encoded(key), encoded(part)) for key, part in value.items()]
        return ["=".join(pair) for pair in pairs] if explode else [part for pair in pairs for part in pair]
    return [encoded(part) for part in value] if isinstance(value, list) else [encoded(value)]


def _matrix(name: str, value: Any, *, explode: bool) -> str:
    if isinstance(value, dict) and explode:
        return "".join(f";{encoded(key)}={encoded(part)}" for key, part in value.items())
    if isinstance(value, list) and explode:
        return "".join(f";{name}={encoded(part)}" for part in value)
    return f";{name}={','.join(_flat(value, explode=False))}"


def _deep(name: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """``filter[owner][name]=ana``; OpenAPI leaves lists inside open, and numbers are read by most."""
    if not isinstance(value, dict | list) or depth > _MAX_DEPTH:
        if value is not None:
            yield name, value
        return
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield from _deep(f"{name}[{key}]", part, depth + 1)

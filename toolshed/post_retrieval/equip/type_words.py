"""Words for types in other languages and catalogs, as JSON Schema's own."""

import re
from typing import Any

_WORDS = {
    "array": "arr array arraylist collection list sequence set frozenset tuple vector",
    "boolean": "bool boolean",
    "integer": "bigint byte int int8 int16 int32 int64 integer long short uint uint32 uint64",
    "null": "nil none nonetype null undefined void",
    "number": "decimal double float float32 float64 num number numeric real",
    "object": "any-object dict dictionary hash hashmap json jsonobject map mapping obj object record struct",
    "string": "char date datetime date-time email enum file password path str string text time timestamp uri "
    "url uuid",
}
_TYPES = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_FORMATS = {
    "date": "date",
    "date-time": "date-time",
    "datetime": "date-time",
    "email": "email",
    "time": "time",
    "timestamp": "date-time",
    "uri": "uri",
    "url": "uri",
    "uuid": "uuid",
}
_GENERIC = re.compile(r"([\w.-]+)\s*[\[<(](.+)[\]>)]")
_MAX_CHARACTERS, _MAX_DEPTH = 200, 5


def typed(word: object, depth: int = 0) -> dict[str, Any]:
    """What a word for a type means, as keywords of JSON Schema; nothing where it means anything at all.

    Reads ``"int"``, ``"STRING"``, ``"list[str]"``, ``"Optional[float]"``, ``"string | null"`` and lists of
    such words.
    """
    if isinstance(word, list):
        return _union(word, depth)
    if not isinstance(word, str) or len(word) > _MAX_CHARACTERS or depth > _MAX_DEPTH:
        return {}
    text = word.strip().lower()
    if kind := _TYPES.get(text):
        items: dict[str, Any] = {"items": {}} if kind == "array" else {}
        return {"type": kind, **items, **({"format": _FORMATS[text]} if text in _FORMATS else {})}
    generic = _GENERIC.fullmatch(text)
    if generic:
        return _generic(generic[1].rpartition(".")[2], generic[2], depth)
    if text.endswith("[]"):
        return {"type": "array", "items": typed(text[:-2], depth + 1)}
    words = re.split(r"\s*(?:\||,|/|\bor\b)\s*", text)
    return _union(words, depth) if len(words) > 1 else {}


def _generic(outer: str, inner: str, depth: int) -> dict[str, Any]:
    if outer == "optional":
        return _union([inner, "null"], depth)
    if outer == "union":
        return _union(inner.split(","), depth)
    meant = typed(outer, depth + 1)
    if meant.get("type") == "array" and outer != "tuple":
        return {**meant, "items": typed(inner, depth + 1)}
    return meant


def _union(words: list[Any], depth: int) -> dict[str, Any]:
    """One type, or a list of them; a word that means anything makes the whole mean anything."""
    meant = [typed(word, depth + 1) for word in words]
    if not meant or not all("type" in one and isinstance(one["type"], str) for one in meant):
        return {}
    kinds = list(dict.fromkeys(one["type"] for one in meant))
    rest: dict[str, Any] = {}
    for one in meant:
        rest |= {name: value for name, value in one.items() if name != "type"}
    return {"type": kinds[0] if len(kinds) == 1 else kinds, **rest}

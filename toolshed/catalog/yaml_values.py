"""YAML from outside as JSON values: one pass over the events, so that nothing is expanded unasked.

Keys stay as they are written; a plain value is a number, a truth value or null as the core schema of YAML
1.2 has it (https://yaml.org/spec/1.2.2/#103-core-schema): ``no``, ``on``, dates and times are text. Merging
by ``<<`` is of YAML 1.1 and still in use.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from toolshed.catalog.json_values import MAX_DEPTH, RepeatedKeys, check_density

_TAG = "tag:yaml.org,2002:"
_CONVERTED = {f"{_TAG}{name}" for name in ("bool", "float", "int", "null")}
_TAGS = {None, "!", *_CONVERTED, f"{_TAG}str", f"{_TAG}map", f"{_TAG}seq"}
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_TYPES_OF_TAGS = {
    (f"{_TAG}bool", bool),
    (f"{_TAG}float", float),
    (f"{_TAG}int", int),
    (f"{_TAG}null", type(None)),
}
_MAX_NUMBER_CHARACTERS = 400
# Parsing takes some microseconds a value; an aliased part counts wherever it is used. Documents that
# save writing by anchors come to twice their length.
_FREE_VALUES, _FREE_CHARACTERS, _MOST_EXPANSION = 50_000, 500_000, 10


def parse_yaml(text: str) -> Any:
    """Parse YAML; an object with a key given twice comes as ``RepeatedKeys``.

    Raises:
        ValueError: If it is not YAML, no JSON value, nested too deeply, or says far more than it is long.
    """
    check_density(text, "\n,[{", free=_FREE_VALUES)
    reader = _Reader(_FREE_CHARACTERS + _MOST_EXPANSION * len(text))
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            reader.take(event)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    return reader.value


@dataclass(slots=True)
class _Open:
    """A list or an object whose end is still to come."""

    value: Any
    anchor: str | None
    key: str | None = None
    repeated: str | None = None
    merged: dict[str, Any] = field(default_factory=dict)
    n_characters: int = 2


class _Reader:
    """Builds a value from events, counting what an alias stands for before it is used."""

    def __init__(self, room: int) -> None:
        self.value: Any = None
        self._room = room
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._n_documents = 0

    def take(self, event: Any) -> None:
        """Take the next event (Any: PyYAML has no types for them)."""
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.AliasEvent():
                self._alias(str(event.anchor))
            case yaml.CollectionStartEvent():
                self._begin(event)
            case yaml.CollectionEndEvent():
                self._end()
            case yaml.DocumentStartEvent():
                self._n_documents += 1
                if self._n_documents > 1:
                    raise ValueError("it holds several documents; put each into a file of its own")

    def _scalar(self, event: Any) -> None:
        text = event.value
        _check_tag(event)
        self._spend(len(text) + 1)
        if self._wants_key():
            value: Any = text
        else:
            is_plain = event.implicit[0] and event.tag != "!"
            value = _converted(event) if is_plain or event.tag in _CONVERTED else text
        self._place(value, len(text) + 1, event.anchor)

    def _alias(self, anchor: str) -> None:
        if anchor not in self._anchors:
            raise ValueError(f"the alias *{anchor[:80]} stands before or inside what it refers to")
        value, n_characters = self._anchors[anchor]
        self._spend(n_characters)
        self._place(value, n_characters, None)

    def _begin(self, event: Any) -> None:
        _check_tag(event)
        if self._wants_key():
            raise ValueError("a list or an object is used as a key; keys must be strings")
        if len(self._open) == MAX_DEPTH:
            raise ValueError("it is nested too deeply to be a catalog")
        self._spend(2)
        self._open.append(_Open([] if isinstance(event, yaml.SequenceStartEvent) else {}, event.anchor))

    def _end(self) -> None:
        ended = self._open.pop()
        value = {**ended.merged, **ended.value} if ended.merged else ended.value
        if ended.repeated is not None:
            value = RepeatedKeys(value, ended.repeated)
        self._place(value, ended.n_characters, ended.anchor)

    def _wants_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].key is None

    def _spend(self, n_characters: int) -> None:
        self._room -= n_characters
        if self._room < 0:
            raise ValueError("its aliases stand for far more than it is long; write out what they stand for")

    def _place(self, value: Any, n_characters: int, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = (value, n_characters)
        if not self._open:
            self.value = value
            return
        holder = self._open[-1]
        holder.n_characters += n_characters
        if isinstance(holder.value, list):
            holder.value.append(value)
        elif holder.key is None:
            if not isinstance(value, str):
                raise ValueError(f"a key is of type {type(value).__name__}; keys must be strings")
            holder.key = value
        else:
            _set(holder, holder.key, value)
            holder.key = None


def _set(holder: _Open, key: str, value: Any) -> None:
    if key == "<<":
        # The first of several wins, and what the object says itself wins over all.
        for part in value if isinstance(value, list) else [value]:
            if not isinstance(part, dict):
                raise ValueError("'<<' stands before something that is no object")
            holder.merged = {**part, **holder.merged}
        return
    if key in holder.value:
        holder.repeated = key
    holder.value[key] = value


def _check_tag(event: Any) -> None:
    if event.tag not in _TAGS:
        raise ValueError(f"the tag {event.tag[:80]!r} is none of JSON's types")


def _converted(event: Any) -> Any:
    """A plain scalar as what it looks like, or as its tag says."""
    tag, text = event.tag, event.value
    value = _plain(text)
    if tag is None or (tag, type(value)) in _TYPES_OF_TAGS:
        return value
    if tag == f"{_TAG}float" and isinstance(value, int):
        return float(value)
    raise ValueError(f"{text[:80]!r} is not of the type {tag.removeprefix(_TAG)}")


def _plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    is_integer, is_float = _INTEGER.fullmatch(text), _FLOAT.fullmatch(text)
    if (is_integer or is_float) and len(text) > _MAX_NUMBER_CHARACTERS:
        raise ValueError(f"it holds a number of {len(text):,} digits; write it as a string")
    if is_integer:
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if is_float:
        return float(text)
    return float(text.replace(".", "", 1)) if _NO_NUMBER.fullmatch(text) else text

"""YAML from outside as JSON values: one pass over the events, so that nothing is expanded unasked.

Keys and dates stay as they are written; a plain value is a number, a truth value or null as YAML 1.1 has
it, except for numbers with colons in them, which YAML 1.2 gave up because people mean the time of day.
"""

from dataclasses import dataclass, field
from typing import Any

import yaml

from toolshed.catalog.json_values import MAX_DEPTH, RepeatedKeys, check_density

_TAG = "tag:yaml.org,2002:"
_CONVERTED = {f"{_TAG}{name}" for name in ("bool", "float", "int", "null")}
_TAGS = {None, "!", *_CONVERTED, f"{_TAG}str", f"{_TAG}map", f"{_TAG}seq"}
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
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
            value = _converted(event) if event.implicit[0] or event.tag in _CONVERTED else text
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
    if tag in (None, "!"):
        resolvers = yaml.SafeLoader.yaml_implicit_resolvers.get(text[:1], [])
        tag = next((tag for tag, pattern in resolvers if pattern.match(text)), None)
    if tag not in _CONVERTED or ":" in text:
        return text
    if len(text) > _MAX_NUMBER_CHARACTERS:
        raise ValueError(f"it holds a number of {len(text):,} digits; write it as a string")
    try:
        return _CONSTRUCTOR.yaml_constructors[tag](_CONSTRUCTOR, yaml.ScalarNode(tag, text))
    except (ValueError, KeyError, OverflowError) as error:
        raise ValueError(f"{text[:80]!r} is not of the type {tag.removeprefix(_TAG)}") from error

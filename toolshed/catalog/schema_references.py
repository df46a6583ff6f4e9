"""References inside one document: followed, and written out within what the document may come to."""

from typing import Any
from urllib.parse import unquote

from toolshed.catalog.json_values import RepeatedKeys
from toolshed.errors import InvalidToolError

# A schema that refers to itself, or to half of the document, is cut here: what stays is enough to
# call the tool and to find it.
_MAX_DEPTH = 24
_MAX_SCHEMAS = 3_000
_SUMMARY = ("type", "title", "description")
# Lists of choices hold hundreds of values, in an operation that can be described to a model.
_MAX_VALUES = 50_000
_MAX_REFERENCE_CHARACTERS = 2_000
# References that lead to references, in one place.
_MAX_HOPS = 32
# What the tools of a document may come to, in characters, a value taken for sixteen besides its text: about
# half a second's work. Documents in use come to twice their length.
_FREE_CHARACTERS, _MOST_EXPANSION, _CHARACTERS_PER_VALUE = 10_000_000, 20, 16


class References:
    """Finds what the references of a document lead to, and counts what its tools come to."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._found: dict[str, Any] = {}
        self._most = self._room = _FREE_CHARACTERS + _MOST_EXPANSION * _n_characters(document)

    def spend(self, n_characters: int) -> None:
        """Count characters before they are read or written out.

        Raises:
            InvalidToolError: If the document has come to more than it may.
        """
        self._room -= n_characters
        if self._room < 0:
            raise InvalidToolError(
                f"the tools of the document come to more than {self._most:,} characters, references written "
                "out; split it"
            )

    def spend_on(self, holder: dict[str, Any] | list[Any]) -> None:
        """Count what is in an object or a list, the values before their texts are looked at."""
        self.spend(_CHARACTERS_PER_VALUE * (1 + len(holder)))
        self.spend(_n_text(holder))

    def follow(self, value: Any) -> Any:
        """The value itself, or what its ``$ref`` leads to.

        Raises:
            InvalidToolError: If it leads nowhere, round in a circle or to another document, or to an
                object that gives a key twice.
        """
        if isinstance(value, dict) and "$ref" in value:
            value = self._follow(value, iter(range(_MAX_HOPS)))
        if isinstance(value, RepeatedKeys):
            raise InvalidToolError(f"an object {value}")
        return value

    def _follow(self, value: Any, hops: Any) -> Any:
        while isinstance(value, dict) and isinstance(reference := value.get("$ref"), str):
            if next(hops, None) is None:
                raise InvalidToolError(f"the $ref {reference!r} leads round in a circle")
            if reference not in self._found:
                self._found[reference] = self._find(reference, hops)
            value = self._found[reference]
        return value

    def _find(self, reference: str, hops: Any) -> Any:
        if len(reference) > _MAX_REFERENCE_CHARACTERS:
            raise InvalidToolError(f"a $ref has {len(reference):,} characters, so it leads nowhere")
        self.spend(len(reference))
        if not reference.startswith("#"):
            raise InvalidToolError(
                f"it refers to another document, {reference!r}; bundle it into one file first"
            )
        value: Any = self._document
        for part in unquote(reference[1:]).split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            value = self._follow(value, hops)
            if isinstance(value, list) and key.isdecimal() and len(key) < 10 and int(key) < len(value):
                value = value[int(key)]
            elif isinstance(value, dict) and key in value:
                value = value[key]
            else:
                raise InvalidToolError(f"the $ref {reference!r} leads nowhere")
        return value


class Inliner:
    """Copies the schemas of one tool with their references written out, cutting cycles and excess."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._n_schemas = self._n_values = 0
        self._open: list[int] = []

    def inline(self, schema: Any) -> dict[str, Any]:
        """Copy a schema; what is no object becomes an empty one.

        Raises:
            InvalidToolError: If a reference leads nowhere, or the tool or its document holds too much.
        """
        copied = self._copy(schema)
        return copied if isinstance(copied, dict) else {}

    def _copy(self, value: Any) -> Any:
        value = self._references.follow(value)
        if not isinstance(value, dict | list):
            return value
        self._n_schemas += 1
        if id(value) in self._open or len(self._open) > _MAX_DEPTH or self._n_schemas > _MAX_SCHEMAS:
            return self._summary(value)
        self._count(value)
        self._open.append(id(value))
        try:
            if isinstance(value, list):
                return [self._copy(item) if isinstance(item, dict | list) else item for item in value]
            return {
                str(key): self._copy(item) if isinstance(item, dict | list) else item
                for key, item in value.items()
            }
        finally:
            self._open.pop()

    def _summary(self, value: dict[str, Any] | list[Any]) -> Any:
        """What is left of a schema that is not written out again."""
        kept = (
            {}
            if isinstance(value, list)
            else {key: value[key] for key in _SUMMARY if isinstance(value.get(key), str)}
        )
        self._count(kept)
        return [] if isinstance(value, list) else kept or {"type": "object"}

    def _count(self, holder: dict[str, Any] | list[Any]) -> None:
        self._references.spend_on(holder)
        self._n_values += len(holder)
        if self._n_values > _MAX_VALUES:
            raise InvalidToolError(f"its schemas hold more than {_MAX_VALUES:,} values; shorten them")


def _n_text(holder: dict[str, Any] | list[Any]) -> int:
    values = holder.values() if isinstance(holder, dict) else holder
    return sum([len(value) for value in values if isinstance(value, str)])


def _n_characters(document: dict[str, Any]) -> int:
    """What a document takes, each part of it once."""
    seen: set[int] = set()
    n_characters = 0
    waiting: list[Any] = [document]
    while waiting:
        holder = waiting.pop()
        if isinstance(holder, dict | list) and id(holder) not in seen:
            seen.add(id(holder))
            n_characters += _CHARACTERS_PER_VALUE * (1 + len(holder)) + _n_text(holder)
            waiting += holder.values() if isinstance(holder, dict) else holder
    return n_characters

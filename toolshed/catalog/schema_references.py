"""References inside one document: followed, and counted against what the document may come to."""

from typing import Any
from urllib.parse import unquote

from toolshed.catalog.json_values import RepeatedKeys
from toolshed.errors import InvalidToolError

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

    @property
    def room(self) -> int:
        """Characters that the document may still come to."""
        return self._room

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
        return self.checked(value)

    def target(self, reference: dict[str, Any]) -> Any:
        """What a ``$ref`` names, which may be a reference itself.

        Raises:
            InvalidToolError: As :meth:`follow`.
        """
        self.follow(reference)
        return self.checked(self._found[reference["$ref"]])

    def checked(self, value: Any) -> Any:
        """The value itself, whose keys are all different.

        Raises:
            InvalidToolError: If it is an object that gives a key twice.
        """
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
        if reference != "#" and not reference.startswith("#/"):
            raise InvalidToolError(
                f"the $ref {reference!r} leads nowhere; refer to a place, as in '#/$defs/a'"
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

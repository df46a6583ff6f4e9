"""What a provider's client says of a call, as plain counts: objects, dicts, protobuf messages."""

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any, Final

from toolshed.errors import InvalidRecordError

# More tokens than any model takes or gives; a count beyond it is no count.
_MAX_COUNT = 10**12
_MISSING: Final = object()
# Where LangChain counts tokens under names that do not say so.
_ALL_TOKENS = ("input_token_details.", "output_token_details.")


# Any: usage objects of any client, and what their fields hold.
def as_mapping(value: Any, what: str = "usage") -> Mapping[str, Any]:
    """An object of a client as a mapping of its fields.

    Raises:
        InvalidRecordError: If it has no fields; names its type.
    """
    if isinstance(value, Mapping):
        return value
    if callable(dump := getattr(value, "model_dump", None)):
        return dict(dump())
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if (descriptor := getattr(value, "DESCRIPTOR", None)) is not None:
        return {field.name: getattr(value, field.name) for field in descriptor.fields}
    if isinstance(fields := getattr(value, "__dict__", None), dict):
        return {name: one for name, one in fields.items() if not name.startswith("_")}
    raise InvalidRecordError(
        f"the {what} is of type {type(value).__name__}, which has no fields; give the usage of the "
        "provider's reply, or a toolshed Usage"
    )


class ReportedCounts:
    """Counts of a report, each taken by its names; what nobody took can be told afterwards.

    Args:
        values: The report.
        shape: Whose it is, for messages.
        path: Where it lies in the whole report.
    """

    def __init__(self, values: Mapping[str, Any], shape: str, path: str = "") -> None:
        self._values, self._shape, self._path = values, shape, path
        self._taken: set[str] = set()
        self._parts: list[ReportedCounts] = []

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def take(self, *names: str) -> int:
        """The count under the first of these names that says something; 0 where none does."""
        found: Any = _MISSING
        for name in names:
            self._taken.add(name)
            if found is _MISSING and self._values.get(name) is not None:
                found = self._count(name, self._values[name])
        return 0 if found is _MISSING else int(found)

    def take_any(self, *names: str) -> Any:
        """Whatever is under the first of these names that says something."""
        self._taken.update(names)
        return next((self._values[name] for name in names if self._values.get(name) is not None), None)

    def part(self, *names: str) -> "ReportedCounts":
        """The counts inside the first of these names that says something; none where none does."""
        values, name = self.take_any(*names), names[0]
        inside = {} if values is None else as_mapping(values, name)
        part = ReportedCounts(inside, self._shape, f"{self._path}{name}.")
        self._parts.append(part)
        return part

    def untaken(self) -> list[str]:
        """Paths of counts of tokens above zero that nobody took, here and in the parts looked at."""
        left = [
            f"{self._path}{name}"
            for name, value in self._values.items()
            if name not in self._taken
            and isinstance(value, int)
            and not isinstance(value, bool)
            and value > 0
            and ("token" in name.lower() or self._path in _ALL_TOKENS)
        ]
        return [*left, *(path for part in self._parts for path in part.untaken())]

    def _count(self, name: str, value: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_COUNT:
            raise InvalidRecordError(
                f"{self._path}{name} of this {self._shape} usage is {value!r:.40}; it must be an integer of "
                f"0 to {_MAX_COUNT:,}"
            )
        return value

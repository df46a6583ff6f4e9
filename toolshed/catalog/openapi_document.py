"""An OpenAPI document as its operations read it: references followed, types checked, size counted."""

from typing import Any

from toolshed.catalog.json_schema import Direction, Room, SchemaWriter
from toolshed.catalog.json_schema_keywords import Schema
from toolshed.catalog.schema_references import References
from toolshed.errors import InvalidToolError

_ARGUMENTS = Room(depths=(24, 8, 4), n_schemas=3_000)
# A result is read, not written: its outline is enough to know whether the tool answers a question.
_RESULT = Room(depths=(6, 4, 3, 2), n_schemas=300)
_MAX_SERVICE_CHARACTERS, _MAX_TAG_CHARACTERS = 1_200, 300


class Document:
    """Reads values of a document, whose references it follows and whose size it counts.

    Args:
        document: The parsed document.
        version: Its OpenAPI version, ``2.0`` for Swagger.
        location: Where it was read; relative URLs of servers start there if it is a URL.
    """

    def __init__(self, document: dict[str, Any], *, version: str, location: str) -> None:
        self.root, self.version, self.location = document, version, location
        self.references = References(document)
        is_json_schema = not version.startswith(("2.", "3.0"))
        self._arguments, self._results = (
            SchemaWriter(self.references, direction, keeps_siblings=is_json_schema) for direction in Direction
        )
        info = document.get("info")
        self._info: dict[str, Any] = info if isinstance(info, dict) else {}
        self._tags = self._described_tags()

    @property
    def title(self) -> str:
        """What the document calls the service."""
        return scalar(self._info.get("title"))[:_MAX_TAG_CHARACTERS].strip()

    def purpose(self, tags: list[str]) -> str:
        """What the service is for, and that part of it which the tags name."""
        said = (scalar(self._info.get(key)) for key in ("summary", "description"))
        about = _shortened("\n".join(text.strip() for text in said if text.strip()), _MAX_SERVICE_CHARACTERS)
        parts = [f"{tag}: {self._tags[tag]}" for tag in tags if tag in self._tags]
        text = "\n".join(filter(None, (about, *parts[:5])))
        self.references.spend(len(text))
        return text

    def mapping(self, value: Any, what: str) -> dict[str, Any]:
        """An object, empty when there is none."""
        value = self.references.follow(value)
        if value is not None and not isinstance(value, dict):
            raise InvalidToolError(f"{what} is of type {type(value).__name__}; an object is expected")
        return value or {}

    def members(self, value: Any, what: str) -> dict[str, Any]:
        """An object all of whose members will be looked at, empty when there is none."""
        read = self.mapping(value, what)
        self.references.spend_on(read)
        return read

    def described(self, value: Any, what: str) -> dict[str, Any]:
        """An object, described as beside the reference to it if there is one that says so."""
        read = self.mapping(value, what)
        description = value.get("description") if isinstance(value, dict) and "$ref" in value else None
        return {**read, "description": description} if isinstance(description, str) else read

    def sequence(self, value: Any, what: str) -> list[Any]:
        """A list, empty when there is none."""
        value = self.references.follow(value)
        if value is not None and not isinstance(value, list):
            raise InvalidToolError(f"{what} is of type {type(value).__name__}; a list is expected")
        self.references.spend_on(value or [])
        return value or []

    def argument_schemas(self, schemas: list[Any]) -> list[Schema]:
        """The schemas of one operation's arguments as JSON Schema 2020-12."""
        return self._arguments.write(schemas, _ARGUMENTS)

    def result_schema(self, schema: Any) -> Schema:
        """The schema of one operation's result as JSON Schema 2020-12, its outline if it is large."""
        return self._results.write([schema], _RESULT)[0]

    def _described_tags(self) -> dict[str, str]:
        tags = self.root.get("tags")
        return {
            tag["name"]: _shortened(tag["description"].strip(), _MAX_TAG_CHARACTERS)
            for tag in (tags if isinstance(tags, list) else [])
            if isinstance(tag, dict)
            and isinstance(tag.get("name"), str)
            and isinstance(tag.get("description"), str)
        }


def scalar(value: Any) -> str:
    """A text, or the number that YAML makes of one; nothing of anything else, which has no text."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _shortened(text: str, n_characters: int) -> str:
    return text if len(text) <= n_characters else text[: n_characters - 1].rsplit(" ", 1)[0] + "…"

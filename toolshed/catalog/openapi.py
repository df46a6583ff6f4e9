"""OpenAPI 3.0 and 3.1: one tool per operation."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from toolshed.catalog.definitions import Catalog, collect, define_tool, source_name
from toolshed.catalog.json_values import RepeatedKeys
from toolshed.catalog.schema_references import Inliner, References
from toolshed.errors import InvalidToolError, SourceError
from toolshed.types import ToolDefinition

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
_JSON_TYPES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")


def is_openapi(value: object) -> bool:
    """Whether a parsed document says that it is OpenAPI or Swagger."""
    return isinstance(value, dict) and ("openapi" in value or "swagger" in value)


def parse_openapi(document: dict[str, Any], *, source: str | None = None) -> Catalog:
    """Read every operation of an OpenAPI document.

    Args:
        document: The parsed document.
        source: Name of the source; the document's title when not given.

    Raises:
        SourceError: If the version is not supported, there are no paths, or a ``$ref`` leads nowhere.
    """
    version = _scalar(document.get("openapi"))
    if not version.startswith("3."):
        is_swagger = "swagger" in document
        found = f"Swagger {_scalar(document['swagger'])[:20]}" if is_swagger else f"OpenAPI {version[:20]!r}"
        raise SourceError(f"{found} is not supported; convert the document to OpenAPI 3.0 or 3.1")
    info = document.get("info")
    title = _scalar(info.get("title")) if isinstance(info, dict) else ""
    source = source or source_name(title or "openapi")
    paths = document.get("paths")
    for part in (document, paths):
        if isinstance(part, RepeatedKeys):
            raise SourceError(f"the OpenAPI document {source!r} {part}")
    if not isinstance(paths, dict) or not paths:
        raise SourceError(f"the OpenAPI document {source!r} has no paths, so no operation to index")
    return collect(source, _operations(paths, source, _Document(document)))


def _operations(
    paths: dict[str, Any], source: str, document: "_Document"
) -> Iterator[tuple[str, Callable[[], ToolDefinition]]]:
    for path, given in paths.items():
        try:
            item = document.mapping(given, "the path")
        except InvalidToolError as error:
            yield path, _refused(error)
            continue
        for method in _METHODS:
            if method in item:
                yield f"{method.upper()} {path}", _Operation(method, str(path), item, source, document)


def _refused(error: InvalidToolError) -> Callable[[], ToolDefinition]:
    def refuse() -> ToolDefinition:
        raise error

    return refuse


class _Document:
    """Reads values of a document, whose references it follows and whose size it counts."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.references = References(document)

    def mapping(self, value: Any, what: str) -> dict[str, Any]:
        """An object, empty when there is none."""
        value = self.references.follow(value)
        if value is not None and not isinstance(value, dict):
            raise InvalidToolError(f"{what} is of type {type(value).__name__}; an object is expected")
        return value or {}

    def sequence(self, value: Any, what: str) -> list[Any]:
        """A list, empty when there is none."""
        value = self.references.follow(value)
        if value is not None and not isinstance(value, list):
            raise InvalidToolError(f"{what} is of type {type(value).__name__}; a list is expected")
        self.references.spend_on(value or [])
        return value or []

    def described(self, operation: dict[str, Any]) -> str:
        """Summary and description; the summary only where the description does not begin with it."""
        summary, description = (_scalar(operation.get(key)) for key in ("summary", "description"))
        self.references.spend(len(summary) + len(description))
        summary, description = summary.strip(), description.strip()
        if not summary or description.startswith(summary):
            return description
        return f"{summary.rstrip('.')}. {description}".strip()


class _Operation:
    """One method of one path; calling it builds the definition."""

    def __init__(
        self, method: str, path: str, item: dict[str, Any], source: str, document: _Document
    ) -> None:
        self._method, self._path, self._item, self._source = method, path, item, source
        self._document = document
        self._inliner = Inliner(document.references)

    def __call__(self) -> ToolDefinition:
        operation = self._document.mapping(self._item[self._method], "the operation")
        operation_id = operation.get("operationId")
        tags = self._document.sequence(operation.get("tags"), "'tags'")
        return define_tool(
            operation_id or operation_name(self._method, self._path),
            self._document.described(operation) or f"{self._method.upper()} {self._path}",
            self._arguments(operation),
            source=self._source,
            tags=[tag for tag in tags if isinstance(tag, str)],
            annotations={
                "method": self._method.upper(),
                "path": self._path,
                "readOnlyHint": self._method in ("get", "head", "options"),
            },
            key="" if operation_id else f"{self._method.upper()} {self._path}",
        )

    def _arguments(self, operation: dict[str, Any]) -> dict[str, Any]:
        """Path, query, header and body fields side by side; a body that is no object is one argument."""
        properties: dict[str, Any] = {}
        required: dict[str, None] = {}
        for parameter in self._parameters(operation):
            name = parameter.get("name")
            if not isinstance(name, str):
                raise InvalidToolError("a parameter has no name")
            properties[name] = self._parameter_schema(parameter)
            if parameter.get("required"):
                required[name] = None
        body = self._document.mapping(operation.get("requestBody"), "'requestBody'")
        schema = self._inliner.inline(self._media_schema(body))
        if isinstance(schema.get("properties"), dict):
            properties |= schema["properties"]
            names = schema.get("required")
            if isinstance(names, list):
                required |= {name: None for name in names if isinstance(name, str)}
        elif schema:
            properties["body"] = schema
            required |= {"body": None} if body.get("required") else {}
        return {"type": "object", "properties": properties, "required": list(required)}

    def _parameters(self, operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Those of the path, then those of the operation, which replace them."""
        for holder in (self._item, operation):
            for parameter in self._document.sequence(holder.get("parameters"), "'parameters'"):
                yield self._document.mapping(parameter, "a parameter")

    def _parameter_schema(self, parameter: dict[str, Any]) -> dict[str, Any]:
        schema = self._inliner.inline(parameter.get("schema") or self._media_schema(parameter))
        description = parameter.get("description")
        return {**schema, "description": description} if description else schema

    def _media_schema(self, holder: dict[str, Any]) -> Any:
        content = self._document.mapping(holder.get("content"), "'content'")
        media = next((content[kind] for kind in _JSON_TYPES if kind in content), None)
        if media is None:
            media = next(iter(content.values()), None)
        return self._document.mapping(media, "a media type").get("schema") or {}


def _scalar(value: Any) -> str:
    """A text, or the number that YAML makes of one; nothing of anything else, which has no text."""
    return str(value) if isinstance(value, str | int | float) else ""


def operation_name(method: str, path: str) -> str:
    """A name for an operation without one: ``get_movie_credits`` for ``GET /movie/{id}/credits``."""
    words = [part for part in re.split(r"[^\w]+", re.sub(r"\{[^}]*\}", "", path)) if part]
    return "_".join([method, *words])

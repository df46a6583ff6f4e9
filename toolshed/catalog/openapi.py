"""OpenAPI 3.0 and 3.1: one tool per operation."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import jsonref

from toolshed.catalog.definitions import Catalog, collect, define_tool, source_name
from toolshed.errors import InvalidToolError, SourceError
from toolshed.types import ToolDefinition

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
# A schema that refers to itself, or to half of the document, is cut here: what stays is enough to
# call the tool and to find it.
_MAX_DEPTH = 8
_MAX_NODES = 3_000
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
    version = str(document.get("openapi", ""))
    if not version.startswith("3."):
        found = f"Swagger {document['swagger']}" if "swagger" in document else f"OpenAPI {version!r}"
        raise SourceError(f"{found} is not supported; convert the document to OpenAPI 3.0 or 3.1")
    info = document.get("info")
    title = info.get("title") if isinstance(info, dict) else None
    source = source or source_name(str(title or "openapi"))
    paths = document.get("paths")
    if not isinstance(paths, dict) or not paths:
        raise SourceError(f"the OpenAPI document {source!r} has no paths, so no operation to index")
    try:
        resolved = jsonref.replace_refs(document, loader=_refuse_remote, lazy_load=True)
        return collect(source, _operations(resolved["paths"], source))
    # Those of one operation are set apart with it; what is left concerns the document.
    except jsonref.JsonRefError as error:
        raise SourceError(
            f"the OpenAPI document {source!r} has a $ref that leads nowhere: {error.message}"
        ) from error


def _refuse_remote(uri: str, **_: Any) -> Any:
    raise SourceError(
        f"the OpenAPI document refers to another document, {uri!r}; bundle it into one file first"
    )


class _Operation:
    """One method of one path; calling it builds the definition."""

    def __init__(self, method: str, path: str, item: Any, source: str) -> None:
        self._method, self._path, self._item, self._source = method, path, item, source

    def __call__(self) -> ToolDefinition:
        try:
            return self._define()
        except jsonref.JsonRefError as error:
            raise InvalidToolError(f"a $ref leads nowhere: {error.message}") from error

    def _define(self) -> ToolDefinition:
        operation = _mapping(self._item[self._method], "the operation")
        operation_id = operation.get("operationId")
        return define_tool(
            operation_id or operation_name(self._method, self._path),
            _described(operation) or f"{self._method.upper()} {self._path}",
            self._arguments(operation),
            source=self._source,
            tags=[tag for tag in _sequence(operation.get("tags"), "'tags'") if isinstance(tag, str)],
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
            properties[name] = _parameter_schema(parameter)
            if parameter.get("required"):
                required[name] = None
        body, is_required = _body(operation)
        if isinstance(body.get("properties"), dict):
            properties |= body["properties"]
            names = body.get("required")
            required |= dict.fromkeys(names if isinstance(names, list) else ())
        elif body:
            properties["body"] = body
            required |= {"body": None} if is_required else {}
        return {"type": "object", "properties": properties, "required": list(required)}

    def _parameters(self, operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Those of the path, then those of the operation, which replace them."""
        for holder in (self._item, operation):
            for parameter in _sequence(holder.get("parameters"), "'parameters'"):
                yield _mapping(parameter, "a parameter")


def _described(operation: dict[str, Any]) -> str:
    """Summary and description; the summary only where the description does not begin with it."""
    summary = str(operation.get("summary") or "").strip()
    description = str(operation.get("description") or "").strip()
    if not summary or description.startswith(summary):
        return description
    return f"{summary.rstrip('.')}. {description}".strip()


def _parameter_schema(parameter: dict[str, Any]) -> dict[str, Any]:
    schema = _Inliner().inline(parameter.get("schema") or _media_schema(parameter))
    description = parameter.get("description")
    return {**schema, "description": description} if description else schema


def _body(operation: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """Schema of the request body, empty without one, and whether it must be sent."""
    body = _mapping(operation.get("requestBody"), "'requestBody'")
    return _Inliner().inline(_media_schema(body)), bool(body.get("required"))


def _media_schema(holder: dict[str, Any]) -> Any:
    content = _mapping(holder.get("content"), "'content'")
    media = next((content[kind] for kind in _JSON_TYPES if kind in content), None)
    if media is None:
        media = next(iter(content.values()), None)
    return _mapping(media, "a media type").get("schema") or {}


def _mapping(value: Any, what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidToolError(f"{what} is of type {type(value).__name__}; an object is expected")
    return value


def _sequence(value: Any, what: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidToolError(f"{what} is of type {type(value).__name__}; a list is expected")
    return value


def operation_name(method: str, path: str) -> str:
    """A name for an operation without one: ``get_movie_credits`` for ``GET /movie/{id}/credits``."""
    words = [part for part in re.split(r"[^\w]+", re.sub(r"\{[^}]*\}", "", path)) if part]
    return "_".join([method, *words])


def _operations(paths: Any, source: str) -> Iterator[tuple[str, Callable[[], ToolDefinition]]]:
    for path, item in paths.items():
        try:
            methods = [method for method in _METHODS if isinstance(item, dict) and method in item]
        except jsonref.JsonRefError as error:
            yield path, _unresolved(error)
            continue
        for method in methods:
            yield f"{method.upper()} {path}", _Operation(method, path, item, source)


def _unresolved(error: jsonref.JsonRefError) -> Callable[[], ToolDefinition]:
    def refuse() -> ToolDefinition:
        raise InvalidToolError(f"a $ref leads nowhere: {error.message}") from error

    return refuse


class _Inliner:
    """Copies a schema with its references written out, cutting cycles and excess."""

    def __init__(self) -> None:
        self._n_nodes = 0
        self._open: list[int] = []

    def inline(self, schema: Any) -> dict[str, Any]:
        copied = self._copy(schema)
        return copied if isinstance(copied, dict) else {}

    def _copy(self, value: Any) -> Any:
        if isinstance(value, jsonref.JsonRef):
            value = value.__subject__
        if isinstance(value, dict):
            return self._copy_nested(value, lambda: {str(k): self._copy(v) for k, v in value.items()})
        if isinstance(value, list):
            return self._copy_nested(value, lambda: [self._copy(item) for item in value])
        return value

    def _copy_nested(self, value: Any, copy: Any) -> Any:
        self._n_nodes += 1
        if id(value) in self._open or len(self._open) > 3 * _MAX_DEPTH or self._n_nodes > _MAX_NODES:
            return _summary(value)
        self._open.append(id(value))
        try:
            return copy()
        finally:
            self._open.pop()


def _summary(value: Any) -> Any:
    """What is left of a schema that is not written out again."""
    if isinstance(value, list):
        return []
    kept = {k: value[k] for k in ("type", "title", "description") if isinstance(value.get(k), str)}
    return kept or {"type": "object"}

"""OpenAPI 3.0 and 3.1: one tool per operation."""

import re
from collections.abc import Iterator
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
    resolved = jsonref.replace_refs(document, loader=_refuse_remote, lazy_load=True)
    return collect(source, _operations(resolved["paths"], source))


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
        operation = self._item[self._method]
        if not isinstance(operation, dict):
            raise InvalidToolError(f"the operation is of type {type(operation).__name__}, expected an object")
        summary = str(operation.get("summary") or "")
        description = str(operation.get("description") or "")
        texts = [summary] if description.startswith(summary) and description else [summary, description]
        texts = [description] if description.startswith(summary) and description else texts
        text = ". ".join(part.strip().rstrip(".") for part in texts if part.strip())
        return define_tool(
            operation.get("operationId") or operation_name(self._method, self._path),
            text or f"{self._method.upper()} {self._path}",
            self._parameters(operation),
            source=self._source,
            tags=[tag for tag in operation.get("tags") or [] if isinstance(tag, str)],
            annotations={
                "method": self._method.upper(),
                "path": self._path,
                "readOnlyHint": self._method in ("get", "head", "options"),
            },
            key="" if operation.get("operationId") else f"{self._method.upper()} {self._path}",
        )

    def _parameters(self, operation: dict[str, Any]) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        required: list[str] = []
        for parameter in [*(self._item.get("parameters") or []), *(operation.get("parameters") or [])]:
            name = parameter.get("name")
            if not isinstance(name, str):
                raise InvalidToolError("a parameter has no name")
            schema = _Inliner().inline(parameter.get("schema") or {})
            described = {"description": parameter["description"]} if parameter.get("description") else {}
            properties[name] = {**schema, **described}
            if parameter.get("required") and name not in required:
                required.append(name)
        body = self._body(operation)
        properties |= body.get("properties", {}) if body.get("type") == "object" else {}
        if body and body.get("type") != "object":
            properties["body"] = body
        required += [name for name in body.get("required", []) if name not in required]
        return {"type": "object", "properties": properties, "required": required}

    def _body(self, operation: dict[str, Any]) -> dict[str, Any]:
        content = (operation.get("requestBody") or {}).get("content") or {}
        media = next((content[t] for t in _JSON_TYPES if t in content), next(iter(content.values()), {}))
        return _Inliner().inline((media or {}).get("schema") or {})


def operation_name(method: str, path: str) -> str:
    """A name for an operation without one: ``get_movie_credits`` for ``GET /movie/{id}/credits``."""
    words = [part for part in re.split(r"[^\w]+", re.sub(r"\{[^}]*\}", "", path)) if part]
    return "_".join([method, *words])


def _operations(paths: Any, source: str) -> Iterator[tuple[str, _Operation]]:
    for path, item in paths.items():
        if not isinstance(item, dict):
            continue
        for method in _METHODS:
            if method in item:
                yield f"{method.upper()} {path}", _Operation(method, path, item, source)


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

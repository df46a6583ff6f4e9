"""OpenAPI 3.0 to 3.2 and Swagger 2.0: one tool per operation, with how it is called.

Read by our own code: the libraries that are kept (openapi-pydantic, openapi-core, prance) refuse a document
for one bad operation, fetch what a ``$ref`` names, or expand references without a bound.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from toolshed.catalog.definitions import Catalog, collect, source_name
from toolshed.catalog.json_values import RepeatedKeys
from toolshed.catalog.openapi_document import Document, scalar
from toolshed.catalog.openapi_operations import operation_tool
from toolshed.errors import InvalidToolError, SourceError
from toolshed.types import ToolDefinition

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace", "query")


def is_openapi(value: object) -> bool:
    """Whether a parsed document says that it is OpenAPI or Swagger."""
    return isinstance(value, dict) and ("openapi" in value or "swagger" in value)


def parse_openapi(document: dict[str, Any], *, source: str | None = None, location: str = "") -> Catalog:
    """Read every operation of an OpenAPI document; webhooks and callbacks are calls to us, so no tools.

    Args:
        document: The parsed document.
        source: Name of the source; the document's title when not given.
        location: Where it was read: relative URLs of servers start there.

    Raises:
        SourceError: If the version is not supported or there are no paths.
    """
    version = _version(document)
    info = document.get("info")
    title = scalar(info.get("title")) if isinstance(info, dict) else ""
    source = source or source_name(title or "openapi")
    paths = document.get("paths")
    for part in (document, paths, info):
        if isinstance(part, RepeatedKeys):
            raise SourceError(f"the OpenAPI document {source!r} {part}")
    if not isinstance(paths, dict) or not paths:
        raise SourceError(f"the OpenAPI document {source!r} has no paths, so no operation to index")
    reader = Document(document, version=version, location=location)
    found = list(_found(paths, reader))
    used = Counter(scalar(one.operation_id) for one in found)
    return collect(source, ((one.position, one.builder(source, reader, used)) for one in found))


def _version(document: dict[str, Any]) -> str:
    version = scalar(document.get("openapi"))
    if re.match(r"3(\.\d|$)", version):
        return version
    swagger = scalar(document.get("swagger"))
    if swagger in ("2", "2.0"):
        return "2.0"
    found = f"Swagger {swagger[:20]!r}" if "swagger" in document else f"OpenAPI {version[:20]!r}"
    raise SourceError(f"{found} is not supported; convert the document to OpenAPI 3 or Swagger 2.0")


@dataclass(frozen=True, slots=True)
class _Found:
    """An operation where it stands, or why the path cannot be read."""

    position: str
    method: str = ""
    path: str = ""
    item: Any = None
    operation: Any = None
    error: InvalidToolError | None = None

    @property
    def operation_id(self) -> Any:
        return self.operation.get("operationId") if isinstance(self.operation, dict) else None

    def builder(self, source: str, document: Document, used: Counter[str]) -> Callable[[], ToolDefinition]:
        """What builds the tool; an id that several operations use tells none of them from the others."""

        def build() -> ToolDefinition:
            if self.error:
                raise self.error
            given = document.mapping(self.operation, "the operation")
            is_known_by_id = bool(self.operation_id) and used[scalar(self.operation_id)] <= 1
            return operation_tool(
                document,
                given,
                self.item,
                method=self.method,
                path=self.path,
                source=source,
                name=scalar(self.operation_id) or self.operation_id or operation_name(self.method, self.path),
                key="" if is_known_by_id else f"{self.method} {self.path}",
            )

        return build


def _found(paths: dict[str, Any], document: Document) -> Iterator[_Found]:
    for path, given in paths.items():
        if str(path).startswith("x-"):
            continue
        try:
            # Operations may stand beside a reference to shared ones.
            item = {**document.mapping(given, "the path"), **(given if isinstance(given, dict) else {})}
            additional = document.mapping(item.get("additionalOperations"), "'additionalOperations'")
        except InvalidToolError as error:
            yield _Found(str(path), error=error)
            continue
        operations = {method: item[method] for method in _METHODS if method in item} | additional
        for method, operation in operations.items():
            position = f"{method.upper()} {path}"
            yield _Found(position, method.upper(), str(path), item, operation)


def operation_name(method: str, path: str) -> str:
    """A name for an operation without one: ``get_movie_credits`` for ``GET /movie/{id}/credits``."""
    words = [part for part in re.split(r"[^\w]+", re.sub(r"\{[^}]*\}", "", path)) if part]
    return "_".join([method.lower(), *words])

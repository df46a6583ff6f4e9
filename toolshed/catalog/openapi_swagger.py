"""Swagger 2.0: operations in the words of OpenAPI 3, one at a time."""

from typing import Any

from toolshed.catalog.json_schema_keywords import names_in
from toolshed.catalog.openapi_document import Document
from toolshed.catalog.openapi_media import media_rank
from toolshed.errors import InvalidToolError

# What a parameter says besides its schema.
_NO_SCHEMA = {"allowEmptyValue", "collectionFormat", "description", "in", "name", "required"}
_STYLES = {"multi": "form", "pipes": "pipeDelimited", "ssv": "spaceDelimited", "tsv": "tabDelimited"}
_JSON = "application/json"


def as_openapi_3(
    document: Document, operation: dict[str, Any], parameters: list[dict[str, Any]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """An operation of Swagger 2.0 and its parameters as OpenAPI 3 has them.

    Args:
        document: Where it stands.
        operation: As the document has it.
        parameters: Those of the path, then those of the operation.

    Returns:
        The operation with ``requestBody`` and ``content`` of its responses, and its parameters without
        those that are the body.
    """
    consumes = _media_types(document, operation, "consumes")
    plain = [_parameter(p) for p in parameters if p.get("in") not in ("body", "formData")]
    bodies = [p for p in parameters if p.get("in") == "body"]
    fields = [p for p in parameters if p.get("in") == "formData"]
    converted = {key: value for key, value in operation.items() if key != "requestBody"}
    if bodies:
        converted["requestBody"] = _body(bodies[-1], consumes)
    elif fields:
        converted["requestBody"] = _form(fields, consumes)
    responses = document.members(operation.get("responses"), "'responses'")
    produces = _media_types(document, operation, "produces")
    converted["responses"] = {
        status: _response(document, response, produces) for status, response in responses.items()
    }
    return converted, plain


def _media_types(document: Document, operation: dict[str, Any], key: str) -> list[str]:
    return names_in(operation.get(key)) or names_in(document.root.get(key)) or []


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {
        key: parameter[key] for key in ("name", "in", "required", "description") if key in parameter
    }
    return {**said, "schema": _schema(parameter), **_style(parameter)}


def _schema(parameter: dict[str, Any]) -> Any:
    if isinstance(parameter.get("schema"), dict):
        return parameter["schema"]
    return {key: value for key, value in parameter.items() if key not in _NO_SCHEMA}


def _style(parameter: dict[str, Any]) -> dict[str, Any]:
    """How the values of a list stand together; one after the other, with commas, if nothing is said."""
    if parameter.get("type") != "array":
        return {}
    said = parameter.get("collectionFormat")
    style = _STYLES.get(said) if isinstance(said, str) else None
    if style:
        return {"style": style, "explode": said == "multi"}
    return {"explode": False}


def _body(parameter: dict[str, Any], consumes: list[str]) -> dict[str, Any]:
    media_type = min(consumes, key=media_rank, default=_JSON)
    if "schema" in parameter and media_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        media_type = _JSON
    return {
        "description": parameter.get("description"),
        "required": parameter.get("required"),
        "content": {media_type: {"schema": parameter.get("schema", {})}},
    }


def _form(fields: list[dict[str, Any]], consumes: list[str]) -> dict[str, Any]:
    if not all(isinstance(field.get("name"), str) for field in fields):
        raise InvalidToolError("a parameter has no name")
    has_file = any(field.get("type") == "file" for field in fields)
    is_multipart = has_file or (
        "multipart/form-data" in consumes and "application/x-www-form-urlencoded" not in consumes
    )
    required = [field["name"] for field in fields if field.get("required") is True]
    described = {
        field["name"]: {
            **_schema(field),
            **({"description": field["description"]} if "description" in field else {}),
        }
        for field in fields
    }
    styles = {field["name"]: style for field in fields if (style := _style(field))}
    media: dict[str, Any] = {
        "schema": {"type": "object", "properties": described, "required": required},
        "encoding": styles,
    }
    kind = "multipart/form-data" if is_multipart else "application/x-www-form-urlencoded"
    return {"required": bool(required), "content": {kind: media}}


def _response(document: Document, response: Any, produces: list[str]) -> dict[str, Any]:
    read = document.mapping(response, "a response")
    if "schema" not in read:
        return read
    media_type = min(produces, key=media_rank, default=_JSON)
    return {"description": read.get("description"), "content": {media_type: {"schema": read["schema"]}}}

"""The arguments of an OpenAPI operation: one JSON Schema object, and where in the request each goes.

Where it goes is written as ``{"in": "path" | "query" | "header" | "cookie" | "body", "name": ...}`` with the
name in the request; ``style``, ``explode`` and ``allowReserved`` stand there where they differ from what
OpenAPI 3 takes for granted at that place, ``content`` where the value is written in a media type.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from toolshed.catalog.json_schema_dialects import is_short
from toolshed.catalog.json_schema_keywords import Schema, can_be_said
from toolshed.catalog.openapi_document import Document, scalar
from toolshed.catalog.openapi_media import best_media, is_written_by_value
from toolshed.errors import InvalidToolError
from toolshed.types import JsonObject

_PLACES = ("path", "query", "header", "cookie")
_PLACE_WORDS = {
    "path": "in the path",
    "query": "in the query",
    "header": "as a header",
    "cookie": "as a cookie",
    "body": "in the body",
}
# OpenAPI has the first three ignored as parameters; the others say how a message is sent, not what it asks.
_NO_ARGUMENTS = frozenset(
    "accept authorization content-type connection content-length expect host keep-alive te trailer "
    "transfer-encoding upgrade".split()
)
# What a parameter says besides its schema.
_NO_SCHEMA = {"deprecated", "description", "example", "examples", "in", "name", "required"}
_TEMPLATE = re.compile(r"\{[+#./;?&]?([^{}*]+)\*?\}")
# Fields of a text that are named in its description, for readers that do not look into it.
_MAX_NAMED_FIELDS = 30
# Longer ones no server takes.
_MAX_PATH_CHARACTERS = 4_000
# Without these, an object is its fields.
_WHOLE = ("allOf", "anyOf", "oneOf", "not", "if", "patternProperties", "dependentSchemas", "enum", "const")


@dataclass(frozen=True, slots=True)
class Arguments:
    """What an operation takes.

    Attributes:
        schema: JSON Schema 2020-12 of all arguments, an object.
        places: Where each goes, by its name.
        body: The body's media type and whether it is required, and the argument that is all of it; None
            without a body.
    """

    schema: JsonObject
    places: JsonObject
    body: JsonObject | None


@dataclass(slots=True)
class _Argument:
    place: str
    name: str
    schema: Schema
    is_required: bool
    how: dict[str, Any] = field(default_factory=dict)
    is_whole_body: bool = False


def read_arguments(
    document: Document,
    parameters: Iterable[dict[str, Any]],
    body: dict[str, Any],
    *,
    path: str,
    credentials: frozenset[tuple[str, str]],
) -> Arguments:
    """Read parameters and body of an operation.

    Args:
        document: Where they stand.
        parameters: As OpenAPI 3 has them; the last of one name and place counts.
        body: ``requestBody`` as OpenAPI 3 has it; empty without one.
        path: Its placeholders are arguments, declared or not.
        credentials: Places and names, in small letters, that the caller's credentials fill.

    Raises:
        InvalidToolError: If a parameter or the body is malformed.
    """
    if len(path) > _MAX_PATH_CHARACTERS:
        raise InvalidToolError(f"its path has {len(path):,} characters; that is no path")
    declared = _declared(parameters, path, credentials)
    media_type, media = best_media(document, body.get("content")) if body else ("", {})
    schemas = [_schema_of(document, parameter) for parameter in declared.values()]
    *written, body_schema = document.argument_schemas([*schemas, media.get("schema")])
    arguments = [
        _parameter(document, *key, parameter, schema)
        for (key, parameter), schema in zip(declared.items(), written, strict=True)
    ]
    arguments += _undeclared(path, declared)
    is_required = body.get("required") is True
    if body:
        arguments += _body_arguments(document, media, body_schema, body, media_type)
    return _told_apart(arguments, body_schema if body else {}, media_type, is_required=is_required)


def _declared(
    parameters: Iterable[dict[str, Any]], path: str, credentials: frozenset[tuple[str, str]]
) -> dict[tuple[str, str], dict[str, Any]]:
    """Parameters by place and name."""
    declared: dict[tuple[str, str], dict[str, Any]] = {}
    placeholders = set(_TEMPLATE.findall(path))
    spelt: dict[tuple[str, str], tuple[str, str]] = {}
    for parameter in parameters:
        name = scalar(parameter.get("name"))
        if parameter.get("name") == "" and parameter.get("required") is not True:
            # An empty row of somebody's form; nothing can be sent under it.
            continue
        if not name:
            raise InvalidToolError("a parameter has no name")
        place = parameter.get("in") or ("path" if name in placeholders else "query")
        if place not in _PLACES:
            raise InvalidToolError(f"the parameter {name!r} is in {place!r}; one of {_PLACES} is expected")
        same = (place, name.lower() if place == "header" else name)
        if (place == "header" and name.lower() in _NO_ARGUMENTS) or (place, name.lower()) in credentials:
            continue
        declared.pop(spelt.get(same, same), None)
        spelt[same] = (place, name)
        declared[place, name] = parameter
    return declared


def _undeclared(path: str, declared: Iterable[tuple[str, str]]) -> Iterator[_Argument]:
    """Placeholders of the path that the document forgets to describe."""
    known = {name for place, name in declared if place == "path"}
    for name in dict.fromkeys(_TEMPLATE.findall(path)):
        if name not in known:
            yield _Argument("path", name, {"type": "string"}, is_required=True)


def _schema_of(document: Document, parameter: dict[str, Any]) -> Any:
    if "schema" in parameter:
        return parameter["schema"]
    if "content" in parameter:
        return best_media(document, parameter["content"])[1].get("schema")
    # As Swagger had it, and some still write it.
    return {key: value for key, value in parameter.items() if key not in _NO_SCHEMA}


def _parameter(
    document: Document, place: str, name: str, parameter: dict[str, Any], schema: Schema
) -> _Argument:
    is_required = place == "path" or parameter.get("required") is True
    return _Argument(
        place, name, _annotated(schema, parameter), is_required, _serialisation(document, place, parameter)
    )


def _annotated(schema: Schema, parameter: dict[str, Any]) -> Schema:
    """What a parameter says beside its schema."""
    annotations: Schema = {}
    description = scalar(parameter.get("description")).strip()
    if description:
        annotations["description"] = description
    if parameter.get("deprecated") is True:
        annotations["deprecated"] = True
    named = parameter.get("examples")
    first = next(iter(named.values()), None) if isinstance(named, dict) else None
    example = parameter.get("example", first.get("value") if isinstance(first, dict) else None)
    is_plain = isinstance(example, str | int | float) and is_short(example) and can_be_said(example)
    if is_plain and "examples" not in schema:
        annotations["examples"] = [example]
    return {**schema, **annotations}


def _serialisation(document: Document, place: str, said: dict[str, Any]) -> dict[str, Any]:
    usual = "simple" if place in ("path", "header") else "form"
    style = said.get("style") if isinstance(said.get("style"), str) else usual
    explode = said.get("explode")
    how: dict[str, Any] = {}
    if style != usual:
        how["style"] = style
    if isinstance(explode, bool) and explode != (style == "form"):
        how["explode"] = explode
    if said.get("allowReserved") is True:
        how["allowReserved"] = True
    if "content" in said and "schema" not in said:
        how["content"] = best_media(document, said["content"])[0]
    return how


def _body_arguments(
    document: Document, media: dict[str, Any], schema: Schema, body: dict[str, Any], media_type: str
) -> Iterator[_Argument]:
    """The fields of an object one by one; any other body is one argument."""
    is_required = body.get("required") is True
    if _has_no_fields(schema, media_type):
        return
    has_values = is_written_by_value(media_type)
    if not has_values:
        schema = _as_text(schema, media, media_type)
    if not has_values or not _is_its_fields(schema):
        described = _annotated(schema, {"description": schema.get("description") or body.get("description")})
        yield _Argument("body", "body", described, is_required, is_whole_body=True)
        return
    encodings = document.mapping(media.get("encoding"), "'encoding'")
    required = dict.fromkeys(schema.get("required", ()))
    undeclared: Schema = {name: {} for name in required if name not in schema["properties"]}
    for name, part in (schema["properties"] | undeclared).items():
        encoding = document.mapping(encodings.get(name), "an encoding")
        how = _serialisation(document, "body", encoding)
        if isinstance(encoding.get("contentType"), str):
            how["content"] = encoding["contentType"]
        yield _Argument("body", name, part, is_required and name in required, how)


def _as_text(schema: Schema, media: dict[str, Any], media_type: str) -> Schema:
    """A body that is no JSON value, such as XML: a text, and what the document says is in it."""
    is_bare = schema.keys() <= {"type", "description", "format", "title"}
    if not schema or (is_bare and schema.get("type") == "object"):
        # An object of which nothing is said stands for a file.
        return {**schema, "type": "string", "format": "binary"}
    if not (schema.keys() & {"properties", "items", "additionalProperties", "anyOf", "oneOf", "allOf"}):
        return schema
    given = media.get("schema")
    reference = given.get("$ref") if isinstance(given, dict) else None
    name = schema.get("title") or (reference.rpartition("/")[2] if isinstance(reference, str) else "")
    fields = ", ".join(list(schema.get("properties", {}))[:_MAX_NAMED_FIELDS])
    words = f"{'<' + name + '> ' if name else ''}as {media_type}{', with ' + fields if fields else ''}"
    description = schema.get("description")
    return {
        "type": "string",
        "description": f"{description} ({words})" if description else words,
        "contentMediaType": media_type,
        "contentSchema": {key: value for key, value in schema.items() if key != "description"},
    }


def _has_no_fields(schema: Schema, media_type: str) -> bool:
    """Whether nothing can be said in the body: a form without fields, an object closed to any."""
    is_empty = "properties" in schema and not schema["properties"] and schema.keys().isdisjoint(_WHOLE)
    return is_empty and (
        schema.get("additionalProperties") is False
        or (is_written_by_value(media_type) and "json" not in media_type)
    )


def _is_its_fields(schema: Schema) -> bool:
    types = schema.get("type", "object")
    return (
        bool(schema.get("properties"))
        and "object" in types
        and not any(keyword in schema for keyword in _WHOLE if not _needs_some_fields(schema, keyword))
        and not (isinstance(schema.get("additionalProperties"), dict) and schema["additionalProperties"])
    )


def _needs_some_fields(schema: Schema, keyword: str) -> bool:
    """Whether all that is said is which fields must be there."""
    return (
        keyword in ("allOf", "anyOf", "oneOf")
        and bool(schema.get(keyword))
        and all(_required_alone(branch, schema["properties"]) for branch in schema[keyword])
    )


def _required_alone(branch: Schema, properties: Schema) -> bool:
    said = {key for key, value in branch.items() if value not in ({}, [])}
    return (
        said <= {"type", "required", "title", "description"}
        and branch.get("type", "object") == "object"
        and set(branch.get("required", ())) <= set(properties)
    )


def _told_apart(
    arguments: list[_Argument], body_schema: Schema, media_type: str, *, is_required: bool
) -> Arguments:
    """Give each argument a name of its own: those of one name say where they belong."""
    named = _named(arguments)
    properties = {name: argument.schema for name, argument in named.items()}
    places: dict[str, Any] = {
        name: {"in": argument.place, "name": argument.name, **argument.how}
        for name, argument in named.items()
    }
    schema: Schema = {
        "type": "object",
        "properties": properties,
        "required": [name for name, argument in named.items() if argument.is_required],
    }
    if not media_type:
        return Arguments(schema, places, None)
    has_fields = any(argument.place == "body" for argument in arguments)
    if not has_fields and not is_required:
        return Arguments(schema, places, None)
    whole = next((name for name, argument in named.items() if argument.is_whole_body), None)
    body: dict[str, Any] = {"media_type": media_type, "required": is_required}
    if whole is not None:
        body["argument"] = whole
    else:
        fields = {argument.name: name for name, argument in named.items() if argument.place == "body"}
        schema |= _between_fields(body_schema, fields, is_required=is_required)
    return Arguments(schema, places, body)


def _named(arguments: list[_Argument]) -> dict[str, _Argument]:
    wanted = Counter(argument.name for argument in arguments)
    named: dict[str, _Argument] = {}
    for argument in arguments:
        name = argument.name
        if wanted[name] > 1:
            argument.schema = _with_place(argument)
            while name in named or (name != argument.name and name in wanted):
                name = f"{argument.place}_{name}"
        named[name] = argument
    return named


def _with_place(argument: _Argument) -> Schema:
    description = argument.schema.get("description")
    words = _PLACE_WORDS[argument.place]
    return {
        **argument.schema,
        "description": f"{description} ({words})" if description else words.capitalize(),
    }


def _between_fields(schema: Schema, fields: dict[str, str], *, is_required: bool) -> Schema:
    """What the body says of its fields together.

    A body that may be left out may be left out whole: its required fields are required beside any other.
    """
    between: Schema = {}
    needed = {name: list(others) for name, others in schema.get("dependentRequired", {}).items()}
    required = schema.get("required", [])
    if is_required:
        for keyword in ("allOf", "anyOf", "oneOf"):
            if keyword in schema:
                between[keyword] = [
                    {"required": [fields[name] for name in branch.get("required", ())]}
                    for branch in schema[keyword]
                ]
    elif required and len(required) * len(fields) <= 1_000:
        for name in fields:
            needed[name] = [*needed.get(name, ()), *(other for other in required if other != name)]
    dependent = {
        fields[name]: [fields[other] for other in dict.fromkeys(others) if other in fields]
        for name, others in needed.items()
        if name in fields
    }
    dependent = {name: others for name, others in dependent.items() if others}
    return {**between, **({"dependentRequired": dependent} if dependent else {})}

"""How much of real API descriptions is read: operations with all their arguments, callable, in valid schemas.

What an operation takes is counted here a second time, from the raw document and with other code than reads it
for indexing, so that what the reader loses shows.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import jsonschema

from toolshed.catalog.json_values import parse_json
from toolshed.catalog.sources import read_source
from toolshed.catalog.yaml_values import parse_yaml
from toolshed.errors import SourceError
from toolshed.types import JsonObject, ToolDefinition
from toolshed_evals.openapi_exports import export_faults
from toolshed_evals.openapi_requests import request_fault

_METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace", "query"}
# Those that OpenAPI has ignored, and those that HTTP itself writes.
_IGNORED_HEADERS = {"accept", "authorization", "content-type", "content-length", "host", "transfer-encoding"}
_MAX_FAULTS = 200
# Fields that are composed deeper than this are not counted.
_MAX_COMPOSITION = 12


@dataclass(slots=True)
class Survey:
    """Counts over documents; an operation that was left out is none of the rest.

    Attributes:
        n_documents: Documents with operations.
        n_refused: Documents that could not be read.
        n_operations: Operations in them, counted in the raw documents.
        n_indexed: Operations that became tools.
        n_complete: Tools that take every parameter and every field of the body.
        n_callable: Tools whose binding is complete (a server, a place for each argument, an argument for each
            placeholder of the path, a scheme for each requirement) and leads to a request that holds all of
            some made-up arguments.
        n_without_host: Tools among these whose server is relative to wherever the document is served.
        n_valid: Tools whose schemas are JSON Schema 2020-12, the arguments an object with properties.
        n_exported: Tools that are handed on as OpenAI, Anthropic, MCP, Gemini and Bedrock take them.
        faults: What is wrong where, the first 200.
    """

    n_documents: int = 0
    n_refused: int = 0
    n_operations: int = 0
    n_indexed: int = 0
    n_complete: int = 0
    n_callable: int = 0
    n_without_host: int = 0
    n_valid: int = 0
    n_exported: int = 0
    faults: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The counts and faults as a JSON object."""
        return asdict(self)

    def note(self, fault: str) -> None:
        """Keep a fault, as long as there are few."""
        if len(self.faults) < _MAX_FAULTS:
            self.faults.append(fault)


def descriptions_in(folder: Path, *, limit: int | None = None) -> list[Path]:
    """The JSON and YAML files of a folder, or so many of them, spread evenly over their sorted paths."""
    if folder.is_file():
        return [folder]
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".json", ".yaml", ".yml"))
    if limit is None or limit >= len(paths):
        return paths
    return [paths[position * len(paths) // limit] for position in range(limit)]


def survey(paths: Sequence[Path], *, tick: Callable[[int, int], None] | None = None) -> Survey:
    """Read descriptions and count; files that are no OpenAPI documents are passed over."""
    found = Survey()
    for position, path in enumerate(paths, start=1):
        _survey_document(path, found)
        if tick:
            tick(position, len(paths))
    return found


def _survey_document(path: Path, found: Survey) -> None:
    document = _document(path)
    if document is None:
        return
    raw = dict(_operations(document))
    found.n_documents += 1
    found.n_operations += len(raw)
    try:
        catalog = read_source(path)
    except SourceError as error:
        found.n_refused += 1
        found.note(f"{path.name}: refused: {error}")
        return
    found.n_indexed += len(catalog.tools)
    for entry in catalog.invalid:
        found.note(f"{path.name}: {entry}")
    refused = export_faults(catalog.tools)
    for position, tool in enumerate(catalog.tools):
        _survey_tool(tool, document, raw, path.name, found, export_fault=refused.get(position, ""))


def _survey_tool(
    tool: ToolDefinition,
    document: Any,
    raw: dict[tuple[str, str], Any],
    name: str,
    found: Survey,
    *,
    export_fault: str,
) -> None:
    binding = tool.binding or {}
    item, operation = raw[tool.annotations["method"].lower(), tool.annotations["path"]]
    missing = sorted(_expected(document, item, operation) - _taken(tool))
    faults = {
        "n_complete": f"does not take {missing[:5]}" if missing else "",
        "n_callable": _binding_fault(tool, binding) or request_fault(tool),
        "n_valid": _schema_fault(tool),
        "n_exported": export_fault,
    }
    for count, fault in faults.items():
        if fault:
            found.note(f"{name}: {tool.name}: {fault}")
        else:
            setattr(found, count, getattr(found, count) + 1)
    is_relative = all(not re.match(r"[\w{}+.-]+:", server["url"]) for server in binding.get("servers", ()))
    found.n_without_host += is_relative and not faults["n_callable"]


def _document(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
        document = parse_json(text) if path.suffix == ".json" else parse_yaml(text)
    except (UnicodeDecodeError, ValueError):
        return None
    is_described = isinstance(document, dict) and ("openapi" in document or "swagger" in document)
    return document if is_described and isinstance(document.get("paths"), dict) else None


def _operations(document: Any) -> Iterator[tuple[tuple[str, str], tuple[Any, Any]]]:
    for path, item in document["paths"].items():
        item = _resolved(document, item)
        for method in item if isinstance(item, dict) and not path.startswith("x-") else ():
            if method in _METHODS:
                yield (method, path), (item, item[method])


def _resolved(document: Any, value: Any) -> Any:
    for _ in range(20):
        if not (isinstance(value, dict) and isinstance(value.get("$ref"), str)):
            return value
        value = _pointed(document, value["$ref"])
    return {}


def _pointed(document: Any, reference: str) -> Any:
    value = document
    for part in reference.removeprefix("#").split("/")[1:]:
        key = re.sub("%([0-9a-fA-F]{2})", lambda found: chr(int(found[1], 16)), part)
        key = key.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(key)] if isinstance(value, list) else _resolved(document, value)[key]
        except (KeyError, IndexError, TypeError, ValueError):
            return {}
    return value


def _expected(document: Any, item: Any, operation: Any) -> set[tuple[str, str]]:
    """Place and name of everything the operation takes, as the raw document has it."""
    parameters: dict[tuple[str, str], Any] = {}
    for holder in (item, operation):
        for given in holder.get("parameters") or ():
            parameter = _resolved(document, given)
            parameters[parameter["in"], str(parameter["name"])] = parameter
    keys = _keys(document, operation)
    expected: set[tuple[str, str]] = set()
    for (place, name), parameter in parameters.items():
        if place == "body":
            expected |= {("body", name) for name in _sent_fields(document, parameter.get("schema"))}
        elif place == "formData":
            expected.add(("body", name))
        elif (
            name
            and (place, name.lower()) not in keys
            and not (place == "header" and name.lower() in _IGNORED_HEADERS)
        ):
            expected.add((place, name.lower() if place == "header" else name))
    body = _resolved(document, operation.get("requestBody")) or {}
    content = body.get("content") or {}
    fields = [_sent_fields(document, _resolved(document, media).get("schema")) for media in content.values()]
    # One media type is sent; which one is the reader's choice.
    return expected | {("body", name) for name in (set.intersection(*fields) if fields else ())}


def _sent_fields(document: Any, schema: Any) -> set[str]:
    """Fields of an object that no part of its schema calls read-only."""
    fields = list(_fields(document, schema))
    return {name for name, _ in fields} - {name for name, is_read_only in fields if is_read_only}


def _fields(document: Any, schema: Any, depth: int = 0) -> Iterator[tuple[str, bool]]:
    """Names of the fields of an object, in any part of its schema, and whether they are read-only."""
    beside = schema if isinstance(schema, dict) else {}
    schema = _resolved(document, schema)
    if not isinstance(schema, dict) or depth > _MAX_COMPOSITION:
        return
    properties = schema.get("properties")
    for name, field_schema in properties.items() if isinstance(properties, dict) else ():
        yield str(name), _is_read_only(document, field_schema)
    for keyword in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(keyword) or beside.get(keyword) or ():
            yield from _fields(document, part, depth + 1)


def _is_read_only(document: Any, schema: Any, depth: int = 0) -> bool:
    if not isinstance(schema, dict) or depth > _MAX_COMPOSITION:
        return False
    target = _resolved(document, schema)
    if schema.get("readOnly") is True or (isinstance(target, dict) and target.get("readOnly") is True):
        return True
    parts = target.get("allOf") if isinstance(target, dict) else None
    return any(_is_read_only(document, part, depth + 1) for part in parts or ())


def _keys(document: Any, operation: Any) -> set[tuple[str, str]]:
    """API keys that the operation asks for, by place and name."""
    components = document.get("components")
    schemes = document.get("securityDefinitions") or (components or {}).get("securitySchemes") or {}
    security = operation.get("security", document.get("security")) or ()
    named = [_resolved(document, schemes.get(name)) or {} for requirement in security for name in requirement]
    return {(str(s.get("in")), str(s.get("name")).lower()) for s in named if s.get("type") == "apiKey"}


def _taken(tool: ToolDefinition) -> set[tuple[str, str]]:
    """Place and name of everything the tool takes; of a body in one argument, its fields."""
    binding = tool.binding or {}
    taken: set[tuple[str, str]] = set()
    for argument, place in binding.get("arguments", {}).items():
        if argument in tool.parameters["properties"]:
            taken.add((place["in"], place["name"].lower() if place["in"] == "header" else place["name"]))
    whole = (binding.get("body") or {}).get("argument")
    if whole:
        taken |= {("body", name) for name in _written_fields(tool.parameters["properties"][whole])}
    return taken


def _written_fields(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        yield from _written_fields(schema.get("contentSchema"))
        for keyword in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(keyword, ()):
                yield from _written_fields(part)


def _binding_fault(tool: ToolDefinition, binding: JsonObject) -> str:
    places = binding.get("arguments", {})
    properties = tool.parameters.get("properties", {})
    if set(places) != set(properties):
        return f"arguments without a place: {sorted(set(places) ^ set(properties))[:5]}"
    held = Counter((place["in"], place["name"]) for place in places.values())
    if any(count > 1 for count in held.values()):
        return "two arguments go to one place"
    placeholders = set(re.findall(r"\{([^{}]+)\}", binding["path"]))
    missing = {name.strip("+*?#./;&") for name in placeholders} - {
        name for where, name in held if where == "path"
    }
    if missing:
        return f"placeholders without an argument: {sorted(missing)[:5]}"
    if any(place["in"] == "body" for place in places.values()) and "body" not in binding:
        return "no media type for the body"
    if not binding.get("servers"):
        return "no server"
    named = {name for requirement in binding.get("security", ()) for name in requirement}
    unknown = named - set(binding.get("security_schemes", {}))
    return f"unknown security schemes: {sorted(unknown)[:5]}" if unknown else ""


def _schema_fault(tool: ToolDefinition) -> str:
    schema = tool.parameters
    if schema.get("type") != "object" or not isinstance(schema.get("properties"), dict):
        return "the arguments are no object with properties"
    for name, part in (("arguments", schema), ("result", tool.output_schema or {})):
        try:
            jsonschema.Draft202012Validator.check_schema(part)
            json.dumps(part, allow_nan=False)
        except (jsonschema.SchemaError, ValueError) as error:
            return f"the schema of the {name} is not valid: {str(error)[:200]}"
    return ""

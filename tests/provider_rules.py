"""What providers take, as far as it can be checked without them: the types of their SDKs, and their rules."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator

KEYS = {
    "openai": re.compile(r"[a-zA-Z0-9_.-]{1,64}"),
    "anthropic": re.compile(r"[a-zA-Z0-9_.-]{1,64}"),
    "bedrock": re.compile(r"[a-zA-Z0-9_.-]{1,64}"),
    "mcp": re.compile(r"[a-zA-Z0-9_.-]{1,64}"),
    "gemini": re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,63}"),
    "langchain": re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,63}"),
}
NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]{0,63}")
REFUSED_AT_THE_TOP = {"oneOf", "anyOf", "allOf", "not", "enum", "$ref"}
GEMINI_TYPES = {"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT"}
GEMINI_FORMATS = {"date-time", "enum", "float", "double", "int32", "int64"}


def check_openai(tools: list[dict[str, Any]]) -> None:
    """Chat completions."""
    from openai.types.chat import ChatCompletionFunctionToolParam

    for tool in tools:
        _adapter(ChatCompletionFunctionToolParam).validate_python(tool, strict=True)
        function = tool["function"]
        assert NAME.fullmatch(function["name"])
        assert len(function.get("description", "")) <= 1024
        check_json_schema(function["parameters"], KEYS["openai"])


def check_openai_responses(tools: list[dict[str, Any]]) -> None:
    """Responses."""
    from openai.types.responses import FunctionToolParam

    for tool in tools:
        _adapter(FunctionToolParam).validate_python(tool, strict=True)
        assert NAME.fullmatch(tool["name"])
        assert len(tool.get("description", "")) <= 1024
        check_json_schema(tool["parameters"], KEYS["openai"])


def check_anthropic(tools: list[dict[str, Any]]) -> None:
    """Messages."""
    from anthropic.types import ToolParam

    for tool in tools:
        _adapter(ToolParam).validate_python(tool)
        assert NAME.fullmatch(tool["name"])
        assert tool.get("description", "-")
        check_json_schema(tool["input_schema"], KEYS["anthropic"])


def check_gemini(declarations: list[dict[str, Any]]) -> None:
    """Function declarations."""
    from google.genai import types

    for declaration in declarations:
        types.FunctionDeclaration.model_validate(declaration)
        assert NAME.fullmatch(declaration["name"])
        if "parameters" in declaration:
            parameters = declaration["parameters"]
            assert parameters["type"] == "OBJECT"
            assert parameters["properties"]
            _check_gemini_schema(parameters)


def _check_gemini_schema(schema: dict[str, Any]) -> None:
    if "anyOf" in schema:
        assert schema.keys() == {"anyOf"}, schema
        for branch in schema["anyOf"]:
            _check_gemini_schema(branch)
        return
    assert schema["type"] in GEMINI_TYPES, schema
    assert schema.get("format", "enum") in GEMINI_FORMATS
    if "enum" in schema:
        assert schema["type"] == "STRING"
        assert all(isinstance(choice, str) and choice for choice in schema["enum"])
    if schema["type"] == "ARRAY":
        _check_gemini_schema(schema["items"])
    else:
        assert "items" not in schema
    properties = schema.get("properties", {})
    assert not properties or schema["type"] == "OBJECT"
    assert all(KEYS["gemini"].fullmatch(key) for key in properties)
    assert set(schema.get("required", ())) <= set(properties)
    for inner in properties.values():
        _check_gemini_schema(inner)


def check_bedrock(tools: list[dict[str, Any]]) -> None:
    """Converse."""
    from botocore.validate import ParamValidator

    report = ParamValidator().validate({"tools": tools}, _converse_tools())
    assert not report.has_errors(), report.generate_report()
    for tool in tools:
        specification = tool["toolSpec"]
        assert NAME.fullmatch(specification["name"])
        schema = specification["inputSchema"]["json"]
        assert schema.keys() <= {"type", "properties", "required"}
        check_json_schema(schema, KEYS["bedrock"])
        assert "$ref" not in {name for node in _schemas(schema) for name in node}


@lru_cache(maxsize=1)
def _converse_tools() -> Any:
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    description = Loader().load_service_model("bedrock-runtime", "service-2")
    return ServiceModel(description).operation_model("Converse").input_shape.members["toolConfig"]


def check_mcp(tools: list[dict[str, Any]]) -> None:
    """A list of tools."""
    from mcp.types import Tool

    for tool in tools:
        Tool.model_validate(tool)
        assert NAME.fullmatch(tool["name"])
        check_json_schema(tool["inputSchema"], KEYS["mcp"])
        if "outputSchema" in tool:
            assert tool["outputSchema"]["type"] == "object"
            Draft202012Validator.check_schema(tool["outputSchema"])


def check_langchain(tools: list[Any]) -> None:
    """LangChain's tools, in what its models are given."""
    from langchain_core.utils.function_calling import convert_to_openai_tool

    for tool in tools:
        assert NAME.fullmatch(tool.name)
        assert tool.description
        check_json_schema(tool.args_schema, KEYS["langchain"])
        check_json_schema(convert_to_openai_tool(tool)["function"]["parameters"], KEYS["langchain"])
        assert set(tool.args) == set(tool.args_schema["properties"])


CHECKS = {
    "openai": check_openai,
    "openai_responses": check_openai_responses,
    "anthropic": check_anthropic,
    "gemini": check_gemini,
    "bedrock": check_bedrock,
    "mcp": check_mcp,
}


def check_json_schema(schema: dict[str, Any], keys: re.Pattern[str]) -> None:
    """An object in JSON Schema 2020-12 that providers of it take."""
    assert schema["type"] == "object"
    assert isinstance(schema["properties"], dict)
    assert not REFUSED_AT_THE_TOP & set(schema)
    Draft202012Validator.check_schema(schema)
    definitions = schema.get("$defs", {})
    for node in _schemas(schema):
        properties = node.get("properties", {})
        assert all(keys.fullmatch(key) for key in properties), list(properties)
        if "$ref" in node:
            assert node["$ref"].removeprefix("#/$defs/") in definitions
        kinds = node.get("type", ())
        if kinds == "array" or "array" in kinds:
            assert "items" in node
    assert set(schema.get("required", ())) <= set(schema["properties"])


def _schemas(schema: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(schema, dict):
        return
    yield schema
    for name, value in schema.items():
        if name in ("properties", "patternProperties", "$defs", "dependentSchemas"):
            for inner in value.values():
                yield from _schemas(inner)
        elif name in ("allOf", "anyOf", "oneOf", "prefixItems"):
            for inner in value:
                yield from _schemas(inner)
        elif name in ("items", "additionalProperties", "not", "if", "then", "else", "contains"):
            yield from _schemas(value)


@lru_cache(maxsize=8)
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)

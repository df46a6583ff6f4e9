"""Whether tools are handed on so that providers take them: the rules that each states, checked once more."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jsonschema

from toolshed.post_retrieval.equip import (
    to_anthropic,
    to_bedrock,
    to_gemini,
    to_mcp,
    to_openai,
    to_openai_responses,
)
from toolshed.types import ToolDefinition

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_ANTHROPIC_KEY = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
# https://docs.claude.com/en/api/errors and OpenAI's function calling guide: none of these at the top.
_NOT_AT_THE_TOP = ("oneOf", "anyOf", "allOf", "enum", "not")

_PARTS: Mapping[str, tuple[Callable[..., Any], Callable[[Any], tuple[str, Any]]]] = {
    "openai": (to_openai, lambda tool: (tool["function"]["name"], tool["function"]["parameters"])),
    "openai responses": (to_openai_responses, lambda tool: (tool["name"], tool["parameters"])),
    "anthropic": (to_anthropic, lambda tool: (tool["name"], tool["input_schema"])),
    "mcp": (to_mcp, lambda tool: (tool["name"], tool["inputSchema"])),
}


def export_faults(tools: Sequence[ToolDefinition]) -> dict[int, str]:
    """What providers would refuse, by the position of the tool.

    Gemini and Bedrock have forms of their own, whose rules are checked where they are written; here it counts
    that every tool comes out.
    """
    faults: dict[int, str] = {}
    for provider, (export, parts) in _PARTS.items():
        exported = [parts(tool) for tool in export(tools)]
        names: dict[str, int] = {}
        for position, (name, schema) in enumerate(exported):
            for fault in _faults(name, schema, provider):
                faults.setdefault(position, f"{provider}: {fault}")
            if names.setdefault(name, position) != position:
                faults.setdefault(position, f"{provider}: two tools are called {name!r}")
    for provider, export in (("gemini", to_gemini), ("bedrock", to_bedrock)):
        if (n_exported := len(export(tools))) != len(tools):
            faults.setdefault(0, f"{provider}: {n_exported} of {len(tools)} tools come out")
    return faults


def _faults(name: str, schema: Any, provider: str) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        yield f"the name {name!r} is not legal"
    if schema.get("type") != "object" or not isinstance(schema.get("properties"), dict):
        yield "the arguments are no object with properties"
    if provider != "mcp" and (found := [key for key in _NOT_AT_THE_TOP if key in schema]):
        yield f"{found} at the top of the schema"
    if provider == "anthropic" and (
        keys := [key for key in schema.get("properties", ()) if not _ANTHROPIC_KEY.fullmatch(key)]
    ):
        yield f"keys that are not legal: {keys[:5]}"
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        yield f"the schema is not valid: {str(error)[:200]}"

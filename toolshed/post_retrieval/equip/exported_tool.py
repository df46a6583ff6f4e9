"""A tool as it is handed on, before it takes the form of a provider."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from toolshed.post_retrieval.equip.argument_keys import ArgumentKeys
from toolshed.post_retrieval.equip.names import provider_names
from toolshed.post_retrieval.equip.normal_schema import Schema, normal_schema
from toolshed.rankings import FoundTool
from toolshed.types import ToolDefinition

# What is handed on: definitions, or what a search found, which knows what fits its budget.
Exportable = ToolDefinition | FoundTool


@dataclass(frozen=True, slots=True)
class ExportedTool:
    """A tool with a legal name and legal arguments.

    Attributes:
        name: What the provider calls it.
        description: What it does, with its alternative arguments in words; may be empty.
        schema: JSON Schema 2020-12 of its arguments: an object with ``properties``.
        definition: The tool as its source defines it.
        keys: The way back to its own argument names.
    """

    name: str
    description: str
    schema: Schema
    definition: ToolDefinition
    keys: ArgumentKeys


def exported_tools(
    tools: Iterable[Exportable], keys: re.Pattern[str], *, keep_extensions: bool = False
) -> list[ExportedTool]:
    """The tools as they are handed on.

    Args:
        tools: Definitions, or what a search found.
        keys: What the keys of arguments have to match.
        keep_extensions: Whether keywords that begin with ``x-`` stay in their schemas.
    """
    listed = list(tools)
    names = provider_names([definition_of(tool) for tool in listed])
    return [
        _exported(tool, names[definition_of(tool).tool_id], keys, keep_extensions=keep_extensions)
        for tool in listed
    ]


def _exported(tool: Exportable, name: str, legal: re.Pattern[str], *, keep_extensions: bool) -> ExportedTool:
    definition = definition_of(tool)
    normal = normal_schema(definition.parameters, keep_extensions=keep_extensions)
    # Those of the whole definition, so that a shortened one calls its arguments the same.
    keys = ArgumentKeys(normal)
    description = "\n\n".join(text for text in (definition.description, normal.note) if text)
    if isinstance(tool, FoundTool) and tool.shortened is not None:
        normal = normal_schema(tool.shortened.parameters, keep_extensions=keep_extensions)
        description = tool.shortened.description
    return ExportedTool(name, description, keys.renamed(normal.schema, legal), definition, keys)


def definition_of(tool: Exportable) -> ToolDefinition:
    """The tool as its source defines it."""
    return tool.tool if isinstance(tool, FoundTool) else tool


def original_arguments(tool: ToolDefinition, arguments: Mapping[str, Any]) -> Any:
    """Arguments as the tool takes them, from those that a model gave for its exported form.

    An object, but for a tool that takes something else: then that.
    """
    return ArgumentKeys(normal_schema(tool.parameters)).original(arguments)

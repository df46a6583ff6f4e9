"""The names under which tools are handed on."""

from collections.abc import Sequence

from toolshed.knowledge_base.exported_names import exported_name, legal_name
from toolshed.types import ToolDefinition


def provider_names(tools: Sequence[ToolDefinition]) -> dict[str, str]:
    """Legal, distinct names by tool id: letters, digits, ``_`` and ``-``, 64 characters at most.

    Tools of a knowledge base have theirs, the same in every search. Others keep a name that is legal and
    unique; those of one name get their source before it.
    """
    bare = [legal_name(tool.name) for tool in tools if not tool.exported_name]
    names: dict[str, str] = {}
    for tool in sorted(tools, key=lambda tool: not tool.exported_name):
        # Tools of several knowledge bases may have one name; so may one whose own name is no longer free.
        taken = set(names.values())
        if tool.exported_name and tool.exported_name not in taken:
            names[tool.tool_id] = tool.exported_name
            continue
        namesakes = {legal_name(tool.name)} if bare.count(legal_name(tool.name)) > 1 else set()
        names[tool.tool_id] = exported_name(tool, taken | namesakes)
    return {tool.tool_id: names[tool.tool_id] for tool in tools}

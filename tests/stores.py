"""Stores of tools in memory, encoded by hashing."""

from collections.abc import Sequence

from toolshed.backbones.static import StaticEncoder
from toolshed.knowledge_base.manifest import Manifest
from toolshed.knowledge_base.memory import MemoryEngine
from toolshed.knowledge_base.tools import TOOL_LAYOUT, ToolRecord, ToolStore
from toolshed.pre_retrieval.embedding import embed_tools
from toolshed.testing import HashingEncoder, make_tool
from toolshed.types import ToolDefinition

MANIFEST = Manifest("hashing:64", 64, StaticEncoder.model_id, StaticEncoder.dimension)


def tool_records(tools: Sequence[ToolDefinition]) -> list[ToolRecord]:
    return embed_tools(tools, static=StaticEncoder(), dense=HashingEncoder()).records


def tool_store(*names: str) -> ToolStore:
    """A store in memory of tools that do what their names say."""
    store = ToolStore(MemoryEngine(TOOL_LAYOUT.schema, MANIFEST))
    store.upsert(tool_records([make_tool(name, f"Does {name.replace('_', ' ')}.") for name in names]))
    return store

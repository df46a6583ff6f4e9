"""Toolshed: find the few tools an agent needs, among hundreds to a million."""

from toolshed.client import AsyncToolshed, SearchResult, Toolshed
from toolshed.errors import ToolshedError
from toolshed.types import FoundTool, SyncReport, ToolDefinition

__all__ = [
    "AsyncToolshed",
    "FoundTool",
    "SearchResult",
    "SyncReport",
    "ToolDefinition",
    "Toolshed",
    "ToolshedError",
]

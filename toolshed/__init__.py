"""Toolshed: find the few tools an agent needs, among hundreds to a million."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from toolshed.errors import missing_extra

if TYPE_CHECKING:
    from toolshed.adapters.anthropic_inline_tools import AnthropicInlineTools
    from toolshed.adapters.anthropic_tool_search import AnthropicToolSearch
    from toolshed.adapters.bigtool import BigtoolTools
    from toolshed.adapters.langchain_middleware import BackboneMiddleware
    from toolshed.adapters.langchain_retriever import ToolshedRetriever
    from toolshed.adapters.langchain_splitter import LegalTextSplitter
    from toolshed.adapters.langchain_tools import ToolshedMiddleware
    from toolshed.adapters.llama_index_tools import ToolshedObjectRetriever
    from toolshed.adapters.openai_tool_search import OpenAIToolSearch
    from toolshed.adapters.pydantic_ai_toolset import ToolshedToolset
    from toolshed.documents import LegalDocument, Passage
    from toolshed.economics.choosing.candidates import Candidate, StepFeatures
    from toolshed.economics.running.attempts import Reply
    from toolshed.economics.running.backbone_policy import BackbonePolicy
    from toolshed.economics.running.terms import Budget
    from toolshed.errors import ToolshedError
    from toolshed.metering.usage import Usage
    from toolshed.rankings import FoundPassage, FoundTool
    from toolshed.shed.asynchronous import AsyncToolshed
    from toolshed.shed.remote import ToolshedClient
    from toolshed.shed.remote_async import AsyncToolshedClient
    from toolshed.shed.results import PassageSearchResult, SearchResult
    from toolshed.shed.shed import Toolshed
    from toolshed.types import SyncReport, ToolDefinition

__all__ = [
    "AnthropicInlineTools",
    "AnthropicToolSearch",
    "AsyncToolshed",
    "AsyncToolshedClient",
    "BackboneMiddleware",
    "BackbonePolicy",
    "BigtoolTools",
    "Budget",
    "Candidate",
    "FoundPassage",
    "FoundTool",
    "LegalDocument",
    "LegalTextSplitter",
    "OpenAIToolSearch",
    "Passage",
    "PassageSearchResult",
    "Reply",
    "SearchResult",
    "StepFeatures",
    "SyncReport",
    "ToolDefinition",
    "Toolshed",
    "ToolshedClient",
    "ToolshedError",
    "ToolshedMiddleware",
    "ToolshedObjectRetriever",
    "ToolshedRetriever",
    "ToolshedToolset",
    "Usage",
]

_HOME = {
    "AnthropicInlineTools": "adapters.anthropic_inline_tools",
    "AnthropicToolSearch": "adapters.anthropic_tool_search",
    "AsyncToolshed": "shed.asynchronous",
    "AsyncToolshedClient": "shed.remote_async",
    "BackboneMiddleware": "adapters.langchain_middleware",
    "BackbonePolicy": "economics.running.backbone_policy",
    "BigtoolTools": "adapters.bigtool",
    "Budget": "economics.running.account",
    "Candidate": "economics.choosing.candidates",
    "FoundPassage": "rankings",
    "FoundTool": "rankings",
    "LegalDocument": "documents",
    "LegalTextSplitter": "adapters.langchain_splitter",
    "OpenAIToolSearch": "adapters.openai_tool_search",
    "Passage": "documents",
    "PassageSearchResult": "shed.results",
    "Reply": "economics.running.attempts",
    "SearchResult": "shed.results",
    "StepFeatures": "economics.choosing.candidates",
    "SyncReport": "types",
    "ToolDefinition": "types",
    "Toolshed": "shed.shed",
    "ToolshedClient": "shed.remote",
    "ToolshedError": "errors",
    "ToolshedMiddleware": "adapters.langchain_tools",
    "ToolshedObjectRetriever": "adapters.llama_index_tools",
    "ToolshedRetriever": "adapters.langchain_retriever",
    "ToolshedToolset": "adapters.pydantic_ai_toolset",
    "Usage": "metering.usage",
}


def __getattr__(name: str) -> Any:
    # Names are imported when they are used: `toolshed --help` must not wait for numpy.
    if name not in _HOME:
        raise AttributeError(f"module 'toolshed' has no attribute {name!r}")
    try:
        return getattr(import_module(f"toolshed.{_HOME[name]}"), name)
    except ModuleNotFoundError as error:
        if not _HOME[name].startswith("economics."):
            raise
        raise missing_extra(str(error.name), "economics") from error

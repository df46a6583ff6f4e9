"""Toolshed: find the few tools an agent needs, among hundreds to a million."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolshed.client import AsyncToolshed, Toolshed
    from toolshed.economics.account import Budget
    from toolshed.economics.backbone_policy import BackbonePolicy, Reply
    from toolshed.economics.candidates import Candidate, StepFeatures
    from toolshed.errors import ToolshedError
    from toolshed.langchain_middleware import BackboneMiddleware
    from toolshed.legal.documents import LegalDocument, Passage
    from toolshed.legal.splitter import LegalTextSplitter
    from toolshed.passage_library import FoundPassage, PassageSearchResult
    from toolshed.retriever import ToolshedRetriever
    from toolshed.search_result import SearchResult
    from toolshed.types import FoundTool, SyncReport, ToolDefinition
    from toolshed.usage import Usage

__all__ = [
    "AsyncToolshed",
    "BackboneMiddleware",
    "BackbonePolicy",
    "Budget",
    "Candidate",
    "FoundPassage",
    "FoundTool",
    "LegalDocument",
    "LegalTextSplitter",
    "Passage",
    "PassageSearchResult",
    "Reply",
    "SearchResult",
    "StepFeatures",
    "SyncReport",
    "ToolDefinition",
    "Toolshed",
    "ToolshedError",
    "ToolshedRetriever",
    "Usage",
]

_HOME = {
    "AsyncToolshed": "client",
    "BackboneMiddleware": "langchain_middleware",
    "BackbonePolicy": "economics.backbone_policy",
    "Budget": "economics.account",
    "Candidate": "economics.candidates",
    "FoundPassage": "passage_library",
    "FoundTool": "types",
    "LegalDocument": "legal.documents",
    "LegalTextSplitter": "legal.splitter",
    "Passage": "legal.documents",
    "PassageSearchResult": "passage_library",
    "Reply": "economics.backbone_policy",
    "SearchResult": "search_result",
    "StepFeatures": "economics.candidates",
    "SyncReport": "types",
    "ToolDefinition": "types",
    "Toolshed": "client",
    "ToolshedError": "errors",
    "ToolshedRetriever": "retriever",
    "Usage": "usage",
}


def __getattr__(name: str) -> Any:
    # Names are imported when they are used: `toolshed --help` must not wait for numpy.
    if name not in _HOME:
        raise AttributeError(f"module 'toolshed' has no attribute {name!r}")
    return getattr(import_module(f"toolshed.{_HOME[name]}"), name)

"""LlamaIndex: the tools of a knowledge base for ``tool_retriever`` of its agents."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Unpack

from toolshed.adapters.equipping import AgentTools, ToolAnswer
from toolshed.errors import missing_package
from toolshed.options import SearchArguments, checked
from toolshed.post_retrieval.equip import to_openai
from toolshed.shed.shed import Toolshed
from toolshed.shed.view import ShedView
from toolshed.types import ToolDefinition

try:
    from llama_index.core.objects import ObjectRetriever
    from llama_index.core.schema import QueryBundle, QueryType
    from llama_index.core.tools import AsyncBaseTool, ToolMetadata, ToolOutput
except ModuleNotFoundError as missing:
    raise missing_package("llama_index_core") from missing


@dataclass
class _ExportedMetadata(ToolMetadata):
    """What a model reads of a tool whose schema is JSON, not a model of pydantic."""

    parameters: dict[str, Any] = field(default_factory=dict)

    def get_parameters_dict(self) -> dict[str, Any]:
        return self.parameters


class _CallingTool(AsyncBaseTool):
    """Calls a tool of a knowledge base."""

    def __init__(self, source: AgentTools, metadata: ToolMetadata) -> None:
        self._source, self._metadata = source, metadata

    @property
    def metadata(self) -> ToolMetadata:
        return self._metadata

    # The base class names one argument, its agents give those of the tool; whatever they are called.
    def call(self, /, **arguments: Any) -> ToolOutput:  # type: ignore[override]  # as its own FunctionTool
        return self._output(arguments, self._source.run(self._metadata.get_name(), arguments))

    async def acall(self, /, **arguments: Any) -> ToolOutput:  # type: ignore[override]  # the same
        return self._output(arguments, await self._source.arun(self._metadata.get_name(), arguments))

    def _output(self, arguments: dict[str, Any], answer: ToolAnswer) -> ToolOutput:
        return ToolOutput(
            tool_name=self._metadata.get_name(),
            content=answer.text,
            raw_input=arguments,
            raw_output=answer.text,
            is_error=answer.is_error,
        )


class ToolshedObjectRetriever(ObjectRetriever[AsyncBaseTool]):
    """Finds the tools for a request: ``FunctionAgent(tool_retriever=ToolshedObjectRetriever(shed))``.

    Agents of LlamaIndex ask for the user's message at every step, and for a tool's name before they call it.

    Args:
        shed: The knowledge base, or what a caller may see of it (``shed.seen_by``).
        k: Most tools of a search.
        options: See :class:`~toolshed.options.SearchArguments`.

    Raises:
        ConfigurationError: If there is no option of a name.
        InvalidQueryError: If an option is out of range.
    """

    # What the base class is made of is an index of its own; there is none here.
    def __init__(self, shed: Toolshed | ShedView, k: int = 5, **options: Unpack[SearchArguments]) -> None:
        self._source = AgentTools(shed, k, checked(SearchArguments, options, k=k))

    def retrieve(self, str_or_query_bundle: QueryType) -> list[AsyncBaseTool]:
        """The tools for a request; for the name of a tool, that tool."""
        asked = str_or_query_bundle
        query = asked.query_str if isinstance(asked, QueryBundle) else asked
        return self._exported(self._source.named([query]) or self._source.find(query))

    async def aretrieve(self, str_or_query_bundle: QueryType) -> list[AsyncBaseTool]:
        """See :meth:`retrieve`; it searches in a worker thread."""
        return await asyncio.to_thread(self.retrieve, str_or_query_bundle)

    def _exported(self, tools: Sequence[ToolDefinition]) -> list[AsyncBaseTool]:
        forms = [form["function"] for form in to_openai(tools)]
        return [
            _CallingTool(
                self._source,
                _ExportedMetadata(form["description"], form["name"], parameters=form["parameters"]),
            )
            for form in forms
        ]

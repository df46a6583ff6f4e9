"""langgraph-bigtool: its registry of tools, and the function that it finds them by."""

import asyncio
from typing import TYPE_CHECKING, Unpack

from toolshed.adapters.equipping import AgentTools
from toolshed.adapters.langchain_calling import calling_tools
from toolshed.options import SearchArguments, checked
from toolshed.shed.shed import Toolshed
from toolshed.shed.view import ShedView

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool


class BigtoolTools:
    """The tools of a knowledge base for ``langgraph_bigtool.create_agent``.

    Give the agent all three: ``create_agent(model, tools.registry,
    retrieve_tools_function=tools.retrieve_tools, retrieve_tools_coroutine=tools.aretrieve_tools)``. The
    registry is read when this is made; make another when the catalog has changed. langgraph-bigtool 0.0.3
    itself calls tools only with langgraph-prebuilt before 1.0.2.

    Args:
        shed: The knowledge base, or what a caller may see of it (``shed.seen_by``).
        k: Most tools of a search.
        options: See :class:`~toolshed.options.SearchArguments`.

    Attributes:
        registry: All tools by their exported names.

    Raises:
        ConfigurationError: If there is no option of a name.
        InvalidQueryError: If an option is out of range.
    """

    def __init__(self, shed: Toolshed | ShedView, k: int = 5, **options: Unpack[SearchArguments]) -> None:
        self._source = AgentTools(shed, k, checked(SearchArguments, options, k=k))
        tools = calling_tools(self._source, self._source.everything())
        self.registry: dict[str, BaseTool] = {tool.name: tool for tool in tools}

    # The docstrings of these two are what a model reads of them.
    def retrieve_tools(self, query: str) -> list[str]:
        """Loads more tools. Describe what is to be done in a sentence; the tools can be called afterwards."""
        # What came after the registry was read cannot be called.
        return [
            tool.exported_name for tool in self._source.find(query) if tool.exported_name in self.registry
        ]

    async def aretrieve_tools(self, query: str) -> list[str]:
        """Loads more tools. Describe what is to be done in a sentence; the tools can be called afterwards."""
        return await asyncio.to_thread(self.retrieve_tools, query)

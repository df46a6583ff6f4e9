"""pydantic-ai: the tools of a knowledge base as a toolset, and its search as a tool search strategy."""

import asyncio
from collections.abc import Sequence
from typing import Any, Unpack

from toolshed.adapters.equipping import AgentTools
from toolshed.errors import missing_package
from toolshed.options import SearchArguments, checked
from toolshed.post_retrieval.equip import to_anthropic
from toolshed.shed.shed import Toolshed
from toolshed.shed.view import ShedView

try:
    from pydantic_ai import RunContext
    from pydantic_ai.capabilities import ToolSearch
    from pydantic_ai.exceptions import ToolFailed
    from pydantic_ai.tools import ToolDefinition
    from pydantic_ai.toolsets import AbstractToolset, ToolsetTool
    from pydantic_core import SchemaValidator, core_schema
except ModuleNotFoundError as missing:
    raise missing_package(str(missing.name)) from missing

# Arguments are checked against the tool's own schema when it is called.
_VALIDATOR = SchemaValidator(core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema()))
# Queries of one search; models give a few.
_MAX_QUERIES = 8


# Any: the dependencies of an agent are whatever its author makes them, here and below.
class ToolshedToolset(AbstractToolset[Any]):
    """The tools of a knowledge base, hidden from the model until a search finds them.

    Give an agent the toolset and its search: ``Agent(model, toolsets=[toolset],
    capabilities=[toolset.tool_search()])``. Providers with a tool search that the client executes use that,
    others a function. The tools are read when the toolset is made and stay the same, as prompt caches need.

    Args:
        shed: The knowledge base, or what a caller may see of it (``shed.seen_by``).
        k: Most tools of a search.
        options: See :class:`~toolshed.options.SearchArguments`.

    Raises:
        ConfigurationError: If there is no option of a name.
        InvalidQueryError: If an option is out of range.
    """

    def __init__(self, shed: Toolshed | ShedView, k: int = 5, **options: Unpack[SearchArguments]) -> None:
        self._source = AgentTools(shed, k, checked(SearchArguments, options, k=k))
        self._tools = {
            form["name"]: ToolsetTool(
                toolset=self,
                tool_def=ToolDefinition(
                    name=form["name"],
                    description=form.get("description"),
                    parameters_json_schema=form["input_schema"],
                    defer_loading=True,
                ),
                max_retries=1,
                args_validator=_VALIDATOR,
            )
            for form in to_anthropic(self._source.everything())
        }

    @property
    def id(self) -> str | None:
        """What durable runs call the toolset."""
        return "toolshed"

    async def get_tools(self, ctx: RunContext[Any]) -> dict[str, ToolsetTool[Any]]:  # noqa: ARG002  # its signature
        """All tools, deferred."""
        return self._tools

    async def call_tool(
        self,
        name: str,
        tool_args: dict[str, Any],
        ctx: RunContext[Any],  # noqa: ARG002  # its signature
        tool: ToolsetTool[Any],  # noqa: ARG002
    ) -> str:
        """Call a tool.

        Raises:
            ToolFailed: If it fails; the model is told why.
        """
        answer = await self._source.arun(name, tool_args)
        if answer.is_error:
            raise ToolFailed(answer.text)
        return answer.text

    def tool_search(self) -> ToolSearch[Any]:
        """The search of the knowledge base, for ``capabilities`` of an agent.

        It finds the tools of this toolset only, not deferred ones of others.
        """
        return ToolSearch(strategy=self.search, max_results=self._source.k)

    async def search(
        self,
        ctx: RunContext[Any],  # noqa: ARG002  # its signature
        queries: Sequence[str],
        tools: Sequence[ToolDefinition],
    ) -> list[str]:
        """The names of the tools for what a model wants; the best of each query before the next ones."""
        told = [query for query in queries if query.strip()][:_MAX_QUERIES]
        found = await asyncio.gather(*(asyncio.to_thread(self._source.find, query) for query in told))
        known = {tool.name for tool in tools}
        ranks = range(max(map(len, found), default=0))
        names = [one[rank].exported_name for rank in ranks for one in found if rank < len(one)]
        return [name for name in dict.fromkeys(names) if name in known]

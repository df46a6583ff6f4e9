"""The arms: which tools an agent is given, and when."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence

from toolshed.adapters.equipping import (
    NO_QUERY,
    NOTHING_FITS,
    SEARCH_DESCRIPTION,
    SEARCH_NAME,
    SEARCH_PARAMETERS,
    AgentTools,
    ToolAnswer,
)
from toolshed.metering.usage import estimated_tokens
from toolshed.post_retrieval.equip import to_openai
from toolshed.types import ToolDefinition
from toolshed_evals.agents.models import Json

CALL_NAME = "call_tool"
_SEARCH: Json = {
    "type": "function",
    "function": {
        "name": SEARCH_NAME,
        "description": SEARCH_DESCRIPTION,
        "parameters": SEARCH_PARAMETERS,
    },
}
_CALL: Json = {
    "type": "function",
    "function": {
        "name": CALL_NAME,
        "description": f"Calls a tool that {SEARCH_NAME} has found, with the arguments that it takes.",
        "parameters": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "description": "Name of the tool."},
                "arguments": {"type": "object", "description": "Its arguments by name."},
            },
            "required": ["name", "arguments"],
        },
    },
}


class Equipment(ABC):
    """The tools of an agent in one arm, for one task at a time.

    Attributes:
        n_searches: Searches for the task at hand, those that nobody asked for included.
    """

    name: str

    def __init__(self, source: AgentTools) -> None:
        self._source = source
        self.n_searches = 0

    def start(self, request: str) -> None:  # noqa: ARG002  # for those that search for it
        """Begin another task."""
        self.n_searches = 0

    @property
    @abstractmethod
    def tools(self) -> Sequence[Json]:
        """What the next request to the model says of tools."""

    @property
    def definition_tokens(self) -> int:
        """Tokens of definitions that the next request holds, wherever in it; estimated."""
        return sum(estimated_tokens(json.dumps(tool)) for tool in self.tools)

    def run(self, name: str, arguments: object) -> ToolAnswer:
        """Do what the model calls for."""
        return self._source.run(name, arguments)

    def _found(self, query: object) -> list[ToolDefinition]:
        self.n_searches += 1
        return self._source.find(query)


class GivenTools(Equipment):
    """All tools that there are, or those that are known to be right: nothing is searched for.

    Args:
        source: The knowledge base.
        name: Name of the arm.
    """

    def __init__(self, source: AgentTools, name: str) -> None:
        super().__init__(source)
        self.name = name
        self._tools: Sequence[Json] = ()

    def give(self, tools: Sequence[ToolDefinition]) -> None:
        """Set the tools."""
        self._tools = to_openai(tools)

    @property
    def tools(self) -> Sequence[Json]:
        """See :class:`Equipment`."""
        return self._tools


class SearchTool(Equipment):
    """A search and a call, as an MCP server of Toolshed has them: definitions come as results of searches.

    What was sent before never changes, so the provider's prompt cache holds.
    """

    name = "search tool"

    def __init__(self, source: AgentTools) -> None:
        super().__init__(source)
        self._tokens_found = 0

    def start(self, request: str) -> None:
        """See :class:`Equipment`."""
        super().start(request)
        self._tokens_found = 0

    @property
    def tools(self) -> Sequence[Json]:
        """See :class:`Equipment`."""
        return (_SEARCH, _CALL)

    @property
    def definition_tokens(self) -> int:
        """See :class:`Equipment`; what searches found stays in the conversation."""
        return super().definition_tokens + self._tokens_found

    def run(self, name: str, arguments: object) -> ToolAnswer:
        """See :class:`Equipment`."""
        given = arguments if isinstance(arguments, dict) else {}
        if name == CALL_NAME:
            return super().run(str(given.get("name")), given.get("arguments", {}))
        if name != SEARCH_NAME:
            return super().run(name, arguments)
        if not given.get("query"):
            return ToolAnswer(NO_QUERY, is_error=True)
        found = [tool["function"] for tool in to_openai(self._found(given["query"]))]
        text = json.dumps(found, ensure_ascii=False) if found else NOTHING_FITS
        self._tokens_found += estimated_tokens(text)
        return ToolAnswer(text)


class LoadedTools(Equipment):
    """Tools for what the user says, loaded before the model is asked, and a search that loads more.

    As :class:`~toolshed.ToolshedMiddleware` does: new tools go to the end of the list.
    """

    name = "middleware"

    def __init__(self, source: AgentTools) -> None:
        super().__init__(source)
        self._loaded: dict[str, Json] = {}

    def start(self, request: str) -> None:
        """See :class:`Equipment`."""
        super().start(request)
        self._loaded = {}
        self._load(request)

    @property
    def tools(self) -> Sequence[Json]:
        """See :class:`Equipment`."""
        return (_SEARCH, *self._loaded.values())

    def run(self, name: str, arguments: object) -> ToolAnswer:
        """See :class:`Equipment`."""
        if name != SEARCH_NAME:
            return super().run(name, arguments)
        query = arguments.get("query") if isinstance(arguments, dict) else None
        if not query:
            return ToolAnswer(NO_QUERY, is_error=True)
        names = self._load(query)
        return ToolAnswer(f"These tools can be called now: {', '.join(names)}" if names else NOTHING_FITS)

    def _load(self, query: object) -> list[str]:
        found = {tool["function"]["name"]: tool for tool in to_openai(self._found(query))}
        self._loaded = {**self._loaded, **found}
        return list(found)

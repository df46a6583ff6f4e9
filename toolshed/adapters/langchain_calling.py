"""Tools of a knowledge base that LangChain calls, whatever agent they are for."""

from collections.abc import Sequence
from typing import Any

from toolshed.adapters.equipping import AgentTools
from toolshed.errors import missing_extra
from toolshed.post_retrieval.equip import to_langchain
from toolshed.types import ToolDefinition

try:
    from langchain_core.tools import BaseTool, ToolException
except ModuleNotFoundError as missing:
    raise missing_extra(str(missing.name), "langchain") from missing


def calling_tools(source: AgentTools, tools: Sequence[ToolDefinition]) -> list[BaseTool]:
    """LangChain tools that call these; what fails is said to the model."""

    async def call(tool_id: str, arguments: Any) -> str:
        answer = await source.acall(tool_id, arguments)
        if answer.is_error:
            raise ToolException(answer.text)
        return answer.text

    made: list[BaseTool] = to_langchain(tools, call)
    for tool in made:
        tool.handle_tool_error = True
    return made

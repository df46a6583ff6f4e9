"""A LangChain tool that hands on every argument, whatever it is called. Needs langchain-core."""

from typing import Any

from langchain_core.tools import StructuredTool


class CallingTool(StructuredTool):
    """Calls ``func``, or awaits ``coroutine``, with all arguments in one dictionary.

    LangChain puts its own values in the place of arguments called ``config``, ``run_manager`` or
    ``callbacks`` wherever a signature names these; the ones here name nothing.
    """

    def _run(self, /, *_given: Any, **arguments: Any) -> Any:
        assert self.func is not None
        return self.func(arguments)

    async def _arun(self, /, *_given: Any, **arguments: Any) -> Any:
        assert self.coroutine is not None
        return await self.coroutine(arguments)

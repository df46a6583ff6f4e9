"""Calls of tools: checks what is asked, finds the way to make it, and bounds what comes back."""

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Mapping
from time import perf_counter
from typing import Any

from toolshed.calling.arguments import check_arguments
from toolshed.calling.credentials import CredentialBook
from toolshed.calling.functions import invocation
from toolshed.calling.loops import FunctionThreads, LoopThread
from toolshed.calling.mcp_calls import call_mcp_tool
from toolshed.calling.mcp_sessions import McpSessions
from toolshed.calling.openapi_calls import call_operation
from toolshed.calling.plans import FunctionPlan, Plan, RemotePlan
from toolshed.calling.results import Answer, CallResult, ResultPage, ResultStore
from toolshed.catalog.reach import LOCAL, Reach
from toolshed.errors import NotCallableError
from toolshed.options import CallArguments, checked
from toolshed.types import ToolDefinition

_Way = Callable[[ToolDefinition, dict[str, Any], CredentialBook, CallArguments], Plan]


class ToolCaller:
    """Calls tools; safe between threads. Connections are opened when first needed, and kept for a while.

    Args:
        callables: Python objects by the id of the tool that they are.
        credentials: Those for every call.
        is_shared: Whether others may write to the knowledge base, and so to where tools are.
        reach: What whoever calls may reach.
    """

    # Any: callables of every framework.
    def __init__(
        self,
        callables: Mapping[str, Any] | None = None,
        *,
        credentials: CredentialBook | None = None,
        is_shared: bool = False,
        reach: Reach = LOCAL,
    ) -> None:
        self._callables = {} if callables is None else callables
        self._credentials = credentials or CredentialBook()
        self._is_shared = is_shared
        self._reach = reach
        self._results = ResultStore()
        self._threads = FunctionThreads()
        self._functions_loop = LoopThread("toolshed-functions")
        self._loop = LoopThread("toolshed-calls")
        self._sessions = McpSessions()

    def call(
        self, tool: ToolDefinition, arguments: object, given: CallArguments, *, owner: str = ""
    ) -> CallResult:
        """See :meth:`Toolshed.call`; what is kept of a long answer is kept for ``owner``."""
        options = checked(CallArguments, given)
        start = perf_counter()
        answer = self._plan(tool, arguments, options).blocking(options["timeout_seconds"])
        return self._result(tool, answer, options, start, owner)

    async def acall(
        self, tool: ToolDefinition, arguments: object, given: CallArguments, *, owner: str = ""
    ) -> CallResult:
        """See :meth:`AsyncToolshed.call`; what is kept of a long answer is kept for ``owner``."""
        options = checked(CallArguments, given)
        start = perf_counter()
        # Schemas of strangers may take a while to check.
        plan = await asyncio.to_thread(self._plan, tool, arguments, options)
        answer = await plan.awaited(options["timeout_seconds"])
        return self._result(tool, answer, options, start, owner)

    def read(self, handle: str, offset: int, max_characters: int, *, owner: str = "") -> ResultPage:
        """See :meth:`Toolshed.read_result`; of the answers of one owner."""
        return self._results.of(owner).read(handle, offset, max_characters)

    def close(self) -> None:
        """End calls, connections and the processes of servers; calling it again does nothing."""
        self._loop.close(self._sessions.close)
        self._functions_loop.close()
        self._results.clear()

    def _result(
        self, tool: ToolDefinition, answer: Answer, options: CallArguments, start: float, owner: str
    ) -> CallResult:
        return self._results.of(owner).result(
            tool.tool_id,
            answer,
            max_characters=options["max_characters"],
            duration_ms=(perf_counter() - start) * 1e3,
        )

    def _plan(self, tool: ToolDefinition, arguments: object, options: CallArguments) -> Plan:
        kind = str((tool.binding or {}).get("kind", ""))
        is_function = kind in ("", "python") and tool.tool_id in self._callables
        way = None if is_function else self._ways.get(kind)
        if not (is_function or way):
            raise NotCallableError(_why_not(tool, kind))
        checked_arguments = check_arguments(tool, {} if arguments is None else arguments)
        if way is None:
            return self._function_plan(tool, checked_arguments)
        book = self._credentials.after(options["credentials"])
        return way(tool, checked_arguments, book, options)

    @property
    def _ways(self) -> Mapping[str, _Way]:
        return {"openapi": self._operation_plan, "mcp": self._mcp_plan}

    def _operation_plan(
        self, tool: ToolDefinition, arguments: dict[str, Any], book: CredentialBook, options: CallArguments
    ) -> RemotePlan:
        def start(seconds: float) -> Coroutine[Any, Any, Answer]:
            return call_operation(
                tool, arguments, book, options, ask=self._ask, seconds=seconds, reach=self._reach
            )

        return RemotePlan(tool.tool_id, self._loop, start)

    def _mcp_plan(
        self, tool: ToolDefinition, arguments: dict[str, Any], book: CredentialBook, options: CallArguments
    ) -> RemotePlan:
        def start(seconds: float) -> Coroutine[Any, Any, Answer]:
            return call_mcp_tool(
                tool,
                arguments,
                book,
                options,
                sessions=self._sessions,
                ask=self._ask,
                seconds=seconds,
                is_shared=self._is_shared,
                reach=self._reach,
            )

        dialogue = options["dialogue"]
        patience = dialogue.patience_seconds if dialogue is not None else 0.0
        return RemotePlan(tool.tool_id, self._loop, start, patience)

    async def _ask(self, function: Callable[[], Any]) -> Any:
        """Run a function of the caller's, which may block; what it gives may have to be awaited."""
        given = await asyncio.wrap_future(self._threads.submit(function))
        if not inspect.isawaitable(given):
            return given

        async def wait() -> Any:
            return await given

        return await asyncio.wrap_future(self._functions_loop.submit(wait()))

    def _function_plan(self, tool: ToolDefinition, arguments: dict[str, Any]) -> FunctionPlan:
        invoked = invocation(tool, self._callables[tool.tool_id], arguments)
        return FunctionPlan(tool.tool_id, invoked, self._threads, self._functions_loop)


def _why_not(tool: ToolDefinition, kind: str) -> str:
    if kind == "python":
        return (
            f"{tool.tool_id!r} is a Python function that this process does not have; "
            "add it here with shed.add_tools(function)"
        )
    if tool.kind == "skill":
        return f"{tool.tool_id!r} is a skill, instructions for the model to follow; there is nothing to call"
    if kind:
        return f"{tool.tool_id!r} is called in a way that is not known here, {kind[:80]!r}"
    return (
        f"the source of {tool.tool_id!r} says what it takes and not how it is called; index it from its MCP "
        "server, its OpenAPI document or as a Python function, or call it yourself"
    )

"""What a tool asks or tells while it is called, handed on to the host that calls it through us.

A host of the protocol of 2025 is asked in the middle of the call. One of 2026 gets the question as its answer
and calls again: with the tool's own state, where the tool speaks that protocol too, or with the name of a
call that waits here, where the tool was asking in the middle of one. The state is sealed by the SDK and good
only for the same caller, tool and arguments.
"""

import asyncio
import json
import secrets
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from mcp_types import ElicitRequest, ElicitResult, InputRequiredResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import TypeAdapter, ValidationError

from toolshed.calling.results import CallResult
from toolshed.dialogues import CANCELLED, Dialogue
from toolshed.errors import InputRequiredError, ToolshedError
from toolshed.types import JsonObject

# Users think, and go for coffee.
PATIENCE_SECONDS = 600.0
_MAX_WAITING = 256
_DRAIN_SECONDS = 1.0
_QUESTION = "question"
_request: TypeAdapter[ElicitRequest] = TypeAdapter(ElicitRequest)

Context = ServerRequestContext[Any, Any]
# Makes the call, given the dialogue that it has with us.
Start = Callable[[Dialogue], Coroutine[Any, Any, CallResult]]


class LostQuestionError(ToolshedError):
    """An answer to what a tool asked, which does not wait for it any more."""

    code = "lost_question"
    http_status = 404


@dataclass(slots=True)
class _Waiting:
    """A call that runs, and the question that it waits with."""

    task: "asyncio.Task[CallResult]"
    request: JsonObject | None = None
    answer: "asyncio.Future[JsonObject] | None" = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)


class Conversations:
    """Calls of tools that may ask something back. All of it lives on the loop of the server."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()

    async def call(
        self,
        context: Context,
        tool_id: str,
        start: Start,
        *,
        answers: JsonObject | None,
        state: str | None,
    ) -> CallResult | InputRequiredResult:
        """Call a tool, or go on with a call that asked something.

        Args:
            context: The request of the host.
            tool_id: The tool, named in what its user is asked.
            start: Makes the call.
            answers: What the host answers to what was asked.
            state: What we gave it to hand back with that.

        Raises:
            LostQuestionError: If the call does not wait for the answer any more.
        """
        said = json.loads(state) if state else {}
        if "waiting" in said:
            waiting = self._answered(said["waiting"], answers)
            return await self._go_on(waiting, tool_id)
        telling = _Telling(context)
        try:
            return await self._begin(context, tool_id, start, telling, answers, said.get("state"))
        finally:
            await telling.end()

    async def _begin(
        self,
        context: Context,
        tool_id: str,
        start: Start,
        telling: "_Telling",
        answers: JsonObject | None,
        state: str | None,
    ) -> CallResult | InputRequiredResult:
        capabilities = context.session.client_capabilities
        if capabilities is None or capabilities.elicitation is None:
            return await start(Dialogue(telling.tell))
        loop = asyncio.get_running_loop()
        if context.protocol_version not in MODERN_PROTOCOL_VERSIONS:

            async def ask(request: JsonObject) -> JsonObject:
                return await _on(loop, _ask_host(context, _named(request, tool_id)))

            return await start(Dialogue(telling.tell, ask, PATIENCE_SECONDS))

        async def wait(request: JsonObject) -> JsonObject:
            return await _on(loop, _wait(waiting, request))

        dialogue = Dialogue(
            telling.tell, wait, PATIENCE_SECONDS, is_resumable=True, answers=answers, state=state
        )
        waiting = _Waiting(asyncio.create_task(start(dialogue)))
        try:
            return await self._go_on(waiting, tool_id)
        except InputRequiredError as error:
            return _handed_on(error, tool_id)

    async def _go_on(self, waiting: _Waiting, tool_id: str) -> CallResult | InputRequiredResult:
        """Wait until the call has ended or asks something."""
        asked = asyncio.create_task(waiting.asked.wait())
        try:
            await asyncio.wait({waiting.task, asked}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            waiting.task.cancel()
            raise
        finally:
            asked.cancel()
        if waiting.task.done():
            return waiting.task.result()
        assert waiting.request is not None
        waiting.asked.clear()
        name = secrets.token_urlsafe(16)
        self._keep(name, waiting)
        return InputRequiredResult(
            input_requests={_QUESTION: _request.validate_python(_named(waiting.request, tool_id))},
            request_state=json.dumps({"waiting": name}),
        )

    def _keep(self, name: str, waiting: _Waiting) -> None:
        self._waiting[name] = waiting
        # Nobody may come back: then the question runs out of patience, and the call ends.
        waiting.task.add_done_callback(lambda task: self._forget(name, task))
        if len(self._waiting) > _MAX_WAITING:
            _, oldest = self._waiting.popitem(last=False)
            oldest.task.cancel()

    def _forget(self, name: str, task: "asyncio.Task[CallResult]") -> None:
        if self._waiting.pop(name, None) is not None and not task.cancelled():
            # Retrieved, so that nobody is warned of it.
            task.exception()

    def _answered(self, name: str, answers: JsonObject | None) -> _Waiting:
        waiting = self._waiting.pop(name, None)
        if waiting is None or waiting.answer is None or waiting.answer.done():
            raise LostQuestionError(
                "the tool does not wait for this answer any more; call it again from the beginning"
            )
        given = (answers or {}).get(_QUESTION)
        waiting.answer.set_result(given if isinstance(given, dict) else CANCELLED)
        return waiting


async def _wait(waiting: _Waiting, request: JsonObject) -> JsonObject:
    """Ask, and wait for the answer that comes with another request of the host."""
    waiting.request, waiting.answer = request, asyncio.get_running_loop().create_future()
    waiting.asked.set()
    return await waiting.answer


async def _ask_host(context: Context, request: JsonObject) -> JsonObject:
    """Ask a host of the older protocol, in the middle of its request."""
    try:
        answer = await context.session.send_request(
            _request.validate_python(request),
            ElicitResult,
            metadata=ServerMessageMetadata(related_request_id=context.request_id),
        )
    except (MCPError, ValidationError):
        # The host cannot ask this, or says nonsense; the tool shall not wait for it.
        return CANCELLED
    return answer.model_dump(mode="json", by_alias=True, exclude_none=True)


async def _on(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, JsonObject]) -> JsonObject:
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, loop))


def _handed_on(error: InputRequiredError, tool_id: str) -> InputRequiredResult:
    """What a tool of the newer protocol asks, with its state in ours."""
    requests = {name: _named(request, tool_id) for name, request in error.requests.items()}
    return InputRequiredResult(
        input_requests={name: _request.validate_python(one) for name, one in requests.items()},
        request_state=json.dumps({"state": error.state}),
    )


def _named(request: JsonObject, tool_id: str) -> dict[str, Any]:
    """A question that says which tool asks it: the host shows it as one of ours."""
    params = dict(request.get("params") or {})
    params.pop("_meta", None)
    return {
        "method": request.get("method"),
        "params": params | {"message": f"{tool_id}: {params.get('message', '')}"},
    }


class _Telling:
    """Progress on its way to the host, in order, and before the answer."""

    def __init__(self, context: Context) -> None:
        self._context, self._loop = context, asyncio.get_running_loop()
        self._sent: list[Future[None]] = []

    def tell(self, progress: float, total: float | None, message: str) -> None:
        """Hand progress on; called from the thread of the connections."""
        told = self._context.session.report_progress(progress, total, message or None)
        self._sent = [one for one in self._sent if not one.done()]
        self._sent.append(asyncio.run_coroutine_threadsafe(told, self._loop))

    async def end(self) -> None:
        """Wait until what was told is on its way."""
        left = [asyncio.wrap_future(one) for one in self._sent]
        if left:
            await asyncio.wait(left, timeout=_DRAIN_SECONDS)

"""Tools of MCP servers that ask something back before, or while, they do what they were called for."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from toolshed.calling.mcp_answers import asked_requests, asked_state, asks_back, input_required
from toolshed.dialogues import CANCELLED, Ask, Dialogue
from toolshed.errors import NotCallableError
from toolshed.types import JsonObject

# A server that goes on asking never comes to an end.
_MAX_ROUNDS = 10
_ASKED_AGAIN_SECONDS = 0.2
_ELICITATION = "elicitation/create"

Send = Callable[[Dialogue | None], Awaitable[JsonObject]]


async def answered_in_rounds(tool_id: str, send: Send, dialogue: Dialogue | None) -> JsonObject:
    """Call a tool until it asks nothing more, and give its answer.

    Args:
        tool_id: The tool.
        send: Calls it, once.
        dialogue: Who answers; without anybody the answer is what the tool asks.

    Raises:
        InputRequiredError: If it asks something, and the caller wants to call again with the answers.
        NotCallableError: If it asks for what only a model could give, or does not stop to ask.
    """
    said = dialogue
    for _ in range(_MAX_ROUNDS):
        answer = await send(said)
        if not asks_back(answer) or dialogue is None or dialogue.ask is None:
            return answer
        requests = asked_requests(answer)
        _check(tool_id, requests)
        if dialogue.is_resumable:
            raise input_required(tool_id, answer)
        if not requests:
            await asyncio.sleep(_ASKED_AGAIN_SECONDS)
        answers = {name: await dialogue.ask(request) for name, request in requests.items()}
        said = replace(dialogue, answers=answers, state=asked_state(answer))
    raise NotCallableError(f"{tool_id!r} asked its caller {_MAX_ROUNDS} times, and still wants to know more")


def _check(tool_id: str, requests: dict[str, JsonObject]) -> None:
    for request in requests.values():
        if request.get("method") != _ELICITATION:
            raise NotCallableError(
                f"{tool_id!r} asks its caller for {str(request.get('method'))[:80]!r}; only questions to a "
                f"user ({_ELICITATION}) are handed on"
            )


def patient(dialogue: Dialogue | None, deadline: asyncio.Timeout) -> Dialogue | None:
    """A dialogue whose questions stop the clock of the call, as long as its patience lasts."""
    if dialogue is None or dialogue.ask is None:
        return dialogue
    ask, loop = dialogue.ask, asyncio.get_running_loop()
    left = dialogue.patience_seconds

    async def asked(request: JsonObject) -> JsonObject:
        nonlocal left
        until, began = deadline.when(), loop.time()
        _set(deadline, None)
        try:
            return await asyncio.wait_for(_answer(ask, request), left)
        except TimeoutError:
            return CANCELLED
        finally:
            left -= loop.time() - began
            _set(deadline, None if until is None else until + loop.time() - began)

    return replace(dialogue, ask=asked)


async def _answer(ask: Ask, request: JsonObject) -> JsonObject:
    return await ask(request)


def _set(deadline: asyncio.Timeout, when: float | None) -> None:
    # A question may come when the call has already ended.
    if not deadline.expired():
        deadline.reschedule(when)

"""What a caller and a tool have to say to each other while a call runs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from toolshed.types import JsonObject

# A request of MCP (``method`` and ``params``), and the result that answers it.
Ask = Callable[[JsonObject], Awaitable[JsonObject]]
# How far a call is, how far it has to go where that is known, and a word on it.
OnProgress = Callable[[float, float | None, str], None]
CANCELLED: JsonObject = {"action": "cancel"}


@dataclass(frozen=True, slots=True)
class Dialogue:
    """How a caller takes part in a call of a tool of an MCP server.

    Both functions are called on the event loop of the connections, which they must not block.

    Attributes:
        on_progress: Told how far the tool is.
        ask: Asks the user what the tool asks (elicitation); without it, tools that ask are refused.
        patience_seconds: What asking may take in all; the call's own time stands still meanwhile.
        is_resumable: Whether the caller would rather be told what is asked, by
            :class:`~toolshed.errors.InputRequiredError`, and call again with the answers. What servers of
            the protocol of 2025 ask in the middle of a call goes to ``ask`` all the same.
        answers: The answers, by the names of what was asked, when calling again.
        state: What the error gave to be handed back with them.
    """

    on_progress: OnProgress | None = None
    ask: Ask | None = None
    patience_seconds: float = 0.0
    is_resumable: bool = False
    answers: JsonObject | None = None
    state: str | None = None

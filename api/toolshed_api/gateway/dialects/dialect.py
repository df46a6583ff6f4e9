"""What the gateway has to know of a protocol, and what all of them have in common."""

import json
from abc import ABC, abstractmethod
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from toolshed.metering.content import content_tokens
from toolshed.metering.provider_usage import usage_from_stream
from toolshed.metering.token_counts import token_counter
from toolshed.types import EMPTY_SCHEMA, ToolDefinition
from toolshed_api.gateway.errors import DialectName, UnfitRequestError
from toolshed_api.gateway.sse import Event
from toolshed_api.problems import Problem

# Any: requests and replies are JSON of the dialects.
Json = dict[str, Any]
_MEDIA = frozenset(
    {"image", "image_url", "input_image", "audio", "input_audio", "file", "input_file", "document", "video"}
)
# Where parts of messages, items and tools hold further parts.
_HOLDS_PARTS = ("content", "source", "file", "output", "container")
# Messages, items or tools of one request.
MAX_LISTED = 100_000
# What a message takes beside its text.
_MESSAGE_TOKENS = 8


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model asks for.

    Attributes:
        call_id: Its id.
        name: The tool's name.
        arguments: The arguments, as the text of a JSON object.
    """

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a reply says.

    Attributes:
        text: Its text.
        calls: The calls that it asks for.
        is_cut: Whether it was cut off by a limit, so that nothing can be said of its form.
    """

    text: str
    calls: tuple[ToolCall, ...] = ()
    is_cut: bool = False

    @property
    def billed_text(self) -> str:
        """All that was generated, for an estimate of what nobody counted."""
        return self.text + "".join(call.name + call.arguments for call in self.calls)


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a conversation.

    Attributes:
        is_user: Whether the user said it; the model did otherwise.
        text: What was said.
        calls: The calls that the model asked for.
    """

    is_user: bool
    text: str
    calls: tuple[ToolCall, ...] = ()


@dataclass
class Splice:
    """How the streams of several calls are told as one, where a model may search for tools before it answers.

    Attributes:
        hidden: The function that is answered here; its calls are not told.
        names: The tools that were loaded; calls are marked with them.
        is_continued: Whether something was told before.
        n_shown: Parts of the reply that were told: calls, blocks or items.
        n_events: Events that were told, where the dialect numbers them.
        reply_id: The id of the reply, which all of it is told under.
        items: What was told, where the last event repeats it.
    """

    hidden: str
    names: Sequence[str] = ()
    is_continued: bool = False
    n_shown: int = 0
    n_events: int = 0
    reply_id: str = ""
    items: list[Json] = field(default_factory=list)


@dataclass
class Reader(ABC):
    """Reads a streamed reply, and says what of it is handed on.

    Attributes:
        splice: How it is told on, where it may be one of several.
        is_ended: Whether the reply is whole.
        failed: What the upstream said of its failure; None where it did not fail.
    """

    splice: Splice | None = None
    is_ended: bool = field(default=False, init=False)
    failed: str | None = field(default=None, init=False)
    _counted: list[Json] = field(default_factory=list, init=False)

    @abstractmethod
    def feed(self, event: Event) -> list[Event]:
        """Read an event; returns what is handed on."""

    @property
    @abstractmethod
    def said(self) -> Said:
        """What was said so far."""

    @abstractmethod
    def turn(self) -> list[Json]:
        """What was said, as a part of the conversation that follows it."""

    @property
    def is_search(self) -> bool:
        """Whether the model only searches for tools."""
        calls = self.said.calls
        return self.splice is not None and bool(calls) and all(c.name == self.splice.hidden for c in calls)

    def closing(self) -> list[Event]:
        """What ends the stream."""
        return []

    @property
    def reported(self) -> object:
        """The usage that was told, None where none was."""
        try:
            return usage_from_stream(self._counted)
        # Broad: whatever was told is paid for; what cannot be read is salvaged by who books it.
        except Exception:
            return self._counted[-1]


class Dialect(Protocol):
    """A protocol of chat."""

    name: DialectName

    def check(self, body: Json) -> None:
        """Refuse what the gateway cannot serve, before anything is spent.

        Raises:
            UnfitRequestError: If the request is none of this dialect.
        """

    def steps(self, body: Json) -> list[Step]:
        """What user and model said, in order."""

    def definition(self, tool: Json) -> ToolDefinition | None:
        """A tool of a request that is a function; None for others."""

    def export(self, tools: Sequence[ToolDefinition]) -> list[Json]:
        """Tools as the dialect takes them."""

    def without_marks(self, body: Json) -> Json:
        """The body with the ids of calls as the upstream gave them."""

    def turn(self, reply: Json) -> list[Json]:
        """A whole reply as a part of the conversation that follows it."""

    def continued(self, body: Json, turn: Sequence[Json], results: Mapping[str, str]) -> Json:
        """The body after a turn of the model, with what the calls in it gave, by their ids."""

    def handed_on(self, reply: Json, hidden: str, names: Sequence[str]) -> Json:
        """A reply without the calls of a function, its other calls marked with tools."""

    def prompt_tokens(self, body: Json) -> int:
        """An estimate of the prompt's tokens, tools included."""

    def output_cap(self, body: Json) -> int | None:
        """The most tokens that the reply may have, all its choices together."""

    def capped(self, body: Json, most: int) -> Json:
        """The body with a cap on the reply."""

    def as_stream(self, body: Json) -> Json:
        """The body of a streamed request that is told its usage."""

    def schema(self, body: Json) -> Mapping[str, Any] | None:
        """The JSON Schema that the reply's text has to satisfy."""

    def functions(self, body: Json) -> dict[str, Mapping[str, Any]]:
        """The schemas of the functions that are offered, by name."""

    def said(self, reply: Json) -> Said:
        """What a whole reply says."""

    def reader(self, body: Json, splice: Splice | None = None) -> Reader:
        """Reads a streamed reply to a body."""

    def error_event(self, problem: Problem) -> Event:
        """How a stream that has begun says that it failed."""


def text_of(value: object) -> str:
    """A text, or none."""
    return value if isinstance(value, str) else ""


def mapping_of(value: object) -> Mapping[str, Any]:
    """An object, or an empty one."""
    return value if isinstance(value, dict) else {}


def objects_in(value: object) -> Iterator[Json]:
    """The objects of a list; what is no list has none."""
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict):
            yield one


def check_nothing_kept(values: object, names: Container[str], kinds: Container[str] = ()) -> None:
    """Refuse what only the upstream knows: it can be neither planned nor counted here.

    Args:
        values: Messages, items or tools, with all that is in them.
        names: Fields that name something that the upstream keeps.
        kinds: Types of parts that do.

    Raises:
        UnfitRequestError: If there is any.
    """
    left: list[object] = [values]
    while left:
        value = left.pop()
        if isinstance(value, list):
            left += value
        elif isinstance(value, dict):
            kind = value.get("type")
            found = [name for name in value if name in names and value[name]]
            found += [kind] if isinstance(kind, str) and kind in kinds else []
            if found:
                raise UnfitRequestError(
                    f"{found[0]} is not served: what the upstream keeps can be neither planned nor counted "
                    "here; send the content itself"
                )
            left += [value[name] for name in _HOLDS_PARTS if name in value]


def message_text(content: object) -> str:
    """The text of a message: as it stands, or of its parts."""
    if isinstance(content, str):
        return content
    return "\n".join(text for part in objects_in(content) if (text := text_of(part.get("text"))))


def tokens_of(content: object) -> int:
    """Tokens of content: text by its pieces, pictures and files by their size."""
    if content is None:
        return 0
    if isinstance(content, str):
        return token_counter().count(content)
    if isinstance(content, list):
        return sum(map(tokens_of, content))
    if not isinstance(content, dict):
        return 1
    if content.get("type") in _MEDIA:
        return content_tokens(content)
    if isinstance(content.get("text"), str):
        return tokens_of(content["text"])
    if content.get("type") == "tool_result":
        return tokens_of(content.get("content")) + _MESSAGE_TOKENS
    return tokens_of(json.dumps(content, ensure_ascii=False))


def messages_tokens(messages: object) -> int:
    """Tokens of messages or items."""
    total = 0
    for message in messages if isinstance(messages, list) else ():
        given = mapping_of(message)
        rest = {name: value for name, value in given.items() if name not in ("content", "role", "type", "id")}
        total += _MESSAGE_TOKENS + tokens_of(given.get("content")) + (tokens_of(rest) if rest else 0)
    return total


# In the definition of a tool, in every dialect: that it is loaded when it is needed.
DEFERRED = "defer_loading"


def is_deferred(tool: Json) -> bool:
    """Whether a tool of a request is to be loaded when it is needed."""
    return tool.get(DEFERRED) is True or mapping_of(tool.get("function")).get(DEFERRED) is True


def undeferred(tool: Json) -> Json:
    """A tool as it is sent once it is loaded."""
    plain = {name: value for name, value in tool.items() if name != DEFERRED}
    function = plain.get("function")
    if isinstance(function, dict) and DEFERRED in function:
        plain["function"] = {name: value for name, value in function.items() if name != DEFERRED}
    return plain


def defined(given: Mapping[str, Any], schema: str) -> ToolDefinition | None:
    """The definition of a function; None where it has no name."""
    name, parameters = text_of(given.get("name")), given.get(schema)
    if not name:
        return None
    known = parameters if isinstance(parameters, dict) and parameters else dict(EMPTY_SCHEMA)
    return ToolDefinition(name, text_of(given.get("description")), known, source="request")


def whole_number(body: Json, *names: str, least: int = 1) -> int | None:
    """The first of these numbers that is given.

    Raises:
        UnfitRequestError: If one is no whole number, or too small.
    """
    for name in names:
        value = body.get(name)
        if value is None:
            continue
        # To JSON Schema, 3.0 is whole.
        is_whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
        if not is_whole or not least <= value < 2**31:
            raise UnfitRequestError(f"{name} is {str(value)[:40]!r}; it is a whole number of {least} or more")
        return int(value)
    return None


def listed(body: Json, name: str) -> Sequence[Json]:
    """The objects of a list; one that is not given is empty.

    Raises:
        UnfitRequestError: If it is none.
    """
    value = body.get(name)
    if value is None:
        return []
    if (
        not isinstance(value, list)
        or len(value) > MAX_LISTED
        or not all(isinstance(one, dict) for one in value)
    ):
        raise UnfitRequestError(f"{name} is a list of at most {MAX_LISTED:,} objects")
    return value

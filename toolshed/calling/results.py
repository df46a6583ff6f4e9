"""What a tool answered: bounded, with a handle to read on where it is long."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from toolshed.errors import InvalidQueryError, UnknownResultError
from toolshed.types import JsonObject

# Texts that are kept to read on in: how long, how many, and their characters together.
_KEPT_SECONDS, _MAX_KEPT, _MAX_KEPT_CHARACTERS = 900.0, 1_000, 64 * 2**20


@dataclass(frozen=True, slots=True)
class BinaryContent:
    """Content of an answer that is no text, such as an image.

    Attributes:
        media_type: What it says it is.
        data: The bytes.
        name: What the tool calls it; often nothing.
    """

    media_type: str
    data: bytes = field(repr=False)
    name: str = ""

    @property
    def n_bytes(self) -> int:
        """Its size."""
        return len(self.data)

    def described(self) -> str:
        """A line that stands for it in a text."""
        name = f" {self.name!r}" if self.name else ""
        return f"[binary content{name}: {self.media_type}, {self.n_bytes:,} bytes]"

    def to_json(self) -> dict[str, Any]:
        """What it is, without the bytes."""
        return {"media_type": self.media_type, "n_bytes": self.n_bytes, "name": self.name}


@dataclass(frozen=True, slots=True)
class Answer:
    """All of what a tool answered.

    Attributes:
        text: As the model reads it.
        is_error: Whether the tool says that it failed.
        structured: The answer as JSON, where it is such; also a list, a number or null.
        is_structured: Whether ``structured`` says anything: null is an answer too.
        binaries: Content that is no text.
        status: Status of an HTTP answer.
        is_complete: Whether the tool sent no more than is here.
        meta: What the tool says of the answer besides: ``_meta`` of MCP, headers of HTTP.
        exception: What a Python function raised.
        content: The parts of an answer of an MCP server as they came, but for secrets.
    """

    text: str
    is_error: bool = False
    structured: Any = None  # Any: a JSON value, here and below
    is_structured: bool = False
    binaries: tuple[BinaryContent, ...] = ()
    status: int | None = None
    is_complete: bool = True
    meta: JsonObject = field(default_factory=dict)
    exception: BaseException | None = None
    content: tuple[JsonObject, ...] = ()


class ResultReader(Protocol):
    """Where long texts are read on."""

    def read(self, handle: str, offset: int, max_characters: int) -> "ResultPage":
        """A stretch of a kept text."""

    def page(self, text: str, max_characters: int) -> "ResultPage":
        """The beginning of another text that is kept, where it is cut."""


@dataclass(frozen=True, slots=True)
class ResultPage:
    """A stretch of a long text.

    Attributes:
        text: The stretch.
        offset: The character it begins with.
        n_characters: Length of the whole text.
        handle: What names the whole text.
    """

    text: str
    offset: int
    n_characters: int
    handle: str
    _store: "ResultReader" = field(repr=False, compare=False)

    @property
    def next_offset(self) -> int | None:
        """Where the next page begins; None at the end."""
        end = self.offset + len(self.text)
        return end if end < self.n_characters else None

    def read_more(self) -> "ResultPage":
        """The next page, as long as this one.

        Raises:
            UnknownResultError: If there is no more, or the text is not kept any more.
        """
        if self.next_offset is None:
            raise UnknownResultError("the text ends here; there is no more to read")
        return self._store.read(self.handle, self.next_offset, max(1, len(self.text)))

    def beside(self, text: str, max_characters: int) -> "ResultPage":
        """The beginning of another text that belongs to the same answer, kept where this one is."""
        return self._store.page(text, max_characters)

    def to_json(self) -> dict[str, Any]:
        """The page as JSON."""
        return {
            "text": self.text,
            "offset": self.offset,
            "next_offset": self.next_offset,
            "n_characters": self.n_characters,
            "handle": self.handle,
        }


@dataclass(frozen=True, slots=True)
class CallResult:
    """What a call of a tool came to.

    Attributes:
        tool_id: The tool.
        is_error: Whether the tool says that it failed; what failed on our side is raised.
        structured: The whole answer as JSON, where the tool gave such; None otherwise.
        is_structured: Whether it did; null is an answer too.
        binaries: Content that is no text, described in the text.
        status: Status of an HTTP answer.
        is_complete: Whether the tool sent no more than was read.
        meta: What the tool says of the answer besides: ``_meta`` of MCP, some headers of HTTP.
        exception: What a Python function raised.
        duration_ms: Milliseconds the call took.
        page: The text, or its beginning.
        content: The parts of an answer of an MCP server as they came, but for secrets; of others nothing.
    """

    tool_id: str
    page: ResultPage
    is_error: bool
    structured: Any
    is_structured: bool
    binaries: Sequence[BinaryContent]
    status: int | None
    is_complete: bool
    meta: JsonObject
    exception: BaseException | None = field(repr=False, compare=False)
    duration_ms: float = field(compare=False)
    content: Sequence[JsonObject] = field(default=(), repr=False)

    def __str__(self) -> str:
        """The text, and where it is cut how to read on."""
        if self.next_offset is None:
            return self.text
        return (
            f"{self.text}\n[cut: {self.next_offset:,} of {self.n_characters:,} characters; "
            f"the rest by handle {self.handle!r}]"
        )

    @property
    def text(self) -> str:
        """The answer for a model, or its beginning: see :attr:`next_offset`."""
        return self.page.text

    @property
    def handle(self) -> str:
        """What names the whole text for :meth:`Toolshed.read_result`; empty where this is all of it."""
        return self.page.handle

    @property
    def n_characters(self) -> int:
        """Length of the whole text."""
        return self.page.n_characters

    @property
    def next_offset(self) -> int | None:
        """Where to read on; None where this is all of it."""
        return self.page.next_offset

    def read_more(self) -> ResultPage:
        """The next page of the text; see :meth:`ResultPage.read_more`."""
        return self.page.read_more()

    def to_json(self) -> dict[str, Any]:
        """The result as JSON; the structured answer only where the text is whole, the binaries described."""
        is_whole = self.next_offset is None
        return {
            "tool_id": self.tool_id,
            "is_error": self.is_error,
            "text": self.text,
            "structured": self.structured if is_whole else None,
            "binaries": [binary.to_json() for binary in self.binaries],
            "status": self.status,
            "is_complete": self.is_complete,
            "n_characters": self.n_characters,
            "next_offset": self.next_offset,
            "handle": self.handle,
            "meta": dict(self.meta),
            "duration_ms": round(self.duration_ms, 3),
        }


@dataclass(slots=True)
class _Kept:
    text: str
    owner: str
    until: float


@dataclass(frozen=True, slots=True)
class OwnResults:
    """The kept texts of one caller; those of others are to him not there.

    Attributes:
        store: Where they are kept.
        owner: Whose they are.
    """

    store: "ResultStore"
    owner: str

    def result(self, tool_id: str, answer: Answer, *, max_characters: int, duration_ms: float) -> CallResult:
        """An answer cut to a length, the rest kept."""
        return CallResult(
            tool_id=tool_id,
            page=self.page(answer.text, max_characters),
            is_error=answer.is_error,
            structured=answer.structured,
            is_structured=answer.is_structured,
            binaries=answer.binaries,
            status=answer.status,
            is_complete=answer.is_complete,
            meta=answer.meta,
            exception=answer.exception,
            duration_ms=duration_ms,
            content=answer.content,
        )

    def page(self, text: str, max_characters: int) -> ResultPage:
        """The beginning of a text; where that is not all of it, the text is kept."""
        handle = self.store.keep(text, self.owner) if len(text) > max_characters else ""
        return ResultPage(text[:max_characters], 0, len(text), handle, self)

    def read(self, handle: str, offset: int, max_characters: int) -> ResultPage:
        """A stretch of a kept text.

        Raises:
            UnknownResultError: If it is not kept, not any more, or another caller's.
            InvalidQueryError: If the offset is beyond its end.
        """
        if max_characters < 1:
            raise InvalidQueryError(f"max_characters is {max_characters}; it must be 1 or more")
        text = self.store.kept(handle, self.owner)
        if not 0 <= offset <= len(text):
            raise InvalidQueryError(f"offset is {offset}; the result has {len(text):,} characters")
        return ResultPage(text[offset : offset + max_characters], offset, len(text), handle, self)


class ResultStore:
    """Keeps long texts for a while; safe between threads.

    Args:
        seconds: How long each is kept after it was last read.
        max_characters: Length of all together; the oldest make room.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        *,
        seconds: float = _KEPT_SECONDS,
        max_characters: int = _MAX_KEPT_CHARACTERS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds, self._max_characters, self._clock = seconds, max_characters, clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._n_characters = 0

    def of(self, owner: str = "") -> OwnResults:
        """The texts of one caller."""
        return OwnResults(self, owner)

    def kept(self, handle: str, owner: str) -> str:
        """A text of a caller's, which is kept on for a while now.

        Raises:
            UnknownResultError: If he has none by this handle.
        """
        with self._lock:
            self._drop_expired()
            kept = self._kept.get(handle)
            if kept is None or kept.owner != owner:
                raise UnknownResultError(
                    f"there is no result {handle[:80]!r}; results are kept for "
                    f"{self._seconds / 60:g} minutes after they were last read: call the tool again"
                )
            kept.until = self._clock() + self._seconds
            self._kept.move_to_end(handle)
            return kept.text

    def clear(self) -> None:
        """Forget all texts."""
        with self._lock:
            self._kept.clear()
            self._n_characters = 0

    def keep(self, text: str, owner: str) -> str:
        """Keep a text of a caller's; returns its handle."""
        handle = secrets.token_urlsafe(16)
        with self._lock:
            self._drop_expired()
            self._kept[handle] = _Kept(text, owner, self._clock() + self._seconds)
            self._n_characters += len(text)
            # The newest stays, however long it is: what a tool may send is bounded.
            while len(self._kept) > 1 and (
                self._n_characters > self._max_characters or len(self._kept) > _MAX_KEPT
            ):
                self._drop_oldest()
        return handle

    def _drop_expired(self) -> None:
        # In the order in which they were last read, so the first to expire is the first.
        while self._kept and next(iter(self._kept.values())).until <= self._clock():
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        _, dropped = self._kept.popitem(last=False)
        self._n_characters -= len(dropped.text)

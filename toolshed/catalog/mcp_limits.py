"""What a server may send, what it wrote on the side, and why a connection to it failed."""

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType

# A list of 20,000 tools in one message takes half of this.
MAX_MESSAGE_BYTES = 32 * 2**20
# From one of our messages to the next: the answer, progress and news, and what is written on the side.
MAX_UNASKED_BYTES = 256 * 2**20
# As for JSON in files: a value takes 60 bytes and more in memory, whatever it takes in the message.
_FREE_VALUES, _BYTES_PER_VALUE = 500_000, 8
_MARKS = (b",", b"[", b"{")
_KEPT_BYTES, _SHOWN_LINES, _SHOWN_CHARACTERS = 64 * 2**10, 12, 1_500


class ServerFaultError(Exception):
    """What is wrong with a server, before it is said with which."""


class Received:
    """Counts what a server sends, and ends the connection when a message is too large.

    Args:
        fail: Told once what is wrong.
    """

    def __init__(self, fail: Callable[[ServerFaultError], None]) -> None:
        self.fail = fail
        self.n_bytes = 0
        self._n_unasked = 0
        # Of HTTP, of the last answer that refused a request; the SDK does not tell.
        self.refused_with: int | None = None
        self.is_session_forgotten = False
        # Told when a program sends no more.
        self.on_end: Callable[[], None] | None = None

    def asked(self) -> None:
        """Begin to count what comes until the server is asked again."""
        self._n_unasked = 0

    def is_in_bounds(self, n_bytes: int) -> bool:
        """Count what came, messages or not; what comes without end ends the connection."""
        self._n_unasked += n_bytes
        if self._n_unasked > MAX_UNASKED_BYTES:
            self.fail(
                ServerFaultError(f"it sends more than {MAX_UNASKED_BYTES // 2**20} MB without being asked")
            )
            return False
        return True

    def check_message(self, n_bytes: int, n_values: int) -> bool:
        """Whether a message of this size is within bounds; what is not ends the connection."""
        if n_bytes > MAX_MESSAGE_BYTES:
            self.fail(ServerFaultError(f"it sends a message of more than {MAX_MESSAGE_BYTES // 2**20} MB"))
            return False
        if n_values > _FREE_VALUES + n_bytes // _BYTES_PER_VALUE:
            self.fail(
                ServerFaultError(f"it sends a message of some {n_values:,} values, which lists no tools")
            )
            return False
        return True


class MessageSize:
    """The size of the message that is being received."""

    def __init__(self, received: Received) -> None:
        self._received = received
        self._n_bytes = self._n_values = 0

    def add(self, chunk: bytes) -> bool:
        """Count a piece of a message; False when the message is too large to go on."""
        self._received.n_bytes += len(chunk)
        self._n_bytes += len(chunk)
        self._n_values += sum(map(chunk.count, _MARKS))
        return self._received.is_in_bounds(len(chunk)) and self._received.check_message(
            self._n_bytes, self._n_values
        )

    def begin(self) -> None:
        """Begin the next message."""
        self._n_bytes = self._n_values = 0


class Noise:
    """The last of what a server wrote beside its messages, on stderr or as garbage on stdout."""

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._n_bytes = 0
        self._is_cut = False
        self.ended = ""

    def add(self, chunk: bytes) -> None:
        """Keep a piece, and drop what came long before."""
        self._chunks.append(chunk[-_KEPT_BYTES:])
        self._n_bytes += len(self._chunks[-1])
        while self._n_bytes - len(self._chunks[0]) > _KEPT_BYTES:
            self._n_bytes -= len(self._chunks.popleft())
            self._is_cut = True

    def told(self, masked: Callable[[str], str]) -> str:
        """The last lines, printable, and how the program ended; empty when there is nothing to tell."""
        text = b"".join(self._chunks).decode("utf-8", "replace")
        # A line that was cut may begin within a secret, which then is not seen as one.
        if self._is_cut and "\n" in text:
            text = text.partition("\n")[2]
        lines = [line for line in masked(text).splitlines() if line.strip()][-_SHOWN_LINES:]
        shown = " | ".join("".join(c if c.isprintable() else " " for c in line).strip() for line in lines)
        if len(shown) > _SHOWN_CHARACTERS:
            shown = "…" + shown[-_SHOWN_CHARACTERS:]
        wrote = f"it wrote: {shown}" if shown else ""
        return "; ".join(filter(None, (self.ended, wrote)))


class Deadlines:
    """Ends the wait for a server early when its connection fails beside the request that waits."""

    def __init__(self) -> None:
        self.failure: ServerFaultError | None = None
        self._waiting: set[asyncio.Timeout] = set()

    def fail(self, error: ServerFaultError) -> None:
        """Note why the connection failed, and wake whoever waits."""
        if any(timeout.expired() for timeout in self._waiting):
            # The time was over first, and the server ended because it was given up.
            return
        self.failure = self.failure or error
        for timeout in self._waiting:
            if timeout.when() is not None:
                timeout.reschedule(asyncio.get_running_loop().time())

    def wait_longer(self, seconds: float) -> None:
        """Give whoever waits so many seconds more: a user has to do something."""
        for timeout in self._waiting:
            end = timeout.when()
            if end is not None:
                timeout.reschedule(end + seconds)

    def within(self, seconds: float) -> "Deadline":
        """A wait of at most so long."""
        return Deadline(self._waiting, seconds, self)


class Deadline:
    """One wait; ``async with``.

    Raises:
        TimeoutError: When the time is over, or the connection failed.
    """

    def __init__(self, waiting: set[asyncio.Timeout], seconds: float, deadlines: Deadlines) -> None:
        self._waiting, self._deadlines = waiting, deadlines
        self._timeout = asyncio.timeout(0 if deadlines.failure else seconds)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()
        self._waiting.add(self._timeout)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.discard(self._timeout)
        await self._timeout.__aexit__(kind, error, trace)

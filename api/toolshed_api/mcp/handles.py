"""Handles of searches: what a client passes on instead of a session, good only for who was given it."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from toolshed.errors import ToolshedError
from toolshed_api.callers import Caller

_PREFIX = "s-"
# Together a multiple of three: base64 then has one way to write them.
_ID_BYTES, _TIME_BYTES, _MAC_BYTES = 12, 4, 11
_LENGTH = len(_PREFIX) + (_ID_BYTES + _TIME_BYTES + _MAC_BYTES) * 4 // 3
DAY_SECONDS = 86_400.0


class UnknownSearchError(ToolshedError):
    """A search id that was not given to this caller, or is too old."""

    code = "unknown_search"
    http_status = 404


@dataclass(frozen=True, slots=True)
class SearchHandle:
    """A search that can be spoken of later.

    Attributes:
        text: What the client passes on.
        task_id: What the books call it.
    """

    text: str
    task_id: str


class SearchHandles:
    """Makes handles and reads them again; nothing is kept, so any process with the secret can.

    A handle is an id, the time until which it is good, and a code over both and the caller (HMAC-SHA-256,
    cut to 88 bits). It is short, since a model has to copy it.

    Args:
        secret: What the codes are made with.
        seconds: How long a handle is good.
        clock: Seconds since 1970.
    """

    def __init__(
        self, secret: bytes, *, seconds: float = DAY_SECONDS, clock: Callable[[], float] = time.time
    ) -> None:
        self._secret, self._seconds, self._clock = secret, seconds, clock

    def new(self, caller: Caller) -> SearchHandle:
        """A handle for a search of a caller's."""
        until = int(self._clock() + self._seconds)
        said = secrets.token_bytes(_ID_BYTES) + until.to_bytes(_TIME_BYTES, "big")
        text = base64.urlsafe_b64encode(said + self._code(said, caller)).decode()
        return SearchHandle(_PREFIX + text, _task_id(said))

    def read(self, text: str, caller: Caller) -> SearchHandle:
        """A handle that a client gives back.

        Raises:
            UnknownSearchError: If it is none, is somebody else's, or has expired.
        """
        raw = _decoded(text)
        said, code = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        is_ours = len(raw) == _ID_BYTES + _TIME_BYTES + _MAC_BYTES and hmac.compare_digest(
            code, self._code(said, caller)
        )
        if not is_ours or int.from_bytes(said[_ID_BYTES:], "big") < self._clock():
            raise UnknownSearchError(
                f"there is no search {text[:60]!r}, or not any more; pass on the search_id that search_tools "
                "gave, or search again"
            )
        return SearchHandle(text, _task_id(said))

    def _code(self, said: bytes, caller: Caller) -> bytes:
        # Neither name holds a NUL, so no two callers read the same.
        who = f"{caller.tenant}\0{caller.name}\0".encode()
        return hmac.digest(self._secret, b"search\0" + who + said, hashlib.sha256)[:_MAC_BYTES]


def _task_id(said: bytes) -> str:
    return f"search-{said[:_ID_BYTES].hex()}"


def _decoded(text: str) -> bytes:
    if len(text) != _LENGTH or not text.startswith(_PREFIX):
        return b""
    try:
        return base64.b64decode(text.removeprefix(_PREFIX), altchars=b"-_", validate=True)
    except ValueError:
        return b""

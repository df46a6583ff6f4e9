"""The HTTP server: uvicorn, with a deadline for each part of an exchange that is the client's."""

import asyncio
import heapq
import sys
from collections.abc import Iterable, Mapping, Set
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, cast
from uuid import uuid4
from weakref import WeakKeyDictionary

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import get_client_addr
from uvicorn.server import ServerState

from toolshed.errors import ToolshedError
from toolshed.settings import Settings
from toolshed_api.addresses import ConnectionsByAddress
from toolshed_api.bodies import BODY_SECONDS, most_bytes, spread
from toolshed_api.guard import ANSWER_SECONDS, LINGER_SECONDS
from toolshed_api.observability.metrics import OTHER, REQUESTS
from toolshed_api.problems import (
    PROBLEM_TYPE,
    HeadersTooLargeError,
    MalformedRequestError,
    OverloadedError,
    SlowRequestError,
    TooLargeError,
    problem,
)
from toolshed_api.streams import CONVERSATIONS, STREAM_SECONDS, is_streamed

if TYPE_CHECKING:
    from fastapi import FastAPI

# To send a request line with its headers, and to take an answer; honest clients need one round trip.
CLIENT_SECONDS = 20.0


def _max_connections() -> int:
    """No more than half of the files that the system lets the process open, often 1,024."""
    if sys.platform == "win32":
        return 512
    import resource

    return min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)


MAX_CONNECTIONS = _max_connections()
# Those that make room go together, so that looking for them is paid once for many newcomers.
_MAKE_ROOM_FOR = 32
# Of the places that one address may have, no larger a share is taken from it so: the others are its own.
_SHARE_MADE_ROOM = 0.25
# One address may have so large a share of the places, unless the settings say otherwise.
_SHARE_OF_ADDRESS = 0.25
# Who has waited no longer than this may be sending a request.
_HONEST_SECONDS = 1.0
_MAX_HEAD_BYTES = 2**16
# What is thrown away of a body that is refused unread: who still sends would miss an answer and be cut off.
_LINGER_BYTES = 2**20
# A body of fewer digits is small enough to be looked at by its path.
_DIGITS_OF_LARGE, _MOST_DIGITS = 8, 12
# Docker kills ten seconds after it told a container to stop.
GRACE_SECONDS = 7


class DeadlineProtocol(HttpToolsProtocol):
    """A connection whose client must do its part in time.

    Uvicorn waits without end for headers, and for an answer to be taken. Here each part of an exchange has a
    deadline that no trickle of bytes puts off: the headers, the exchange up to the answer (the
    :class:`~toolshed_api.guard.Guard` has closer ones inside), and the taking of the answer. When all places
    are taken, or those that one address may have, those who have kept the service waiting for longest give up
    theirs.
    """

    # By server, since tests run several in one process.
    _addresses: ClassVar["WeakKeyDictionary[ServerState, ConnectionsByAddress[DeadlineProtocol]]"] = (
        WeakKeyDictionary()
    )

    _deadline: asyncio.TimerHandle
    _since = 0.0
    _n_bytes = 0
    _is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Begin to wait for headers."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(spread(CLIENT_SECONDS), self._give_up)
        self._since = self.loop.time()
        if len(self.connections) > MAX_CONNECTIONS:
            self._make_room()
        # A socket of this machine has no address.
        if self.client is not None:
            self._keep_to_share(self._known.came(self.client[0], self))

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._deadline.cancel()
        if self.client is not None:
            self._known.left(self.client[0], self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; what is no content is bounded, since uvicorn keeps headers and trailers of any length."""
        cycle = self.cycle
        self._n_bytes += len(data)
        if self._is_refused:
            if self._n_bytes > _LINGER_BYTES:
                self.transport.abort()
            return
        super().data_received(data)
        if self._is_refused:
            return
        if self.cycle is not cycle:
            self._begin(BODY_SECONDS + self._answer_seconds + CLIENT_SECONDS)
        elif self._n_bytes > _MAX_HEAD_BYTES:
            self._refuse(HeadersTooLargeError(f"the headers are larger than {_MAX_HEAD_BYTES:,} bytes"))

    def on_headers_complete(self) -> None:
        """Keep trailers away from the headers, which will have been checked when they arrive."""
        if self._is_far_too_large():
            self._refuse_unread(TooLargeError("the body is larger than any that is taken; send less at once"))
            return
        super().on_headers_complete()
        self.headers = []

    def on_body(self, body: bytes) -> None:
        """Leave content to the guard, which counts it."""
        if self._is_refused:
            return
        self._n_bytes = 0
        super().on_body(body)

    def on_response_complete(self) -> None:
        """Begin to wait for the client to take the answer and to ask again."""
        super().on_response_complete()
        self._begin(CLIENT_SECONDS)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(MalformedRequestError(f"{msg} Send HTTP/1.1."))

    def shutdown(self) -> None:
        """Wait no longer for who has not sent a whole request."""
        if self._awaits_client and not self.transport.get_write_buffer_size():
            self.transport.close()
        else:
            super().shutdown()

    @property
    def _awaits_client(self) -> bool:
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    @property
    def _answer_seconds(self) -> float:
        is_stream = self.cycle is not None and is_streamed(self.cycle.scope["path"])
        return STREAM_SECONDS if is_stream else ANSWER_SECONDS

    def _begin(self, seconds: float) -> None:
        self._deadline.cancel()
        self._deadline = self.loop.call_later(spread(seconds), self._give_up)
        self._since, self._n_bytes = self.loop.time(), 0

    def _give_up(self) -> None:
        if self._n_bytes and not self.transport.get_write_buffer_size():
            late = f"the headers did not arrive in time; send them within {CLIENT_SECONDS / 2:g} seconds"
            self._refuse(SlowRequestError(late))
        else:
            self.transport.abort()

    def _is_far_too_large(self) -> bool:
        """Whether no path takes so large a body. Errors of conversations are told in their dialect, later."""
        declared = next((value for name, value in self.headers if name == b"content-length"), b"0")
        if not (self._awaits_client and declared.isdigit()) or len(declared) < _DIGITS_OF_LARGE:
            return False
        settings: Settings = cast("FastAPI", self.config.app).state.settings
        is_conversation = self.url.partition(b"?")[0].decode("ascii", "replace") in CONVERSATIONS
        # Digits by the thousand are no number to Python.
        is_large = len(declared) > _MOST_DIGITS or int(declared) > most_bytes(settings, "POST", "/v1/tools")
        return is_large and not is_conversation

    def _refuse_unread(self, error: ToolshedError) -> None:
        """Answer without a task of the app, and throw away unparsed what the client still sends for a while.

        It takes less than half of the CPU that a task takes which ends in the same answer.
        """
        self._is_refused, self._n_bytes = True, 0
        self._tell(error)
        self._log(error.http_status)
        self._deadline.cancel()
        self._deadline = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _make_room(self) -> None:
        if not self._cut_off(cast("set[DeadlineProtocol]", self.connections - {self}), _MAKE_ROOM_FOR):
            self._refuse(OverloadedError("all connections are in use; try again in a moment"))

    def _keep_to_share(self, own: "Set[DeadlineProtocol]") -> None:
        """End connections of this one's address where they are too many."""
        most = self._most_of_address
        if not 0 < most < len(own):
            return
        # Those that are being cut off leave later.
        still = [one for one in own if not one.transport.is_closing()]
        if (n_over := len(still) - most) > 0:
            n_places = max(n_over, min(_MAKE_ROOM_FOR, int(most * _SHARE_MADE_ROOM)))
            self._cut_off((one for one in still if self._since - one._since > _HONEST_SECONDS), n_places)

    def _cut_off(self, others: "Iterable[DeadlineProtocol]", n_places: int) -> bool:
        """End so many of others that wait for their clients, the longest first; says whether any did."""
        waiting = [one for one in others if one._awaits_client and not one.transport.is_closing()]
        for one in heapq.nsmallest(n_places, waiting, key=lambda one: one._since):
            one.transport.abort()
        return bool(waiting)

    @property
    def _known(self) -> "ConnectionsByAddress[DeadlineProtocol]":
        return self._addresses.setdefault(self.server_state, ConnectionsByAddress())

    @property
    def _most_of_address(self) -> int:
        """How many places those who wait may have from one address; 0 where all."""
        # Other apps than ours have no settings.
        settings: Settings | None = getattr(getattr(self.config.app, "state", None), "settings", None)
        given = settings.connections_of_address if settings else None
        return max(1, int(MAX_CONNECTIONS * _SHARE_OF_ADDRESS)) if given is None else given

    def _refuse(self, error: ToolshedError) -> None:
        """Answer outside of the app, and close; who does not take the answer is cut off."""
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self.transport.abort()
            return
        self._tell(error)
        self.transport.close()
        self._deadline.cancel()
        self._deadline = self.loop.call_later(1, self.transport.abort)

    def _log(self, status: int) -> None:
        """Leave the line in the access log that uvicorn leaves for what the app answers."""
        if self.access_log:
            client, method = get_client_addr(self.scope), self.parser.get_method().decode()
            path, version = self.url.decode("ascii", "backslashreplace"), self.parser.get_http_version()
            self.access_logger.info('%s - "%s %s HTTP/%s" %d', client, method, path, version, status)

    def _tell(self, error: ToolshedError) -> None:
        # Seldom is more of it known than that it was refused.
        REQUESTS.labels(OTHER, OTHER, str(error.http_status)).inc()
        told = problem(error, uuid4().hex)
        content = told.model_dump_json().encode()
        head = (
            f"HTTP/1.1 {told.status} {HTTPStatus(told.status).phrase}\r\n"
            f"content-type: {PROBLEM_TYPE}\r\ncontent-length: {len(content)}\r\n"
            f"x-request-id: {told.request_id}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + content)


# Any: uvicorn's options are of many types. Websockets are not spoken.
SERVER_OPTIONS: Mapping[str, Any] = MappingProxyType(
    {"http": DeadlineProtocol, "ws": "none", "timeout_graceful_shutdown": GRACE_SECONDS}
)

"""Clients that ask a service over HTTP, each again as soon as it has its answer: one process, little CPU.

Run by :mod:`toolshed_evals.load` in a process of its own, whose CPU time is told apart from the service's.
"""

import json
import selectors
import socket
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle

_PATH = "/v1/tools/search"
_STUCK_SECONDS = 60.0


@dataclass(slots=True)
class Asked:
    """What came of it.

    Attributes:
        milliseconds: How long each answer took, in the order of their coming.
        statuses: How many answers there were of each status; 0 of connections that broke.
        seconds: How long it lasted.
        cpu_seconds: What the clients took of it themselves.
    """

    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    cpu_seconds: float = 0.0


@dataclass(slots=True, eq=False)
class _Client:
    connection: socket.socket
    asked_at: float = 0.0
    answer: bytearray = field(default_factory=bytearray)

    def ask(self, request: bytes) -> None:
        self.asked_at = time.perf_counter()
        self.answer.clear()
        self.connection.sendall(request)


def ask(port: int, requests: Sequence[bytes], *, n_clients: int, seconds: float) -> Asked:
    """Ask a service on loopback for so long, with so many clients at once."""
    told, next_request = Asked(), cycle(requests)
    began, cpu = time.perf_counter(), time.process_time()
    with selectors.DefaultSelector() as selector:
        for _ in range(n_clients):
            client = _Client(socket.create_connection(("127.0.0.1", port), timeout=_STUCK_SECONDS))
            selector.register(client.connection, selectors.EVENT_READ, client)
            client.ask(next(next_request))
        until = began + seconds
        # What was asked before the end is waited for: it would be in the way of whoever asks next.
        while selector.get_map() and (now := time.perf_counter()) < until + _STUCK_SECONDS:
            for key, _ in selector.select(until + _STUCK_SECONDS - now):
                _take(key.data, told, selector, next(next_request) if now < until else None)
        for key in [*selector.get_map().values()]:
            key.data.connection.close()
    told.seconds, told.cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    return told


def _take(client: _Client, told: Asked, selector: selectors.BaseSelector, request: bytes | None) -> None:
    """Take what has come of an answer; where that is all of it, ask again, if anything is to be asked."""
    part = client.connection.recv(2**16)
    client.answer += part
    head, has_head, body = client.answer.partition(b"\r\n\r\n")
    has_answer = has_head and len(body) >= _length(bytes(head))
    if has_answer:
        told.milliseconds.append((time.perf_counter() - client.asked_at) * 1_000)
        told.statuses[int(head[9:12])] += 1
    elif not part:
        told.statuses[0] += 1
    if has_answer and request is not None:
        client.ask(request)
    elif has_answer or not part:
        selector.unregister(client.connection)
        client.connection.close()


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


def request_of(query: str) -> bytes:
    """A search, as it is sent."""
    body = json.dumps({"query": query, "k": 5}).encode()
    head = f"POST {_PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def main() -> None:
    """Ask as standard input says, and print what came of it as JSON, a line each."""
    for line in sys.stdin:
        given = json.loads(line)
        requests = [request_of(query) for query in given["queries"]]
        told = ask(given["port"], requests, n_clients=given["n_clients"], seconds=given["seconds"])
        answer = {
            "milliseconds": told.milliseconds,
            "statuses": told.statuses,
            "seconds": told.seconds,
            "cpu_seconds": told.cpu_seconds,
        }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Slow clients and endless bodies against a service, and, as a control, against a server that only reads.

On a machine with few cores the attackers themselves take the time of the service. The same attack on another
server shows how much of a delay is theirs; the rest is what the service spends on them.
"""

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx

from toolshed.catalog.definitions import Catalog
from toolshed.shed.shed import Toolshed
from toolshed_evals.endurance.service import served
from toolshed_evals.endurance.trials import Outcome
from toolshed_evals.endurance.workers import tools_of

N_SLOW, N_ENDLESS = 1_000, 4
# The bar of issue 12.
_MOST_TIMES_SLOWER = 2.0
_N_CLIENTS, _N_ROUNDS = 4, 4
_DRIP_SECONDS = 2.0
_BLOCK = bytes(2**16)
_BODY_BYTES = 2**30
# The control takes as much of a body as the service does, so that as much is sent.
_SINK_BYTES = 2**20
_COME_SECONDS = 30.0
# How long the service listens to whom it has refused, and goes on once it was told to end.
_LINGER_SECONDS, _GRACE_SECONDS = 1.0, 7
_HEAD = b"POST /v1/tools/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
# A third never ends its headers, a third its body, and a third drips a body that is too large.
_SLOW = (_HEAD + b"x-", _HEAD + b"content-length: 500\r\n\r\n{", _HEAD + b"content-length: 99999999\r\n\r\n{")
_ENDLESS = (
    _HEAD + b"content-length: %d\r\n\r\n" % _BODY_BYTES,
    _HEAD + b"transfer-encoding: chunked\r\n\r\n",
)


@dataclass(frozen=True, slots=True)
class _Round:
    """Some seconds of normal requests.

    Attributes:
        p99: The 99th percentile of their times, in seconds.
        n_requests: How many there were.
        cpu_share: The share of a core that the service took.
    """

    p99: float
    n_requests: int
    cpu_share: float


@dataclass(slots=True)
class _Rounds:
    """What went on beside normal requests, and how they fared."""

    quiet: list[_Round] = field(default_factory=list)
    control: list[_Round] = field(default_factory=list)
    attacked: list[_Round] = field(default_factory=list)


def slow_clients(folder: Path, *, seconds: float) -> Iterator[tuple[str, Outcome]]:
    """Attack a service, and end it while it is attacked.

    Args:
        folder: A fresh one.
        seconds: How long it is attacked; as long again it is left in peace, and the control is attacked.
    """
    with Toolshed(folder, pipeline="instant", multilingual=False) as shed:
        shed.add_catalogs([Catalog("tools", tools_of("tools", n_tools=60))])
    outcome, rounds = Outcome(1), _Rounds()
    with served(folder) as (process, client, _), _sink() as sink_port:
        port = client.base_url.port or 80
        measure = partial(_measured, client, process.pid, outcome)
        measure(1.0)
        for _ in range(_N_ROUNDS):
            rounds.quiet.append(measure(seconds / _N_ROUNDS))
            with _attack(sink_port):
                rounds.control.append(measure(seconds / _N_ROUNDS))
            with _attack(port):
                rounds.attacked.append(measure(seconds / _N_ROUNDS))
        with _attack(port):
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            ended = time.monotonic() - begun
    _judge(outcome, rounds, ended)
    yield f"{N_SLOW:,} slow clients and {N_ENDLESS} of 1 GB", outcome


def _judge(outcome: Outcome, rounds: _Rounds, ended: float) -> None:
    kinds = {"in peace": rounds.quiet, "beside the control": rounds.control, "attacked": rounds.attacked}
    p99 = {kind: statistics.median(one.p99 for one in measured) for kind, measured in kinds.items()}
    for kind, measured in kinds.items():
        n_requests = sum(one.n_requests for one in measured)
        cpu_share = statistics.mean(one.cpu_share for one in measured)
        outcome.answers[f"{kind}: p99 {p99[kind] * 1e3:.0f} ms, {cpu_share:.2f} cores"] += n_requests
    times = p99["attacked"] / p99["beside the control"]
    outcome.answers[f"p99 {times:.2f} x the control, {p99['attacked'] / p99['in peace']:.2f} x peace"] += 1
    outcome.answers[f"ended {ended:.1f} s after SIGTERM"] += 1
    if times > _MOST_TIMES_SLOWER:
        outcome.lost.append(f"normal requests take {times:.2f} times as long as beside the control")
    if ended > _GRACE_SECONDS + 1:
        outcome.lost.append(f"the service took {ended:.1f} s to end; its grace is {_GRACE_SECONDS} s")


def _measured(client: httpx.Client, pid: int, outcome: Outcome, seconds: float) -> _Round:
    """Normal requests of some clients at once."""
    begun, cpu_before = time.monotonic(), _cpu_seconds(pid)

    def ask(n: int) -> list[float]:
        took: list[float] = []
        while (asked := time.monotonic()) < begun + seconds:
            answer = client.post("/v1/tools/search", json={"query": f"does thing {n + len(took)}"})
            took.append(time.monotonic() - asked)
            if not answer.is_success:
                outcome.lost.append(f"a normal request was answered with {answer.status_code}")
        return took

    with ThreadPoolExecutor(_N_CLIENTS) as pool:
        took = sorted(one for each in pool.map(ask, range(_N_CLIENTS)) for one in each)
    cpu_share = (_cpu_seconds(pid) - cpu_before) / (time.monotonic() - begun)
    return _Round(took[int(len(took) * 0.99)], len(took), cpu_share)


def _cpu_seconds(pid: int) -> float:
    """What a process has taken of the processor, where the system tells it of others."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    # User and system time, counted from behind the name, which may hold blanks.
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _attack(port: int) -> Iterator[None]:
    """An attack by a process of its own, from when all of its clients have come."""
    with _process("attack", port) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield


@contextmanager
def _sink() -> Iterator[int]:
    """A server that reads a part and answers nothing; its port."""
    with _process("sink", 0) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


@contextmanager
def _process(kind: str, port: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", __spec__.name, kind, str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own interpreter
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


async def _attack_for_ever(port: int) -> None:
    come = asyncio.Semaphore(0)
    slow = [asyncio.create_task(_drip(port, _SLOW[n % len(_SLOW)], come)) for n in range(N_SLOW)]
    endless = [asyncio.create_task(_pour(port, _ENDLESS[n % len(_ENDLESS)])) for n in range(N_ENDLESS)]
    with suppress(TimeoutError):
        async with asyncio.timeout(_COME_SECONDS):
            for _ in range(N_SLOW):
                await come.acquire()
    print("all are here", flush=True)  # noqa: T201  # the protocol with the parent
    await asyncio.gather(*slow, *endless)


async def _drip(port: int, head: bytes, come: asyncio.Semaphore) -> None:
    """A client that never finishes, and comes back when it is thrown out."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head)
            come.release()
            while True:
                await writer.drain()
                await asyncio.sleep(_DRIP_SECONDS)
                writer.write(b"a")
        except OSError:
            await asyncio.sleep(_DRIP_SECONDS)


async def _pour(port: int, head: bytes) -> None:
    """A client that sends a body without end, as fast as it is taken, again and again."""
    block = b"%x\r\n%s\r\n" % (len(_BLOCK), _BLOCK) if b"chunked" in head else _BLOCK
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head)
            for _ in range(_BODY_BYTES // len(_BLOCK)):
                writer.write(block)
                await writer.drain()
            writer.close()
        except OSError:
            # As any client that is refused; without a pause it would be a test of connecting.
            await asyncio.sleep(0.1)


async def _sink_for_ever() -> None:
    async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = _SINK_BYTES
        while left > 0 and (part := await reader.read(len(_BLOCK))):
            left -= len(part)
        await asyncio.sleep(_LINGER_SECONDS)
        writer.close()

    server = await asyncio.start_server(read, "127.0.0.1", 0, backlog=2 * N_SLOW)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  # the protocol with the parent
    await server.serve_forever()


if __name__ == "__main__":
    _kind, _port = sys.argv[1:]
    asyncio.run(_attack_for_ever(int(_port)) if _kind == "attack" else _sink_for_ever())

"""A service under load: many clients at once on all cores, against what one process does on one core."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np

from toolshed_evals.load_clients import Asked

_READY_SECONDS = 300.0
# As many as keep one core busy, and wait little.
_CLIENTS_OF_ONE_CORE = 8
_WARM_SECONDS = 5.0
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Load:
    """What was measured of one pipeline.

    Attributes:
        pipeline: It.
        n_cores: Cores of the machine.
        per_second: Answers a second with all clients.
        one_core_per_second: Answers a second of one process that is held to one core.
        p50_ms: Median latency with all clients.
        p99_ms: Latency that one of a hundred answers exceeds.
        refused: Searches that were refused because too many waited.
        errors: Answers, and connections, that failed otherwise.
        clients_cores: Cores that the clients took themselves while all asked.
        service_cores: Cores that the service took meanwhile.
        cpu_ms: CPU time of the service an answer, with all clients.
        one_core_cpu_ms: The same of the one process.
        memory_growth: Memory of the service at the end over that at the beginning.
        load_average: Of the machine at the end: what else was going on.
    """

    pipeline: str
    n_cores: int
    per_second: float
    one_core_per_second: float
    p50_ms: float
    p99_ms: float
    refused: int
    errors: int
    clients_cores: float
    service_cores: float
    cpu_ms: float
    one_core_cpu_ms: float
    memory_growth: float
    load_average: float

    @property
    def share_of_cores(self) -> float:
        """Throughput over that of one core times the number of cores."""
        return self.per_second / (self.n_cores * self.one_core_per_second)

    @property
    def share_of_free_cores(self) -> float:
        """The same, of the cores that the clients left."""
        return self.per_second / ((self.n_cores - self.clients_cores) * self.one_core_per_second)


class _Service:
    """A service in processes of its own."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self._process, self.port = process, port

    @property
    def cpu_seconds(self) -> float:
        """What all of its processes took so far."""
        ticks = 0
        for pid in self.pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    @property
    def memory_bytes(self) -> int:
        """What they hold together; what they share counts once."""
        told = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self.pids]
        return sum(int(one.partition("Pss:")[2].split()[0]) * 1024 for one in told)

    @property
    def pids(self) -> list[int]:
        """Its processes."""
        first = self._process.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *map(int, children)]

    def hold_to(self, cores: set[int]) -> None:
        """Let it run on these cores only."""
        for pid in self.pids:
            for thread in Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), cores)


@contextmanager
def _service(folder: Path, pipeline: str, n_workers: int) -> Iterator[_Service]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "toolshed", "serve", "--port", str(port), "--kb", str(folder)]
    command += ["--pipeline", pipeline, "--workers", str(n_workers)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TOOLSHED_")}
    process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_until_ready(process, port)
        yield _Service(process, port)
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + _READY_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=_READY_SECONDS).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise RuntimeError(f"the service did not start: status {process.poll()}")


class _Clients:
    """Clients in a process of their own."""

    def __init__(self, process: "subprocess.Popen[str]", queries: Sequence[str]) -> None:
        self._process, self._queries = process, queries

    def ask(self, service: _Service, *, n_clients: int, seconds: float) -> Asked:
        """Ask a service for so long."""
        given = {"port": service.port, "queries": self._queries, "n_clients": n_clients, "seconds": seconds}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(given) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        statuses = Counter({int(status): n for status, n in told["statuses"].items()})
        return Asked(told["milliseconds"], statuses, told["seconds"], told["cpu_seconds"])


@contextmanager
def _clients(queries: Sequence[str]) -> Iterator[_Clients]:
    command = [sys.executable, "-m", "toolshed_evals.load_clients"]
    with subprocess.Popen(  # noqa: S603  # our own interpreter and module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield _Clients(process, queries)


@dataclass(slots=True)
class _Phase:
    """What was asked of one service in all its rounds, and what CPU time it took for that."""

    asked: Asked = field(default_factory=Asked)
    cpu_seconds: float = 0.0

    def go_on(self, clients: _Clients, service: _Service, *, n_clients: int, seconds: float) -> None:
        before = service.cpu_seconds
        told = clients.ask(service, n_clients=n_clients, seconds=seconds)
        self.cpu_seconds += service.cpu_seconds - before
        self.asked.milliseconds += told.milliseconds
        self.asked.statuses += told.statuses
        self.asked.seconds += told.seconds
        self.asked.cpu_seconds += told.cpu_seconds

    @property
    def n_answers(self) -> int:
        """Searches that were answered."""
        return self.asked.statuses[200]


def load(
    folder: Path, pipeline: str, queries: Sequence[str], *, n_clients: int, seconds: float, n_workers: int
) -> Load:
    """Measure a service with all clients, and in turn with it one process that is held to one core.

    Args:
        folder: The knowledge base; each of the two services has a copy.
        pipeline: What searches.
        queries: What is asked, again and again.
        n_clients: How many ask at once.
        seconds: How long all of them do, in rounds.
        n_workers: Processes that search.
    """
    with (
        TemporaryDirectory() as copies,
        _clients(queries) as clients,
        _service(_copied(folder, Path(copies) / "all"), pipeline, n_workers) as service,
        _service(_copied(folder, Path(copies) / "one"), pipeline, 1) as one,
    ):
        one.hold_to({min(os.sched_getaffinity(0))})
        every, single = _Phase(), _Phase()
        for warmed, n in ((service, n_clients), (one, _CLIENTS_OF_ONE_CORE)):
            clients.ask(warmed, n_clients=n, seconds=_WARM_SECONDS)
        memory = service.memory_bytes
        for _ in range(_ROUNDS):
            every.go_on(clients, service, n_clients=n_clients, seconds=seconds / _ROUNDS)
            single.go_on(clients, one, n_clients=_CLIENTS_OF_ONE_CORE, seconds=seconds / _ROUNDS / 3)
        return _measured(pipeline, every, single, service.memory_bytes / memory)


def _copied(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to)
    return to


def _measured(pipeline: str, every: _Phase, single: _Phase, memory_growth: float) -> Load:
    asked, others = every.asked, Counter(every.asked.statuses)
    n_refused = others.pop(503, 0)
    n_answers = others.pop(200, 0)
    p50, p99 = np.percentile(asked.milliseconds, [50, 99])
    return Load(
        pipeline,
        n_cores=len(os.sched_getaffinity(0)),
        per_second=n_answers / asked.seconds,
        one_core_per_second=single.n_answers / single.asked.seconds,
        p50_ms=float(p50),
        p99_ms=float(p99),
        refused=n_refused,
        errors=sum(others.values()),
        clients_cores=asked.cpu_seconds / asked.seconds,
        service_cores=every.cpu_seconds / asked.seconds,
        cpu_ms=1_000 * every.cpu_seconds / n_answers,
        one_core_cpu_ms=1_000 * single.cpu_seconds / single.n_answers,
        memory_growth=memory_growth,
        load_average=os.getloadavg()[0],
    )

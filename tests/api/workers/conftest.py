"""A service of several processes, and its clients, each with a connection of its own."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests import waiting

ADMIN = {"x-api-key": "root"}
N_SEARCHING = 2
# Three processes start one after the other, on a machine that may be busy.
_PATIENCE_SECONDS = 240


class Service:
    """A running service of one process that writes and two that search."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stderr is not None
        told = (re.search(r"on http://[\d.]+:(\d+)", line) for line in process.stderr)
        port = next(found for found in told if found)[1]
        self.url = f"http://127.0.0.1:{port}"
        # What it goes on to say must not fill the pipe.
        self._reading = threading.Thread(target=process.stderr.read, daemon=True)
        self._reading.start()
        # Handed to the processes in turn, so that each serves two of them.
        self.clients = [
            httpx.Client(base_url=self.url, headers=ADMIN, timeout=_PATIENCE_SECONDS)
            for _ in range(2 * N_SEARCHING)
        ]

    @property
    def one(self) -> httpx.Client:
        return self.clients[0]

    def found(self, client: httpx.Client, query: str) -> list[str]:
        answer = client.post("/v1/tools/search", json={"query": query, "abstain_below": 0}).raise_for_status()
        return [tool["tool_id"] for tool in answer.json()["tools"]]

    def members(self) -> dict[str, int]:
        """The process id of the one that writes, and of those that search, by name."""
        return {name: pid for pid in children(self.process.pid) if (name := _name(pid))}

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=_PATIENCE_SECONDS)
        self._reading.join()
        assert self.process.stderr is not None
        self.process.stderr.close()


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _name(pid: int) -> str:
    """Which channel, and so which of the processes, it is: the writer alone listens where HTTP is written."""
    with contextlib.suppress(OSError):
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"spawn_main" in command:
            return "writer" if _listens(pid, "writer.http") else f"search of {pid}"
    return ""


def _listens(pid: int, name: str) -> bool:
    inodes = {
        line.split()[6] for line in Path("/proc/net/unix").read_text().splitlines() if line.endswith(name)
    }
    with contextlib.suppress(OSError):
        links = [str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()]
        return any(f"socket:[{inode}]" in links for inode in inodes)
    return False


def eventually(look: Callable[[], object]) -> None:
    """Wait for what other processes do."""
    waiting.eventually(look, seconds=_PATIENCE_SECONDS)


@contextlib.contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Service]:
    environment = {**os.environ, "TOOLSHED_PIPELINE": "instant", "TOOLSHED_API_KEYS": json.dumps(["root"])}
    command = [sys.executable, "-m", "toolshed", "serve", "--port", "0", "--workers", str(N_SEARCHING)]
    process = subprocess.Popen(
        [*command, *arguments], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    )
    with contextlib.closing(Service(process)) as service:
        tool = {"name": "get_forecast", "description": "Weather forecast for a city."}
        service.one.put("/v1/tools/weather:get_forecast", json=tool).raise_for_status()
        yield service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("workers")) as opened:
        yield opened
        members = children(opened.process.pid)
        assert len(members) > N_SEARCHING
    assert opened.process.returncode == 0
    # Python's own tracker of resources ends when it sees that nobody is left.
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in members))

"""Kill a service while many write to it, start it again, and look what is left of what it acknowledged."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from toolshed_evals.endurance.trials import Outcome

# The bar of issue 16: ready again in so long.
READY_SECONDS = 10.0
_START_SECONDS = 120.0
_N_OF_JOB = 400
_JOB_SECONDS = 300.0


@contextmanager
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client, float]]:
    """A service of its own process, a client of it, and the seconds until it was ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "toolshed", "serve", "--kb", str(folder), "--pipeline", "instant"]
    begun = time.monotonic()
    process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
        [*command, "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    limits = httpx.Limits(max_connections=None)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, limits=limits) as client:
            while not _is_ready(client):
                if process.poll() is not None or time.monotonic() - begun > _START_SECONDS:
                    raise RuntimeError(f"the service did not start: status {process.poll()}")
                time.sleep(0.05)
            yield process, client, time.monotonic() - begun
    finally:
        process.kill()
        process.wait()


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").is_success
    except httpx.TransportError:
        return False


# Any: JSON.
def _definition(n: int) -> dict[str, Any]:
    return {
        "name": f"tool_{n}",
        "description": " ".join([f"Does thing {n} for people."] * 20),
        "parameters": {"type": "object", "properties": {f"value_{m}": {"type": "string"} for m in range(20)}},
    }


def kill_service(folder: Path, *, n_writes: int, draw: random.Random) -> Outcome:
    """Write with many clients at once, and a job beside them; kill; start again; look.

    Args:
        folder: A fresh one.
        n_writes: Writes at once.
        draw: What the moment is drawn with.
    """
    outcome = Outcome(1)
    acknowledged: list[int] = []
    job_url: str | None = None
    with served(folder) as (process, client, _):
        jobs = {"name": "job", "tools": [_definition(n) for n in range(_N_OF_JOB)]}
        job_url = client.post("/v1/sources", json=jobs).headers["location"]
        killed_after = draw.randint(1, max(1, n_writes // 2))
        reached = threading.Event()

        def write(n: int) -> None:
            try:
                if client.put(f"/v1/tools/many:tool_{n}", json=_definition(n)).is_success:
                    acknowledged.append(n)
            except httpx.TransportError:
                return
            if len(acknowledged) >= killed_after:
                reached.set()

        with ThreadPoolExecutor(n_writes) as pool:
            for n in range(n_writes):
                pool.submit(write, n)
            reached.wait(_START_SECONDS)
            os.kill(process.pid, signal.SIGKILL)
    outcome.answers["acknowledged before the kill"] += len(acknowledged)
    outcome.answers["not acknowledged"] += n_writes - len(acknowledged)
    with served(folder) as (_, client, seconds):
        outcome.answers[f"ready again within {READY_SECONDS:g} s"] += seconds <= READY_SECONDS
        outcome.answers["ready again later"] += seconds > READY_SECONDS
        outcome.lost = [*_lost(client, set(acknowledged), n_writes), *_lost_of_job(client, job_url)]
    return outcome


def _lost(client: httpx.Client, acknowledged: set[int], n_writes: int) -> Iterator[str]:
    for n in range(n_writes):
        answer = client.get(f"/v1/tools/many:tool_{n}")
        if answer.status_code == 404:
            if n in acknowledged:
                yield f"tool {n} was acknowledged, and is gone"
        elif {name: answer.json()[name] for name in _definition(n)} != _definition(n):
            yield f"tool {n} is half done"


def _lost_of_job(client: httpx.Client, url: str) -> Iterator[str]:
    until = time.monotonic() + _JOB_SECONDS
    while (job := client.get(url).json())["finished_at"] is None and time.monotonic() < until:
        time.sleep(0.2)
    if job["status"] != "succeeded":
        yield f"the job was accepted, and is {job['status']}: {job['error']}"
    sizes = {one["name"]: one["n_tools"] for one in client.get("/v1/sources").json()["sources"]}
    if sizes.get("job") != _N_OF_JOB:
        yield f"the job has ended, and {sizes.get('job', 0)} of its {_N_OF_JOB} tools are there"


def service_kills(folder: Path, n_trials: int, *, n_writes: int, seed: int) -> Iterator[tuple[str, Outcome]]:
    """Kill a service several times, each at a moment of its own."""
    draw = random.Random(seed)  # noqa: S311  # moments, no secrets
    for n in range(n_trials):
        yield (
            f"{n_writes} writes at once",
            kill_service(folder / f"service_{n}", n_writes=n_writes, draw=draw),
        )

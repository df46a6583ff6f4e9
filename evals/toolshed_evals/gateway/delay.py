"""The gateway's own delay: the first token through it, less that of the model, beside a search alone.

The service is a process of its own; searches and streams are asked of it in turns, by as many clients at
once and as often. What the machine does besides so meets all of them alike.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np

from toolshed_evals.datasets import load_dataset
from toolshed_evals.gateway.model import MODEL, PATH, Pace, scripted_model
from toolshed_evals.scale import BASE, BASE_TOOLS, enlarged, kept_folder

_START_SECONDS = 120.0
_K = 5


@dataclass
class Seen:
    """What clients saw of one kind of request.

    Attributes:
        first_ms: Milliseconds until the first token, or the answer of a search.
        held_ms: Milliseconds from an event's leaving the model to its arrival.
        cpu_ms: CPU milliseconds of the service, in all.
    """

    first_ms: list[float] = field(default_factory=list)
    held_ms: list[float] = field(default_factory=list)
    cpu_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class _Service:
    """A service that runs: its process, and a client of it."""

    process_id: int
    client: httpx.AsyncClient

    def cpu_ms(self) -> float:
        """CPU milliseconds of the process so far."""
        text = Path(f"/proc/{self.process_id}/stat").read_text(encoding="utf-8")
        ticks = text.rpartition(")")[2].split()[11:13]
        return sum(map(int, ticks)) * 1e3 / os.sysconf("SC_CLK_TCK")


async def measure_delay(
    cache: Path, *, pace: Pace, n_streams: int, n_rounds: int, pipeline: str
) -> Mapping[str, Seen]:
    """Search, ask the model, and ask it through the gateway, in turns.

    Args:
        cache: Where the indexed catalog is kept.
        pace: How the model speaks.
        n_streams: Clients at once.
        n_rounds: Rounds of each kind; in each, every client asks once.
        pipeline: What searches.
    """
    with enlarged(BASE_TOOLS, cache):
        pass
    dataset = load_dataset(BASE)
    # Each is asked once: what was searched before is remembered.
    queries = iter([dataset.queries[query] for query in dataset.qrels])
    seen = {"search": Seen(), "model": Seen(), "gateway": Seen()}
    with TemporaryDirectory(prefix="toolshed-") as folder:
        async with (
            scripted_model(pace) as model_url,
            _running(Path(folder), kept_folder(BASE_TOOLS, cache), model_url, pipeline) as service,
            httpx.AsyncClient(base_url=model_url.removesuffix("/v1"), timeout=60) as direct,
        ):
            asked: dict[str, Callable[[str, Seen], Awaitable[None]]] = {
                "search": lambda text, into: _search(service.client, text, pace, into),
                "model": lambda text, into: _stream(direct, MODEL, text, into),
                "gateway": lambda text, into: _stream(service.client, f"toolshed/{MODEL}", text, into),
            }
            for number in range(n_rounds + 1):
                for kind, ask in asked.items():
                    # The first round warms up.
                    into = seen[kind] if number else Seen()
                    await _round(ask, queries, n_streams, service, into, pace)
    return seen


async def _round(
    ask: Callable[[str, Seen], Awaitable[None]],
    queries: Iterator[str],
    n_streams: int,
    service: _Service,
    into: Seen,
    pace: Pace,
) -> None:
    """Every client asks once; they begin spread over the time that a stream takes."""

    async def one(number: int, query: str) -> None:
        await asyncio.sleep(pace.seconds * number / n_streams)
        await ask(query, into)

    before = service.cpu_ms()
    await asyncio.gather(*(one(number, next(queries)) for number in range(n_streams)))
    into.cpu_ms += service.cpu_ms() - before


async def _search(client: httpx.AsyncClient, query: str, pace: Pace, into: Seen) -> None:
    began = time.perf_counter()
    answer = await client.post("/v1/tools/search", json={"query": query, "k": _K})
    into.first_ms.append(1e3 * (time.perf_counter() - began))
    answer.raise_for_status()
    await asyncio.sleep(pace.seconds)


async def _stream(client: httpx.AsyncClient, model: str, query: str, into: Seen) -> None:
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": query}]}
    began, n_words = time.perf_counter(), 0
    async with client.stream("POST", PATH, json=body) as answer:
        if answer.status_code != 200:
            raise RuntimeError(f"status {answer.status_code}: {(await answer.aread())[:300]!r}")
        async for line in answer.aiter_lines():
            now = time.monotonic_ns()
            if (stamp := _stamp(line)) is None:
                continue
            if not n_words:
                into.first_ms.append(1e3 * (time.perf_counter() - began))
            n_words += 1
            into.held_ms.append((now - stamp) / 1e6)
    if not n_words:
        raise RuntimeError("the stream had no words")


def _stamp(line: str) -> int | None:
    """When the model said a word; None for other lines."""
    if not line.startswith("data: {"):
        return None
    choices = json.loads(line[6:]).get("choices")
    said = choices[0]["delta"].get("content") if choices else None
    return int(said) if said else None


@asynccontextmanager
async def _running(folder: Path, shed: Path, model_url: str, pipeline: str) -> AsyncIterator[_Service]:
    """A service of its own process, with a gateway to the model and a budget to keep."""
    file = folder / "gateway.json"
    upstream = {"base_url": model_url, "dialects": ["chat"], "models": [MODEL]}
    file.write_text(json.dumps({"upstreams": {"model": upstream}, "budgets": [{"limit_usd": 100}]}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "toolshed", "serve", "--kb", str(shed), "--pipeline", pipeline]
    state = {"TOOLSHED_LEDGER": str(folder / "ledger.db"), "TOOLSHED_STATE": str(folder / "state.db")}
    process = subprocess.Popen(  # noqa: S603  # our own interpreter and module; begun once
        [*command, "--port", str(port)],
        env={**os.environ, **state, "TOOLSHED_GATEWAY": str(file)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            await _ready(client, process)
            yield _Service(process.pid, client)
    finally:
        process.terminate()
        process.wait()


async def _ready(client: httpx.AsyncClient, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            if (await client.get("/readyz")).is_success:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.05)
    raise RuntimeError(f"the service did not start: status {process.poll()}")


def summary(seen: Mapping[str, Seen]) -> Mapping[str, float]:
    """The figures: delays in milliseconds, and what they are of a search."""
    search, model, gateway = (seen[kind] for kind in ("search", "model", "gateway"))
    n = len(search.first_ms)
    figures = {"requests of each kind": float(n)}
    for share in (50, 95):
        alone, direct = (_percentile(one.first_ms, share) for one in (search, model))
        delay = _percentile(gateway.first_ms, share) - direct
        figures |= {
            f"search p{share}, ms": alone,
            f"model's first token p{share}, ms": direct,
            f"gateway's own delay p{share}, ms": delay,
            f"gateway's own delay / search, p{share}": delay / alone,
        }
    for share in (50, 95):
        held = [_percentile(one.held_ms, share) for one in (gateway, model)]
        figures[f"an event held back p{share}, ms"] = held[0] - held[1]
    return figures | {
        "search, CPU ms of the service": search.cpu_ms / n,
        "stream, CPU ms of the service": gateway.cpu_ms / n,
    }


def _percentile(values: Sequence[float], share: int) -> float:
    return float(np.percentile(values, share))

"""Peers searched beside our pipelines, each in an environment and a process of its own."""

import base64
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from types import TracebackType
from typing import IO, Any, Self

import numpy as np

from toolshed.errors import ConfigurationError
from toolshed.pre_retrieval.documents import readable_name
from toolshed.vectors import Vectors
from toolshed_evals.bench.speed import OurPipeline
from toolshed_evals.datasets import Dataset, dataset_tool_id

_WORKER = Path(__file__).with_name("peer_worker.py")
_K = 5
_INSTALL_SECONDS, _INDEX_SECONDS, _SEARCH_SECONDS = 900.0, 900.0, 120.0
# A slow peer is asked fewer queries, down to so many.
_MOST_SECONDS, _FEWEST = 120.0, 5

# By name, what is installed for each; the worker's own modules need no more.
PEERS: Mapping[str, Sequence[str]] = {
    "bm25s": ("bm25s>=0.2,<1",),
    "rank-bm25": ("rank-bm25>=0.2,<1",),
    "fastmcp": ("fastmcp>=3,<4",),
    "pydantic-ai": ("pydantic-ai-slim",),
    "haystack": ("haystack-ai>=2,<3",),
    "ratel-ai": ("ratel-ai",),
    "graph-tool-call": ("graph-tool-call",),
    "langgraph-bigtool": ("langgraph-bigtool", "numpy"),
    "llamaindex": ("llama-index-core>=0.14,<1",),
    "chroma": ("chromadb>=1,<2",),
    "qdrant-local": ("qdrant-client>=1.15,<2",),
}
NOT_COMPARED = {
    "tool search of Anthropic and OpenAI, Composio": "paid services; how they search is not told",
    "ratel-ai, semantic and hybrid": "download models of their own",
    "mcpproxy-go, ToolHive, Spring AI, LiteLLM": "programs of other languages, or parts of a gateway",
}
Encode = Callable[[Sequence[str]], Vectors]


class PeerError(Exception):
    """A peer cannot be installed, or does not do what was asked of it."""


@dataclass(frozen=True, slots=True)
class PeerFigures:
    """What a peer took, and what our pipelines took in the same rounds.

    Attributes:
        n_queries: Queries that were asked.
        p50_ms: Median CPU time of a search, milliseconds, the encoder's included where it needs one.
        encoder_ms: That of the encoder, in the mean.
        recall: Recall@5.
        index_cpu_s: CPU seconds to index, without the encoder's.
        ours_ms: Median CPU time of each of our pipelines on the same queries.
        load: Load average of the machine meanwhile.
    """

    n_queries: int
    p50_ms: float
    encoder_ms: float
    recall: float
    index_cpu_s: float
    ours_ms: Mapping[str, float]
    load: float


def environment(name: str, folder: Path) -> Path:
    """The interpreter of a peer's environment, which is made when it is not there yet.

    Raises:
        PeerError: If it cannot be installed.
    """
    place = folder / name
    python = place / "bin" / "python"
    wanted, installed = "\n".join(PEERS[name]), place / "requirements.txt"
    if installed.exists() and installed.read_text(encoding="utf-8") == wanted:
        return python
    _called([sys.executable, "-m", "venv", "--without-pip", "--clear", str(place)])
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "--quiet"]
    _called([*pip, "install", *PEERS[name]])
    installed.write_text(wanted, encoding="utf-8")
    return python


def _called(command: Sequence[str]) -> None:
    try:
        subprocess.run(  # noqa: S603  # our own interpreter
            command, check=True, capture_output=True, text=True, timeout=_INSTALL_SECONDS
        )
    except subprocess.CalledProcessError as error:
        said = [line for line in error.stderr.splitlines() if line.strip()] or ["nothing was said"]
        raise PeerError(f"it cannot be installed: {said[-1][:300]}") from error
    except subprocess.TimeoutExpired as error:
        raise PeerError(f"it is not installed after {_INSTALL_SECONDS:g} s") from error


class PeerProcess:
    """A peer at work.

    Args:
        name: Which one.
        python: The interpreter of its environment.
        encode: What encodes the texts that it asks to be encoded.
    """

    def __init__(self, name: str, python: Path, encode: Encode) -> None:
        self._name, self._encode = name, encode
        self.encoder_ms = 0.0
        env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        self._said = TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  # closed with the process
        self._process = subprocess.Popen(  # noqa: S603  # our own script
            [str(python), str(_WORKER), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            env={**env, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._said):
            if stream is not None:
                stream.close()

    def index(self, tools: Path) -> Mapping[str, Any]:
        """Index the tools of a file; says what it took."""
        return self._asked({"tools": str(tools)}, _INDEX_SECONDS)

    def search(self, query: str, k: int) -> tuple[Sequence[str], float]:
        """The ids of the best tools, and the milliseconds of CPU with those of the encoder."""
        before = self.encoder_ms
        answer = self._asked({"query": query, "k": k}, _SEARCH_SECONDS)
        return answer["found"], answer["cpu_ms"] + self.encoder_ms - before

    def _asked(self, order: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        self._write(order)
        while True:
            try:
                line = self._answers.get(timeout=seconds)
            except queue.Empty:
                raise PeerError(f"it did not answer within {seconds:g} s") from None
            if not line:
                raise self._ended()
            answer: dict[str, Any] = json.loads(line)
            if "encode" not in answer:
                return answer
            started = time.process_time()
            vectors = self._encode(answer["encode"])
            self.encoder_ms += (time.process_time() - started) * 1000
            self._write({"vectors": base64.b64encode(vectors.astype(np.float32).tobytes()).decode()})

    def _write(self, order: Mapping[str, Any]) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        try:
            pipe.write(json.dumps(order) + "\n")
            pipe.flush()
        except BrokenPipeError as error:
            raise self._ended() from error

    def _ended(self) -> PeerError:
        status = self._process.wait()
        self._said.seek(0)
        last = next(
            (line for line in reversed(self._said.read().splitlines()) if line.strip()), "nothing said"
        )
        return PeerError(f"it ended with status {status}: {last[:300]}")

    def _listen(self) -> None:
        stream: IO[str] | None = self._process.stdout
        assert stream is not None
        for line in stream:
            self._answers.put(line)
        self._answers.put("")


def own_recall(dataset: Dataset, queries: Sequence[str], ours: Mapping[str, OurPipeline]) -> dict[str, float]:
    """Recall@5 of our pipelines on these queries; a query that is refused finds nothing."""

    def recall(call: OurPipeline, query: str) -> float:
        found = call(dataset.queries[query]).tools
        return _recall(dataset, query, [dataset_tool_id(one.tool) for one in found])

    return {name: float(np.mean([recall(call, query) for query in queries])) for name, call in ours.items()}


def _recall(dataset: Dataset, query: str, found: Sequence[str]) -> float:
    needed = dataset.qrels[query]
    return len(needed & set(found[:_K])) / len(needed)


def measured(
    names: Sequence[str],
    environments: Path,
    dataset: Dataset,
    queries: Sequence[str],
    encode: Encode,
    ours: Callable[[], Mapping[str, OurPipeline]],
) -> Iterator[tuple[str, PeerFigures | PeerError]]:
    """What each peer took, or why it has no figures; see :func:`measure_peer`.

    Ours are made anew for each peer: pipelines remember the vectors of the queries that they were asked.
    """
    for name in names:
        try:
            python = environment(name, environments)
            yield name, measure_peer(name, python, dataset, queries, encode, ours())
        except PeerError as error:
            yield name, error


def measure_peer(
    name: str,
    python: Path,
    dataset: Dataset,
    queries: Sequence[str],
    encode: Encode,
    ours: Mapping[str, OurPipeline],
) -> PeerFigures:
    """Index a data set and search it, in turns with our pipelines.

    Args:
        name: The peer.
        python: Its interpreter.
        dataset: Tools and what each query needs.
        queries: Which of its queries are asked, by id.
        encode: The encoder that all get.
        ours: Our pipelines by name.

    Raises:
        PeerError: If it fails.
    """
    with TemporaryDirectory(prefix="toolshed-bench-") as folder, PeerProcess(name, python, encode) as peer:
        tools = Path(folder) / "tools.json"
        tools.write_text(json.dumps(_tools(dataset)), encoding="utf-8")
        indexed = peer.index(tools)
        # The first search of each loads what is loaded when it is first needed.
        for call in (lambda text: peer.search(text, _K), *ours.values()):
            call("show me the weather")
        return _in_turns(peer, indexed, dataset, queries, ours)


def _in_turns(
    peer: PeerProcess,
    indexed: Mapping[str, Any],
    dataset: Dataset,
    queries: Sequence[str],
    ours: Mapping[str, OurPipeline],
) -> PeerFigures:
    before, started = peer.encoder_ms, time.monotonic()
    times: list[float] = []
    recalls: list[float] = []
    own: dict[str, list[float]] = {name: [] for name in ours}
    for query in queries:
        if len(times) >= _FEWEST and time.monotonic() - started > _MOST_SECONDS:
            break
        found, took = peer.search(dataset.queries[query], _K)
        times.append(took)
        recalls.append(_recall(dataset, query, found))
        for name, call in ours.items():
            begun = time.process_time()
            call(dataset.queries[query])
            own[name].append((time.process_time() - begun) * 1000)
    return PeerFigures(
        n_queries=len(times),
        p50_ms=float(np.median(times)),
        encoder_ms=(peer.encoder_ms - before) / len(times),
        recall=float(np.mean(recalls)),
        index_cpu_s=indexed["cpu_seconds"],
        ours_ms={name: float(np.median(values)) for name, values in own.items()},
        load=os.getloadavg()[0],
    )


def _tools(dataset: Dataset) -> list[dict[str, Any]]:
    return [
        {
            "id": dataset_tool_id(tool),
            "name": readable_name(tool.name),
            "description": tool.description,
            "parameters": tool.parameters,
        }
        for tool in dataset.catalog.tools
    ]


def chosen_peers(names: Sequence[str]) -> Sequence[str]:
    """The peers of these names; all where none is named.

    Raises:
        ConfigurationError: If there is none of a name.
    """
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        raise ConfigurationError(f"unknown peer {unknown[0]!r}; choose among {', '.join(PEERS)}")
    return names or list(PEERS)

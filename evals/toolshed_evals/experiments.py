"""Experiments: run a pipeline over a data set, record everything, compare two runs."""

import json
import math
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from toolshed.backbones.recorded import ReplayedChat
from toolshed.errors import SourceError
from toolshed.indexing.tools import unwatched
from toolshed.options import Progress
from toolshed_evals.datasets import Dataset, read_plans
from toolshed_evals.measures import PerQuery, means, measure
from toolshed_evals.retrievers import Retriever, make_retriever

_N_RESAMPLES = 10_000
_SEED = 20_241_018


@dataclass(frozen=True)
class Experiment:
    """The record of one pipeline on one data set.

    Attributes:
        stages: The pipeline's stages and settings, in words.
        commit: Commit of the working tree, ``-dirty`` when it was changed; None outside a checkout.
        checksum: Checksum of the data set.
        latency_ms: Percentiles of one search, one after the other, the first (which loads) left out.
        run: Tool ids by query id, best first.
        per_query: Values by query, by measure.
    """

    dataset: str
    n_tools: int
    n_queries: int
    pipeline: str
    stages: str
    commit: str | None
    checksum: str
    metrics: dict[str, float]
    latency_ms: dict[str, float]
    index_seconds: float
    run: dict[str, list[str]] = field(repr=False)
    per_query: PerQuery = field(repr=False)

    def summary(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        record = asdict(self)
        return {
            **{k: record[k] for k in ("dataset", "n_tools", "n_queries", "pipeline", "commit")},
            "metrics": {name: round(value, 5) for name, value in self.metrics.items()},
            "latency_ms": {name: round(value, 3) for name, value in self.latency_ms.items()},
            "index_seconds": round(self.index_seconds, 3),
        }


def run_experiment(
    dataset: Dataset,
    pipeline: str,
    *,
    tick: Progress = unwatched,
    index_threads: int = 1,
    limit: int | None = None,
    enhancements: str | None = None,
    plans: Path | None = None,
    replay: Path | None = None,
) -> Experiment:
    """Index the tools, search every judged query one at a time, and measure.

    Args:
        dataset: What to run on.
        pipeline: A named pipeline or ``bm25-paper``.
        tick: Told after every query.
        index_threads: Threads of the encoder, for indexing and searching alike.
        limit: Only so many queries, for a quick look.
        enhancements: File of enhancements of the tools.
        plans: File of plans of the queries.
        replay: Recording of a model's replies, which plans, reranks and reflects.

    Raises:
        SourceError: If the file of plans is none.
        MissingReplyError: If the recording lacks a reply.
    """
    qrels = dict(list(dataset.qrels.items())[:limit])
    with make_retriever(
        pipeline,
        encoder_threads=index_threads,
        enhancements=enhancements,
        plans=None if plans is None else read_plans(plans, dataset),
        chat=None if replay is None else ReplayedChat(replay),
    ) as retriever:
        started = time.perf_counter()
        retriever.index(dataset)
        index_seconds = time.perf_counter() - started
        stages = repr(retriever)
        run, latency_ms = _searched(retriever, {query: dataset.queries[query] for query in qrels}, tick)
    values = measure(run, qrels)
    return Experiment(
        dataset=dataset.name,
        n_tools=len(dataset.catalog.tools),
        n_queries=len(qrels),
        pipeline=pipeline,
        stages=stages,
        commit=_commit(),
        checksum=dataset.checksum,
        metrics=means(values),
        latency_ms=latency_ms,
        index_seconds=index_seconds,
        run=run,
        per_query=values,
    )


def _searched(
    retriever: Retriever, queries: Mapping[str, str], tick: Progress
) -> tuple[dict[str, list[str]], dict[str, float]]:
    """What each query found, and percentiles of the milliseconds that it took."""
    run: dict[str, list[str]] = {}
    latencies: list[float] = []
    for done, (query_id, query) in enumerate(queries.items(), start=1):
        started = time.perf_counter()
        run[query_id] = list(retriever.rank(query))
        latencies.append((time.perf_counter() - started) * 1000)
        tick(done, len(queries))
    return run, {f"p{p}": float(np.percentile(latencies, p)) for p in (50, 95, 99)}


def _commit() -> str | None:
    """Commit of the code that ran, when it runs from a checkout."""
    folder = Path(__file__).parent
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],  # noqa: S607  # git of the user's PATH
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()


def save_experiment(experiment: Experiment, folder: Path) -> Path:
    """Write the record as JSON and the run in TREC form; returns the JSON's path.

    Raises:
        SourceError: If the folder cannot be written to.
    """
    try:
        return _save(experiment, folder)
    except OSError as error:
        raise SourceError(f"the run cannot be written to {str(folder)!r}: {error.strerror}") from error


def _save(experiment: Experiment, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{experiment.dataset}.{experiment.pipeline}"
    lines = [
        f"{query} Q0 {tool} {rank} {1 / rank:.6f} {experiment.pipeline}"
        for query, tools in experiment.run.items()
        for rank, tool in enumerate((_trec_id(t) for t in tools), start=1)
    ]
    (folder / f"{stem}.run").write_text("\n".join(lines) + "\n", encoding="utf-8")
    path = folder / f"{stem}.json"
    path.write_text(json.dumps(asdict(experiment), indent=1, ensure_ascii=False), encoding="utf-8")
    return path


def _trec_id(tool_id: str) -> str:
    # TREC files are separated by white space.
    return "_".join(tool_id.split())


def load_experiments(folder: Path) -> list[Experiment]:
    """Every experiment saved in a folder, by file name.

    Raises:
        SourceError: If a file is not the record of an experiment.
    """
    experiments = []
    for path in sorted(folder.glob("*.json")):
        try:
            experiments.append(Experiment(**json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError) as error:
            raise SourceError(f"{str(path)!r} is not the record of an experiment: {error}") from error
    return experiments


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better one run is than another on the same queries.

    Attributes:
        mean: Mean difference of the measure.
        low: Lower end of the 95 % bootstrap interval.
        high: Upper end.
        p_value: Two-sided paired randomisation test.
    """

    mean: float
    low: float
    high: float
    p_value: float


def paired_difference(first: Mapping[str, float], second: Mapping[str, float]) -> Difference:
    """Compare per-query values of ``first`` against ``second``.

    Raises:
        SourceError: If they do not cover the same queries.
    """
    if first.keys() != second.keys():
        raise SourceError("the two runs do not cover the same queries, so they cannot be paired")
    differences = np.array([first[query] - second[query] for query in sorted(first)])
    low, high = bootstrap_interval(differences)
    return Difference(float(differences.mean()), low, high, _randomisation_p(differences))


def bootstrap_interval(values: Sequence[float] | np.ndarray[Any, Any]) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean."""
    array = np.asarray(values, dtype=float)
    random = np.random.default_rng(_SEED)
    # In blocks: 10,000 resamples of 20,000 queries at once would take a gigabyte and a half.
    block = max(1, 20_000_000 // max(1, len(array)))
    resampled = [
        array[random.integers(0, len(array), (min(block, _N_RESAMPLES - start), len(array)))].mean(axis=1)
        for start in range(0, _N_RESAMPLES, block)
    ]
    low, high = np.percentile(np.concatenate(resampled), [2.5, 97.5])
    return float(low), float(high)


def _randomisation_p(differences: np.ndarray[Any, Any]) -> float:
    nonzero = differences[differences != 0]
    if not len(nonzero):
        return 1.0
    # Signs of many small differences: the normal limit of the randomisation distribution is exact
    # enough, and it is needed where 10,000 resamples would only say "below 1/10,000".
    if len(nonzero) > 2_000:
        z = abs(nonzero.sum()) / math.sqrt(float((nonzero**2).sum()))
        return math.erfc(z / math.sqrt(2))
    random = np.random.default_rng(_SEED)
    signs = random.integers(0, 2, (_N_RESAMPLES, len(nonzero)), dtype=np.int8) * 2 - 1
    extreme = np.abs(signs @ nonzero) >= abs(nonzero.sum()) - 1e-12
    return float((extreme.sum() + 1) / (_N_RESAMPLES + 1))

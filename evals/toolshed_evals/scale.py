"""Seal-Tools enlarged by recombined tools: time and memory over the size of a catalog."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toolshed.indexing.tools import unwatched
from toolshed.intra_retrieval.catalog_index import CatalogIndex
from toolshed.knowledge_base.tools import TOOL_LAYOUT
from toolshed.options import PipelineName, Progress
from toolshed.pipelines import Ingredients, build_pipeline
from toolshed.queries import Query
from toolshed.shed.shed import Toolshed
from toolshed.stages import run_blocking
from toolshed_evals.datasets import Dataset, dataset_tool_id, load_dataset
from toolshed_evals.recombined import recombined

BASE = "sealtools-test-in"
# The size that others are compared with: the data set as it is.
BASE_TOOLS = 4_076
_K = 5
_SECONDS = 1_800


@contextmanager
def enlarged(
    n_tools: int, cache: Path, *, progress: Progress = unwatched
) -> Iterator[tuple[Dataset, Ingredients]]:
    """The data set, and its tools among so many, as pipelines search them; kept, so that it is done once.

    Raises:
        KnowledgeBaseError: If the folder is in use or cannot be written to.
    """
    dataset = load_dataset(BASE)
    with Toolshed(kept_folder(n_tools, cache), pipeline="default", multilingual=False) as shed:
        shed.add_catalogs([dataset.catalog], skip_invalid=True, replace=True, progress=progress)
        store = shed.knowledge_base
        own = {"source": [dataset.catalog.source]}
        n_more = n_tools - store.count(own)
        if store.count() < n_tools:
            records = sorted(store.scan(own), key=lambda record: record.tool_id)
            for batch in recombined(records, n_more, shed.encoders.static):
                store.upsert(batch)
        yield dataset, Ingredients(CatalogIndex(store), shed.encoders.read)


def kept_folder(n_tools: int, cache: Path) -> Path:
    """Where the tools of :func:`enlarged` are kept."""
    return cache / f"{BASE}-{n_tools}-layout-{TOOL_LAYOUT.version}"


@dataclass(frozen=True, slots=True)
class AtSize:
    """What one pipeline took over so many tools, in a process of its own.

    Attributes:
        n_tools: How many.
        p50_ms: Median CPU time of a search, milliseconds.
        opening_cpu_s: CPU seconds until the first search is answered, the encoders' loading included.
        n_bytes_more: Resident bytes above those of the process with its encoders, before it opened anything.
        n_private_more: Those of them that are no pages of files, which processes share and can do without.
        recall: Recall@5.
    """

    n_tools: int
    p50_ms: float
    opening_cpu_s: float
    n_bytes_more: int
    n_private_more: int
    recall: float


def measure_size(n_tools: int, pipeline: PipelineName, n_queries: int, cache: Path) -> AtSize:
    """Measure in a process of its own; the catalog is made, and its matrices are, when they are not yet."""
    with enlarged(n_tools, cache) as (_, made_of):
        run_blocking(build_pipeline("default", made_of), Query("make what is kept"))
    command = [sys.executable, "-m", __name__, str(kept_folder(n_tools, cache)), pipeline, str(n_queries)]
    done = subprocess.run(  # noqa: S603  # our own interpreter and module
        command, capture_output=True, text=True, timeout=_SECONDS, check=True
    )
    return AtSize(**json.loads(done.stdout))


def summary(measured: Sequence[AtSize]) -> Mapping[str, float]:
    """The figures of one pipeline over sizes, the first of which the others are compared with."""
    base = measured[0]
    return {
        f"{one.n_tools:,} tools: {name}": value
        for one in measured
        for name, value in {
            "p50 CPU ms": one.p50_ms,
            f"p50 / that of {base.n_tools:,} tools": one.p50_ms / base.p50_ms,
            "opening and first search, CPU s": one.opening_cpu_s,
            "resident bytes a tool": one.n_bytes_more / one.n_tools,
            "of these private": one.n_private_more / one.n_tools,
            "Recall@5": one.recall,
        }.items()
    }


def _measured(folder: Path, pipeline: PipelineName, n_queries: int) -> AtSize:
    dataset = load_dataset(BASE)
    texts = {query: dataset.queries[query] for query in list(dataset.qrels)[:n_queries]}
    # What encoders take is theirs whatever the size of a catalog.
    with Toolshed("memory:", pipeline=pipeline) as nothing:
        encoders = nothing.encoders.read
        for encoder in encoders.values():
            encoder.encode(["warm up"])
    before, started = resident(), time.process_time()
    times, recalls = [], []
    with Toolshed(folder, pipeline=pipeline) as shed:
        shed.search("warm up")
        opening = time.process_time() - started
        for query, text in texts.items():
            begun = time.process_time()
            found = shed.search(text, _K, abstain_below=0.0)
            times.append((time.process_time() - begun) * 1000)
            needed = dataset.qrels[query]
            recalls.append(len(needed & {dataset_tool_id(one.tool) for one in found.tools}) / len(needed))
        n_tools, after = shed.knowledge_base.count(), resident()
    every, private = (after[kind] - before[kind] for kind in ("VmRSS", "RssAnon"))
    return AtSize(n_tools, float(np.median(times)), opening, every, private, float(np.mean(recalls)))


def resident() -> Mapping[str, int]:
    """Bytes of memory of this process that are really there, by kind."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    fields = (line.split() for line in lines if line.startswith(("VmRSS:", "RssAnon:")))
    return {field[0].removesuffix(":"): int(field[1]) * 1024 for field in fields}


if __name__ == "__main__":
    from dataclasses import asdict

    place, name, count = sys.argv[1:]
    print(json.dumps(asdict(_measured(Path(place), name, int(count)))))  # type: ignore[arg-type]  # noqa: T201  # checked by the command; the protocol with the parent

"""Indexing: CPU time of tools that are new, and of the same ones again."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from toolshed.backbones.minilm import MiniLMEncoder
from toolshed.catalog.definitions import Catalog
from toolshed.options import PipelineName
from toolshed.shed.shed import Toolshed
from toolshed_evals.datasets import load_dataset
from toolshed_evals.scale import BASE


@dataclass(frozen=True, slots=True)
class IndexingFigures:
    """CPU milliseconds a tool.

    Attributes:
        n_tools: How many tools.
        new_ms: Of new tools by pipeline; ``fp32`` is ``default`` with its encoder in 32 bits.
        unchanged_ms: Of the same tools again, by pipeline.
        load: Load average of the machine meanwhile.
    """

    n_tools: int
    new_ms: dict[str, float]
    unchanged_ms: dict[str, float]
    load: float


def measure_indexing(n_tools: int) -> IndexingFigures:
    """Index tools of Seal-Tools with each pipeline, each into a folder of its own."""
    every = load_dataset(BASE).catalog
    catalog = replace(every, tools=every.tools[:n_tools])
    opened: dict[str, Callable[[Path], Toolshed]] = {
        "default": lambda folder: _open(folder, "default"),
        "instant": lambda folder: _open(folder, "instant"),
        "fp32": lambda folder: Toolshed(folder, encoder=MiniLMEncoder("fp32")),
    }
    taken = {name: _indexed(open_at, catalog) for name, open_at in opened.items()}
    return IndexingFigures(
        len(catalog.tools),
        {name: new for name, (new, _) in taken.items()},
        {name: again for name, (_, again) in taken.items()},
        os.getloadavg()[0],
    )


def _open(folder: Path, pipeline: PipelineName) -> Toolshed:
    return Toolshed(folder, pipeline=pipeline)


def _indexed(open_at: Callable[[Path], Toolshed], catalog: Catalog) -> tuple[float, float]:
    with TemporaryDirectory(prefix="toolshed-bench-") as folder, open_at(Path(folder) / "shed") as shed:
        for encoder in (shed.encoders.static, *shed.encoders.read.values()):
            encoder.encode(["load what is loaded when it is first needed"])
        times = []
        for _ in range(2):
            started = time.process_time()
            shed.sync_catalogs([catalog], skip_invalid=True)
            times.append((time.process_time() - started) * 1000 / len(catalog.tools))
    return times[0], times[1]

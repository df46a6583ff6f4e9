"""Cold starts: the CPU time of one ``toolshed search`` from the command line, interpreter and all."""

import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolshed_evals.scale import BASE_TOOLS, enlarged, kept_folder

_SECONDS = 300
_QUERY = "email Ana the weather in Lisbon tomorrow"
# What any program with numpy takes before it does anything.
_FLOOR = "import click, numpy"


@dataclass(frozen=True, slots=True)
class ColdFigures:
    """Median CPU seconds of a process.

    Attributes:
        cpu_s: By pipeline; ``floor`` is an interpreter that imports numpy and click, and ends.
        load: Load average of the machine meanwhile.
    """

    cpu_s: Mapping[str, float]
    load: float


def measure_cold(n_runs: int, cache: Path) -> ColdFigures:
    """Search the 4,076 tools of Seal-Tools so many times with each pipeline, in turns."""
    with enlarged(BASE_TOOLS, cache):
        folder = kept_folder(BASE_TOOLS, cache)
    search = [sys.executable, "-m", "toolshed.commands.main", "search", _QUERY, "--kb", str(folder)]
    commands = {
        "floor": [sys.executable, "-c", _FLOOR],
        **{name: [*search, "--pipeline", name] for name in ("default", "instant")},
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(n_runs + 1):
        for name, command in commands.items():
            taken[name].append(_cpu_seconds(command))
    # The first of each makes what is kept: compiled modules, the matrices of the tools.
    return ColdFigures(
        {name: statistics.median(times[1:]) for name, times in taken.items()}, os.getloadavg()[0]
    )


def _cpu_seconds(command: Sequence[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, capture_output=True, check=True, timeout=_SECONDS)  # noqa: S603  # our own interpreter
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

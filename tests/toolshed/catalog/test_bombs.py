"""Bombs are read in processes of their own: one that hangs or fills the memory fails its test."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.toolshed.catalog.bombs import BOUNDED, REFUSED, Bomb

# The bar is one second, and 200 MB above what the imports take. A shared machine may take several times that
# for the same work; what grows without a bound takes far longer on any.
_CPU_SECONDS, _BYTES = 12, 200 * 2**20
_PROGRAM = """
import resource, sys
from toolshed.catalog.sources import read_source
from toolshed.errors import SourceError

cpu_seconds, n_bytes = int(sys.argv[2]), int(sys.argv[3])
used = resource.getrusage(resource.RUSAGE_SELF)
begun = used.ru_utime + used.ru_stime
resource.setrlimit(resource.RLIMIT_CPU, (int(begun) + 20, int(begun) + 21))
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + n_bytes,) * 2)
try:
    catalog = read_source(sys.argv[1])
    said = f"{len(catalog.tools)} tools, {len(catalog.invalid)} invalid"
except SourceError as error:
    assert len(str(error)) < 2_000, len(str(error))
    said = f"refused: {error}"
used = resource.getrusage(resource.RUSAGE_SELF)
print(f"{used.ru_utime + used.ru_stime - begun:.2f}", said)
"""


def read_in_a_process(bomb: Bomb, folder: Path) -> str:
    """What reading gave; fails when it took too long, too much memory, or ended in another error."""
    name, content = bomb
    path = folder / name
    path.write_text(content(), encoding="utf-8")
    command = [sys.executable, "-c", _PROGRAM, str(path), str(_CPU_SECONDS), str(_BYTES)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr[-2_000:]
    seconds, _, said = ended.stdout.partition(" ")
    assert float(seconds) < _CPU_SECONDS, ended.stdout[:500]
    return said.strip()


@pytest.mark.parametrize("bomb", [pytest.param(bomb, id=name) for name, bomb in REFUSED.items()])
def test_a_bomb_is_refused_soon_and_in_little_memory(bomb: Bomb, tmp_path: Path) -> None:
    said = read_in_a_process(bomb, tmp_path)
    assert said.startswith(("refused: ", "0 tools, "))


@pytest.mark.parametrize("bomb", [pytest.param(bomb, id=name) for name, bomb in BOUNDED.items()])
def test_what_a_document_comes_to_is_bounded(bomb: Bomb, tmp_path: Path) -> None:
    assert read_in_a_process(bomb, tmp_path)


def test_there_are_forty_forms() -> None:
    assert len(REFUSED) >= 40

"""Bombs are read in processes of their own: one that hangs or fills the memory fails its test."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.toolshed.catalog.bombs import BOUNDED, REFUSED, Bomb

# The bar is one second, and 200 MB above what the imports take. A shared machine may take several times that
# for the same work; what grows without a bound takes far longer on any.
_CPU_SECONDS, _BYTES = 12, 200 * 2**20
# Imports once, and forks for each file it is told.
_PROGRAM = """
import json, os, resource, sys, traceback
from toolshed.catalog.sources import read_source
from toolshed.errors import SourceError

n_bytes = int(sys.argv[1])

def read(path):
    resource.setrlimit(resource.RLIMIT_CPU, (20, 21))
    pages = int(open("/proc/self/statm").read().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + n_bytes,) * 2)
    try:
        catalog = read_source(path)
        said = f"{len(catalog.tools)} tools, {len(catalog.invalid)} invalid"
    except SourceError as error:
        assert len(str(error)) < 2_000, len(str(error))
        said = f"refused: {error}"
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{used.ru_utime + used.ru_stime:.2f}", said)

for line in sys.stdin:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        status = 1
        try:
            read(json.loads(line))
            status = 0
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(status)
    os.close(writing)
    with open(reading, encoding="utf-8") as told:
        said = told.read()
    print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said]), flush=True)
"""
Read = Callable[[Path], str]


@pytest.fixture(scope="module")
def read_in_a_process() -> Iterator[Read]:
    """What reading a file gave; fails when it took too long, too much memory, or ended in another error."""
    command = [sys.executable, "-c", _PROGRAM, str(_BYTES)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def read(path: Path) -> str:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{json.dumps(str(path))}\n")
            process.stdin.flush()
            status, told = json.loads(process.stdout.readline())
            assert status == 0, told[-2_000:]
            seconds, _, said = told.partition(" ")
            assert float(seconds) < _CPU_SECONDS, told[:500]
            return str(said).strip()

        yield read


def written(bomb: Bomb, folder: Path) -> Path:
    name, content = bomb
    path = folder / name
    path.write_text(content(), encoding="utf-8")
    return path


@pytest.mark.parametrize("bomb", [pytest.param(bomb, id=name) for name, bomb in REFUSED.items()])
def test_a_bomb_is_refused_soon_and_in_little_memory(
    read_in_a_process: Read, bomb: Bomb, tmp_path: Path
) -> None:
    said = read_in_a_process(written(bomb, tmp_path))
    assert said.startswith(("refused: ", "0 tools, "))


@pytest.mark.parametrize("bomb", [pytest.param(bomb, id=name) for name, bomb in BOUNDED.items()])
def test_what_a_document_comes_to_is_bounded(read_in_a_process: Read, bomb: Bomb, tmp_path: Path) -> None:
    assert read_in_a_process(written(bomb, tmp_path))


def test_there_are_forty_forms() -> None:
    assert len(REFUSED) >= 40

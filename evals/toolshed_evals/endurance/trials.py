"""Trials of a knowledge base: each says what was lost, an empty list where nothing was."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from toolshed.catalog.definitions import Catalog
from toolshed.documents import joined_text
from toolshed.shed.shed import Toolshed
from toolshed_evals.endurance.workers import KILLED, document, open_shed, tools_of

_SECONDS = 300


@dataclass(slots=True)
class Outcome:
    """What came of a kind of trial.

    Attributes:
        n_trials: How many there were.
        answers: How often each thing was said or seen.
        lost: What should be there and is not, in words.
    """

    n_trials: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)


def _command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "toolshed_evals.endurance.workers", *map(str, arguments)]


def race(folder: Path, n_processes: int) -> Outcome:
    """Let processes create one folder, index into it and remove from it at once."""
    outcome = Outcome(1)
    processes = [
        subprocess.Popen(  # noqa: S603  # our own interpreter and module
            _command("race", folder, f"s{n}"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for n in range(n_processes)
    ]
    with ThreadPoolExecutor(n_processes) as pool:
        answers = list(pool.map(lambda one: one.communicate("go\n", timeout=_SECONDS)[0].strip(), processes))
    with open_shed(folder) as shed:
        stored = set(shed.list_tools())
        lost = shed.damages()
    for n, answer in enumerate(answers):
        outcome.answers[answer.split(" ")[0] or "died"] += 1
        expected = {f"s{n}:tool_{m}" for m in range(10, 40)} if answer == "stored 10" else set()
        found = {tool_id for tool_id in stored if tool_id.startswith(f"s{n}:")}
        if found != expected:
            lost.append(f"process {n} of {n_processes} said {answer!r}, and {len(found)} tools are there")
    outcome.lost = lost
    return outcome


@dataclass(slots=True)
class _Heard:
    """What a writer said so far: see ``workers``."""

    acknowledged: int = 0
    n_writes: int = 0
    is_writing: bool = False

    def line(self, said: str) -> str:
        """Take in a line; returns its first word."""
        word, _, count = said.strip().partition(" ")
        if word == "done":
            self.acknowledged = int(count)
        self.n_writes += word == "write"
        self.is_writing = word == "write"
        return word


def kill(kind: str, folder: Path, *, inside_write: bool, draw: random.Random) -> Outcome:
    """Kill a process that writes, at a random moment or inside one of its writes, and look what is left."""
    with open_shed(folder) as shed:
        shed.add_catalogs([Catalog("old", tools_of("old"))])
    heard = _Heard()
    process = subprocess.Popen(_command(kind, folder), stdout=subprocess.PIPE, text=True)  # noqa: S603  # ours
    watchdog = threading.Timer(_SECONDS, process.kill)
    watchdog.start()
    assert process.stdout is not None
    with process.stdout as lines:
        wanted = draw.randint(1, 3)
        for line in lines:
            word = heard.line(line)
            if heard.n_writes == wanted and (word == "write" or not inside_write):
                # A write takes some 5 to 60 ms here.
                time.sleep(draw.uniform(0, 0.05 if inside_write else 0.3))
                break
        os.kill(process.pid, signal.SIGKILL)
        # What it still said was said before it died.
        for line in lines:
            heard.line(line)
    watchdog.cancel()
    outcome = Outcome(1)
    was_killed = process.wait() == -signal.SIGKILL
    moment = "killed while writing" if heard.is_writing else "killed between writes"
    outcome.answers[moment if was_killed else "was done"] += 1
    with open_shed(folder) as shed:
        outcome.lost = [*shed.damages(), *_lost(kind, shed, heard.acknowledged)]
    return outcome


def _lost(kind: str, shed: Toolshed, acknowledged: int) -> Iterator[str]:
    """What was acknowledged and is not there, or is there in part."""
    stored = {record.tool_id: record.definition for record in shed.knowledge_base.scan()}
    for tool in tools_of("new")[: acknowledged if kind == "add" else 0]:
        if stored.get(tool.tool_id) != tool:
            yield f"{tool.tool_id} was acknowledged"
    newer = tools_of("old", version=2)
    for n, tool in enumerate(tools_of("old")):
        is_done = n < acknowledged
        allowed: Sequence[object] = (tool,)
        if kind == "remove":
            allowed = (None,) if is_done else (tool, None)
        elif kind == "change":
            allowed = (newer[n],) if is_done else (tool, newer[n])
        if stored.get(tool.tool_id) not in allowed:
            yield f"{tool.tool_id} is none of what it may be"
    for n in range(acknowledged if kind == "legal" else 0):
        text = joined_text(shed.get_passages(document(n).document_id))
        if text != document(n).text:
            yield f"document {n} was acknowledged"


def kills(folder: Path, n_trials: int, *, seed: int) -> Iterator[tuple[str, Outcome]]:
    """Kill every kind of writer in turn: two in five inside a write."""
    draw = random.Random(seed)  # noqa: S311  # moments, no secrets
    kinds = list(KILLED)
    for n in range(n_trials):
        kind, inside = kinds[n % len(kinds)], n % 5 < 2
        place = folder / f"kill_{n}"
        yield (
            f"{kind}{', inside a write' if inside else ''}",
            kill(kind, place, inside_write=inside, draw=draw),
        )
        shutil.rmtree(place)

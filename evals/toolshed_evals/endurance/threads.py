"""Many threads that search, report and index at once, at the interpreter's smallest switch interval.

What they were answered must be what one thread of another process is answered afterwards, and what was stored
meanwhile must be what that one computes.
"""

import itertools
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from toolshed.catalog.definitions import Catalog
from toolshed.knowledge_base.examples import UsageExample
from toolshed.options import PipelineName
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool
from toolshed.types import ToolDefinition
from toolshed.vectors import SparseVector
from toolshed.visibility import Visibility
from toolshed_evals.endurance.trials import Outcome
from toolshed_evals.endurance.workers import document

N_THREADS = 32
# The bar of issue 12.
N_MOVING = 4_076
_SWITCH_SECONDS = 1e-6
_N_STILL, _N_DOCUMENTS, _TOOLS_OF_A_SOURCE = 150, 5, 64
# What an encoder adds up in another order in batches of another size.
_TOLERANCE = 1e-4
_LETTERS = "abcdeilmnorstuy"
_ENDINGS = ("ing", "ations", "ed", "ies", "fulness", "ly", "ical", "")
_ENGLISH = (
    "weather flight hotel invoice customer order calendar meeting email payment account translate summary "
    "file image search delete create update list convert currency distance route stock price news recipe"
).split()

# What was answered: ids or texts, each with its score.
Answer = Sequence[tuple[str, float]]
# A kind of request, and its text.
Request = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Sheds:
    """The knowledge bases of two tenants.

    Attributes:
        own: Where others index; what stays is of the source ``still``.
        other: Of another tenant, which nobody writes to.
    """

    own: Toolshed
    other: Toolshed

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, pipeline: PipelineName) -> Iterator["Sheds"]:
        """Open both in a folder."""
        with (
            Toolshed(folder / "own", pipeline=pipeline, keeps_requests=True) as own,
            Toolshed(folder / "other", pipeline=pipeline) as other,
        ):
            yield cls(own, other)


@dataclass(slots=True)
class _Heard:
    """What the threads did; each adds to it under the lock."""

    answers: dict[Request, Answer] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def errors_of(self, what: str) -> Iterator[None]:
        """Take in an error."""
        try:
            yield
        # Broad: errors of whatever kind are what is looked for, and the other threads shall go on.
        except Exception as error:
            with self.lock:
                self.lost.append(f"{what}: {error!r}"[:300])

    def count(self, what: str, n: int = 1) -> None:
        """Count something that was done."""
        with self.lock:
            self.counts[what] += n


def threads(
    folder: Path,
    *,
    seconds: float,
    seed: int,
    n_moving: int = N_MOVING,
    pipeline: PipelineName = "default",
) -> Iterator[tuple[str, Outcome]]:
    """Let threads search while tools are indexed and removed, and look afterwards whether all of it is right.

    Args:
        folder: A fresh one.
        seconds: How long they do.
        seed: What texts are drawn with.
        n_moving: Tools that are indexed before, and indexed anew and removed in turn meanwhile.
        pipeline: What is searched by.
    """
    heard = _Heard()
    with Sheds.opened(folder, pipeline) as sheds:
        _fill(sheds, n_moving)
        # What is loaded at the first search would take the time of all.
        for asked in ASKED.values():
            asked(sheds, "warm up")
        before = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_SECONDS)
        try:
            _let_loose(sheds, heard, n_moving, seconds=seconds, seed=seed)
        finally:
            sys.setswitchinterval(before)
    # A process of its own: a cache that holds something wrong here would answer as wrongly as before.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        differing, n_vectors = alone.submit(compared, folder, heard.answers, pipeline).result()
    heard.counts["vectors compared"] += n_vectors
    yield f"{N_THREADS} threads", Outcome(1, heard.counts, heard.lost + differing)


def _fill(sheds: Sheds, n_moving: int) -> None:
    sheds.own.add_catalogs([_still("still"), *(_moving(n, 0) for n in _sources(n_moving))])
    sheds.own.add_documents(*(document(n) for n in range(_N_DOCUMENTS)))
    sheds.other.add_catalogs([_still("other")])


def _sources(n_moving: int) -> range:
    """The numbers of the sources that so many tools are of."""
    return range(-(-n_moving // _TOOLS_OF_A_SOURCE))


def _still(source: str) -> Catalog:
    return Catalog(source, _tools(source, random.Random(source), _N_STILL))  # noqa: S311  # texts, no secrets


def _moving(number: int, version: int) -> Catalog:
    source = f"moving_{number}"
    draw = random.Random(f"{source}: {version}")  # noqa: S311  # texts, no secrets
    return Catalog(source, _tools(source, draw, _TOOLS_OF_A_SOURCE))


def _tools(source: str, draw: random.Random, n_tools: int) -> tuple[ToolDefinition, ...]:
    return tuple(make_tool(f"tool_{n}", f"{_text(draw, 12)}.", source=source) for n in range(n_tools))


def _text(draw: random.Random, n_words: int) -> str:
    """Words of which half are made up, so that no cache knows them."""
    return " ".join(draw.choice(_ENGLISH) if draw.random() < 0.5 else _made_up(draw) for _ in range(n_words))


def _made_up(draw: random.Random) -> str:
    return "".join(draw.choices(_LETTERS, k=draw.randint(3, 8))) + draw.choice(_ENDINGS)


def _let_loose(sheds: Sheds, heard: _Heard, n_moving: int, *, seconds: float, seed: int) -> None:
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(N_THREADS + 1) as pool:
        pool.submit(_write_on, sheds.own, heard, n_moving, until)
        for n in range(N_THREADS):
            draw = random.Random(f"{seed}: {n}")  # noqa: S311  # texts, no secrets
            pool.submit(_ask_on, sheds, heard, draw, until)


def _write_on(shed: Toolshed, heard: _Heard, n_moving: int, until: float) -> None:
    for version in _rounds(until):
        for number in _sources(n_moving):
            if version > 1 and time.monotonic() > until:
                return
            with heard.errors_of("indexing"):
                heard.count("tools removed", shed.remove_source(f"moving_{number}"))
                heard.count("tools indexed", len(shed.sync_catalogs([_moving(number, version)]).added))


def _rounds(until: float) -> Iterator[int]:
    """Numbers of rounds until a time, at least of one: a busy machine may start a thread after it."""
    yield 1
    yield from itertools.takewhile(lambda _: time.monotonic() < until, itertools.count(2))


def _ask_on(sheds: Sheds, heard: _Heard, draw: random.Random, until: float) -> None:
    for _ in _rounds(until):
        kind = draw.choice(list(ASKED))
        text = f"{_text(draw, 6)}, and then {_text(draw, 4)}"
        with heard.errors_of(kind):
            answer = ASKED[kind](sheds, text)
            with heard.lock:
                heard.answers[kind, text] = answer
                heard.counts[kind] += 1


def _everything(sheds: Sheds, text: str) -> Answer:
    found = sheds.own.search(text, sources=["still"], abstain_below=0.0)
    return [(tool.tool.tool_id, tool.score) for tool in found.tools]


def _granted(sheds: Sheds, text: str) -> Answer:
    """What a caller finds to whom tools were granted one by one."""
    draw = random.Random(text)  # noqa: S311  # texts, no secrets
    ids = frozenset(f"still:tool_{n}" for n in draw.sample(range(_N_STILL), 20))
    found = sheds.own.seen_by(Visibility(frozenset(), ids)).search(text, abstain_below=0.0)
    return [(tool.tool.tool_id, tool.score) for tool in found.tools]


def _of_another_tenant(sheds: Sheds, text: str) -> Answer:
    found = sheds.other.search(text, abstain_below=0.0)
    return [(tool.tool.tool_id, tool.score) for tool in found.tools]


def _passages(sheds: Sheds, text: str) -> Answer:
    found = sheds.own.search_passages(text, abstain_below=0.0)
    return [(one.passage.text, one.score) for one in found.passages]


def _reported(sheds: Sheds, text: str) -> Answer:
    """A search whose outcome is reported; examples change no answer until somebody lets them."""
    found = sheds.own.search(text, sources=["still"], abstain_below=0.0)
    sheds.own.usage.report(found.query_id, [found.tools[0].tool.tool_id], passed=True)
    return [(tool.tool.tool_id, tool.score) for tool in found.tools]


ASKED: Mapping[str, Callable[[Sheds, str], Answer]] = {
    "searches": _everything,
    "searches of a caller with grants": _granted,
    "searches of another tenant": _of_another_tenant,
    "searches of passages": _passages,
    "reported searches": _reported,
}


def compared(
    folder: Path, answers: Mapping[Request, Answer], pipeline: PipelineName
) -> tuple[list[str], int]:
    """What differs from what one thread is answered and computes, and how many vectors were compared."""
    differing: list[str] = []
    with Sheds.opened(folder, pipeline) as sheds, Toolshed(folder / "fresh", pipeline=pipeline) as fresh:
        tools: dict[str, list[ToolDefinition]] = {}
        for record in sheds.own.knowledge_base.scan():
            tools.setdefault(record.definition.source, []).append(record.definition)
        fresh.add_catalogs([Catalog(source, tuple(own)) for source, own in tools.items()])
        examples = sheds.own.usage.examples()
        for (kind, text), answer in answers.items():
            if not _is_same_answer(answer, ASKED[kind](sheds, text)):
                differing.append(f"{kind}: {text!r} has another answer")
        # What was reported again just now was there before.
        n_missing = len(sheds.own.usage.examples()) - len(examples)
        differing += [f"{n_missing} reports were not there"] * bool(n_missing)
        n_examples, of_examples = _examples_compared(examples, fresh)
        n_tools, of_tools = _tools_compared(sheds.own, fresh)
    return [*differing, *of_examples, *of_tools], n_examples + n_tools


def _is_same_answer(one: Answer, other: Answer) -> bool:
    return [name for name, _ in one] == [name for name, _ in other] and all(
        abs(score - expected) <= _TOLERANCE for (_, score), (_, expected) in zip(one, other, strict=True)
    )


def _examples_compared(examples: Sequence[UsageExample], fresh: Toolshed) -> tuple[int, list[str]]:
    """Compare the vectors of requests that were reported with those of one search of each."""
    n_vectors, differing = 0, []
    for example in examples:
        found = fresh.search(example.text, sources=["still"], abstain_below=0.0)
        pending = fresh.usage.pending(found.query_id)
        for name, vector in (pending.vectors if pending else {}).items():
            n_vectors += 1
            if not _is_same_vector(example.vectors[name], vector):
                differing.append(f"the example of {example.tool_id} has another vector {name}")
    return n_vectors, differing


def _tools_compared(shed: Toolshed, fresh: Toolshed) -> tuple[int, list[str]]:
    n_vectors, differing = 0, []
    for record, expected in zip(
        sorted(shed.knowledge_base.scan(), key=lambda one: one.tool_id),
        sorted(fresh.knowledge_base.scan(), key=lambda one: one.tool_id),
        strict=True,
    ):
        if record.vectors.keys() != expected.vectors.keys():
            differing.append(f"{record.tool_id} has vectors of other channels")
            continue
        for name, vector in record.vectors.items():
            n_vectors += 1
            if not _is_same_vector(vector, expected.vectors[name]):
                differing.append(f"{record.tool_id} has another vector {name}")
    return n_vectors, differing


# Any: dense of one row or of several.
def _is_same_vector(one: Any, other: Any) -> bool:
    if isinstance(one, SparseVector) or isinstance(other, SparseVector):
        return bool(
            np.array_equal(one.indices, other.indices)
            and np.allclose(one.values, other.values, atol=_TOLERANCE)
        )
    return bool(np.allclose(one, other, atol=_TOLERANCE))

"""The record of a run: how long each stage took, and which calls were made for it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal

from toolshed.metering.usage import Usage

# What a call was made for.
Component = Literal["agent", "planner", "reranker", "verifier", "embedding", "tool", "summary"]


@dataclass(frozen=True, slots=True)
class MeteredCall:
    """A call of a model that someone may have to pay for.

    Attributes:
        component: What it was made for.
        model: What was called.
        usage: Its tokens.
        seconds: How long it took.
        error: What went wrong, if anything.
        is_local: Whether it ran in this process, where nobody sends a bill.
        is_booked: Whether it is in the ledger already, under a task of its own.
    """

    component: Component
    model: str
    usage: Usage
    seconds: float
    error: str | None = None
    is_local: bool = False
    is_booked: bool = False


@dataclass(frozen=True, slots=True)
class StageSpan:
    """A stage that ran.

    Attributes:
        stage: Name of its class.
        started: Seconds after the run began.
        seconds: How long it took.
        error: What it raised, if anything.
    """

    stage: str
    started: float
    seconds: float
    error: str | None = None


@dataclass(slots=True)
class RunRecord:
    """What a run tells of itself, in the order it happened; whoever keeps books reads it afterwards.

    Threads that work for one run append to its one record, which lists do safely.

    Attributes:
        spans: The stages.
        calls: The calls of models.
        unbooked: Why calls are not in the ledger, where they should be.
        fallbacks: What stages did without a model, and why.
        notes: What else stages tell of what they did, such as why one stopped.
    """

    spans: list[StageSpan] = field(default_factory=list)
    calls: list[MeteredCall] = field(default_factory=list)
    unbooked: list[str] = field(default_factory=list)
    fallbacks: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _began: float = field(default_factory=time.perf_counter)

    @contextmanager
    def span(self, stage: str) -> Iterator[None]:
        """Time a stage; an error is recorded, and names the stage."""
        started, error = time.perf_counter(), None
        try:
            yield
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
            raised.add_note(f"in the stage {stage}")
            raise
        finally:
            seconds = time.perf_counter() - started
            self.spans.append(StageSpan(stage, started - self._began, seconds, error))

    @property
    def timings_ms(self) -> dict[str, float]:
        """Milliseconds by stage in the order they ran; a second stage of one class is ``Name (2)``."""
        timings: dict[str, float] = {}
        for span in self.spans:
            number, name = 2, span.stage
            while name in timings:
                name, number = f"{span.stage} ({number})", number + 1
            timings[name] = span.seconds * 1000
        return timings


_current: ContextVar[RunRecord | None] = ContextVar("toolshed_run", default=None)


@contextmanager
def recorded_run() -> Iterator[RunRecord]:
    """Record what is done while the context is open; a run inside a run has a record of its own."""
    record = RunRecord()
    token = _current.set(record)
    try:
        yield record
    finally:
        _current.reset(token)


def current_run() -> RunRecord:
    """The record of the run this is part of; one that nobody reads outside of any run."""
    return _current.get() or RunRecord()


def report_call(call: MeteredCall) -> None:
    """Tell the run of a call that was made for it."""
    current_run().calls.append(call)

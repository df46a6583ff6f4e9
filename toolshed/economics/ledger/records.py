"""What the ledger holds: tasks, decisions, calls, outcomes. Each is checked when it is made."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, get_args

from toolshed.errors import InvalidRecordError
from toolshed.half_characters import without_half_characters
from toolshed.metering.usage import Usage

Component = Literal["agent", "planner", "reranker", "verifier", "embedding", "tool", "summary"]
OutcomeSource = Literal["test", "schema", "user", "judge", "golden", "human"]
_MAX_ID = 200
_MAX_ERROR = 500


def new_id() -> str:
    """An id that nobody else has."""
    return uuid.uuid4().hex


def storable(text: str) -> str:
    """A text as any database takes it: without NUL, and with "?" for lone surrogates."""
    return without_half_characters(text.replace("\x00", ""))


def error_text(error: BaseException) -> str:
    """What is booked of an error."""
    return storable(f"{type(error).__name__}: {error}")[:_MAX_ERROR]


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done, that passes or fails in the end.

    Attributes:
        task_class: Class of tasks that are alike; evidence is kept by it.
        task_id: Its id; the idempotency key.
        tenant: Whose it is.
        pipeline: The pipeline that does it.
        team: The team that pays for it.
        problem: Which problem it is, where several tasks are attempts at the same one.
        failure_usd: What its failure costs.
        floor: Pass rate that is asked for.
        created_at: When it began.
    """

    task_class: str = "default"
    task_id: str = field(default_factory=new_id)
    tenant: str = "default"
    pipeline: str = ""
    problem: str | None = None
    failure_usd: Decimal | None = None
    floor: float | None = None
    created_at: datetime = field(default_factory=utc_now)
    team: str | None = None

    def __post_init__(self) -> None:
        _check_ids(task_id=self.task_id, tenant=self.tenant, task_class=self.task_class)
        _check_time("created_at", self.created_at)


@dataclass(frozen=True, slots=True)
class Decision:
    """The choice of an arm for an attempt at a task, made before it is called.

    Attributes:
        task_id: The task.
        arm: What was chosen, and is learnt about.
        model: What is called.
        propensity: Probability with which it was chosen; above 0.
        predicted: Pass probability that was predicted.
        expected_usd: Cost that was expected.
        task_class: Class that evidence is kept by, where it is not that of the whole task.
        decision_id: Its id; the idempotency key.
        attempt: 1 for the first.
        candidates: Probability of choice by candidate.
        failed_before: Arms that had failed on the task.
        is_explored: Whether another arm was held to be best.
        exploration_usd: What trying it was expected to cost more.
        dual_price: What dollars were held to be dearer.
        reason: In words.
        features: What was known of the step.
        decided_at: When.
    """

    task_id: str
    arm: str
    model: str
    propensity: float = 1.0
    predicted: float = 0.0
    expected_usd: Decimal = Decimal(0)
    task_class: str | None = None
    decision_id: str = field(default_factory=new_id)
    attempt: int = 1
    candidates: Mapping[str, float] = field(default_factory=dict)
    failed_before: tuple[str, ...] = ()
    is_explored: bool = False
    exploration_usd: Decimal = Decimal(0)
    dual_price: float = 0.0
    reason: str = ""
    features: Mapping[str, Any] = field(default_factory=dict)
    decided_at: datetime = field(default_factory=utc_now)

    def __post_init__(self) -> None:
        _check_ids(decision_id=self.decision_id, task_id=self.task_id, arm=self.arm, model=self.model)
        _check_time("decided_at", self.decided_at)
        if not 0 < self.propensity <= 1:
            raise InvalidRecordError(f"propensity is {self.propensity}; it lies above 0 and is at most 1")
        if not 0 <= self.predicted <= 1:
            raise InvalidRecordError(f"predicted is {self.predicted}; a probability lies between 0 and 1")
        if self.attempt < 1:
            raise InvalidRecordError(f"attempt is {self.attempt}; the first is 1")


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a model or tool, with what it cost.

    Attributes:
        task_id: The task it was made for.
        component: The part of the pipeline that made it.
        model: The model, or tool.
        usage: Its tokens.
        cost_usd: What it cost.
        call_id: Its id; the idempotency key.
        decision_id: The decision it carries out, if any.
        price_source: Where the price is from.
        price_effective_from: Since when that price holds.
        latency_seconds: How long it took.
        error: What went wrong, if anything; failed calls cost too.
        started_at: When it began.
    """

    task_id: str
    component: Component
    model: str
    usage: Usage
    cost_usd: Decimal
    call_id: str = field(default_factory=new_id)
    decision_id: str | None = None
    price_source: str = ""
    price_effective_from: datetime | None = None
    latency_seconds: float | None = None
    error: str | None = None
    started_at: datetime = field(default_factory=utc_now)

    def __post_init__(self) -> None:
        _check_ids(call_id=self.call_id, task_id=self.task_id, model=self.model)
        _check_choice("component", self.component, get_args(Component))
        _check_time("started_at", self.started_at)
        if not self.cost_usd.is_finite() or self.cost_usd < 0:
            raise InvalidRecordError(f"cost_usd is {self.cost_usd}; it is an amount of dollars of 0 or more")
        if self.latency_seconds is not None and not 0 <= self.latency_seconds < float("inf"):
            raise InvalidRecordError(
                f"latency_seconds is {self.latency_seconds}; the clock ran backwards: take time.monotonic()"
            )


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a task, or one attempt at it, passed. A later report for the same revises it.

    Attributes:
        task_id: The task.
        passed: Whether it passed.
        decision_id: The attempt; the whole task when not given.
        outcome_id: Its id; the idempotency key.
        grade: A finer grade, 0 to 1, where there is one.
        source: Who says so.
        reported_at: When; of several the latest holds.
    """

    task_id: str
    passed: bool
    decision_id: str | None = None
    outcome_id: str = field(default_factory=new_id)
    grade: float | None = None
    source: OutcomeSource = "user"
    reported_at: datetime = field(default_factory=utc_now)

    def __post_init__(self) -> None:
        _check_ids(outcome_id=self.outcome_id, task_id=self.task_id)
        _check_choice("source", self.source, get_args(OutcomeSource))
        _check_time("reported_at", self.reported_at)
        if not isinstance(self.passed, bool):
            raise InvalidRecordError(f"passed is {self.passed!r}; it is True or False")
        if self.grade is not None and not 0 <= self.grade <= 1:
            raise InvalidRecordError(f"grade is {self.grade}; it lies between 0 and 1")


def _check_ids(**ids: str) -> None:
    for name, value in ids.items():
        if not value or len(value) > _MAX_ID or "\x00" in value:
            raise InvalidRecordError(f"{name} is {value[:40]!r}; give a text of 1 to {_MAX_ID} characters")


def _check_time(name: str, value: datetime) -> None:
    if value.tzinfo is None:
        raise InvalidRecordError(f"{name}, {value}, has no time zone; use UTC")


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InvalidRecordError(f"unknown {name} {value!r}; choose of {', '.join(choices)}")

"""The attempts at a task: reserve, decide, call, book, settle, check, report, escalate.

:class:`Attempts` keeps the books of all of it and calls nothing itself. Whoever calls models asks it in this
order: ``begin``; then ``book`` or ``fail``; then ``judge``, which may say what to call next.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar

from toolshed.economics.choosing.candidates import Candidate, StepFeatures
from toolshed.economics.choosing.selection import Selection
from toolshed.economics.choosing.step_request import StepRequest
from toolshed.economics.learning.examples import SUFFIX, Example, examples_text
from toolshed.economics.ledger.records import Call, Component, Decision, Task, error_text, utc_now
from toolshed.economics.running.account import CostAccount
from toolshed.economics.running.terms import Budget
from toolshed.errors import BudgetExceededError, NoEligibleBackboneError, ToolshedError
from toolshed.metering.failed_calls import SpentError
from toolshed.metering.provider_usage import usage_or_estimate
from toolshed.metering.usage import Usage, estimated_tokens

_logger = logging.getLogger(__name__)
Value = TypeVar("Value")
# A failed check escalates once.
MAX_ATTEMPTS = 2
_RESERVE_TURNS = 3


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the caller shall do now.

    Attributes:
        model: What to call.
        arm: Which variant of it.
        max_output_tokens: Cap that the call must set for the reservation to hold; None where there is none.
        decision_id: Id of the decision, for an outcome that is reported later.
        task_id: Id of its task.
        number: 1, and 2 after a failed check.
        examples: Text to put before the prompt, where the arm shows examples.
    """

    model: str
    arm: str
    max_output_tokens: int | None
    decision_id: str
    task_id: str
    number: int
    examples: str = ""


@dataclass(frozen=True, slots=True)
class Reply(Generic[Value]):
    """What a call gave.

    Attributes:
        value: Whatever the caller needs of it.
        usage: Its tokens: a :class:`.Usage`, or the usage or whole reply as the provider's client gave it.
            None when the provider reports none, and they are estimated then.
        text: The reply's text, for the estimate.
    """

    value: Value
    # Whatever a client gives; a paid reply is never refused for it.
    usage: object = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Open:
    """A call that was asked for and has not come back."""

    hold_ids: tuple[str, ...]
    input_tokens: int
    started_at: datetime


@dataclass
class Attempts:
    """The attempts at one task. Not thread-safe: its steps are taken one after the other.

    A decision holds for all calls until one fails its check: a change of the model half way would lose the
    prompt cache.

    Attributes:
        account: The books.
        task: The task, booked with the first decision; or the id of one that is booked.
        budget: What may be spent.
        component: Under which calls are booked.
        check_usd: Cost of a check.
        also: Further budgets that calls have to stay within, such as one caller's beside his tenant's.
        decisions: Made so far.
        selection: The last one.
        spent_usd: On calls and checks so far.
        unbooked: Why calls and outcomes are not in the ledger, where they should be.
    """

    account: CostAccount
    task: Task | str
    budget: Budget | None = None
    component: Component = "agent"
    check_usd: Decimal = Decimal(0)
    also: tuple[Budget, ...] = ()
    decisions: list[Decision] = field(default_factory=list, init=False)
    selection: Selection | None = field(default=None, init=False)
    spent_usd: Decimal = field(default=Decimal(0), init=False)
    unbooked: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._kept: Candidate | None = None
        self._cached_tokens = 0
        self._open: _Open | None = None

    @property
    def task_id(self) -> str:
        """Id of the task."""
        return self.task if isinstance(self.task, str) else self.task.task_id

    def begin(
        self,
        request: StepRequest,
        *,
        prompt: str = "",
        shown: Sequence[Example] = (),
        prompt_tokens: int | None = None,
    ) -> Attempt:
        """Reserve what a call may cost, on the backbone decided on or a newly chosen one.

        Args:
            request: The step; without its budget, which is looked up.
            prompt: To estimate tokens that nobody counts.
            shown: Examples for arms that show them.
            prompt_tokens: Estimate of the prompt's tokens, where it is more than its text.

        Raises:
            NoEligibleBackboneError: If no candidate can do it, or every one costs more than the failure.
            BudgetExceededError: If the budget has too little left.
        """
        self._request, self._shown = request, shown
        self._prompt_tokens = estimated_tokens(prompt) if prompt_tokens is None else prompt_tokens
        return self._begun()

    def book(self, reply: Reply[Value], seconds: float) -> None:
        """Book a call that went well, and settle its reservation.

        The reply is paid for: what cannot be read of its usage is estimated, and what cannot be booked is
        logged and told in ``unbooked``, its reservation kept.
        """
        usage = usage_or_estimate(reply.usage, input_tokens=self._asked().input_tokens, text=reply.text)
        self._cached_tokens = usage.input_tokens
        with self.told():
            self._book(usage, seconds)

    def fail(self, error: BaseException, seconds: float) -> None:
        """Book a call that failed, and settle its reservation; one that was released was never made."""
        if self._open is None:
            return
        # What a failed call cost is seldom known; its prompt was probably read.
        usage = Usage(self._open.input_tokens, 0, source="estimate")
        if isinstance(error, SpentError):
            usage = error.usage_or(usage)
        with self.told():
            self._book(usage, seconds, error_text(error))

    def release(self) -> None:
        """Give back the reservation of a call that will not be made; without one it does nothing."""
        self._settle(Decimal(0))

    def judge(self, passed: bool | None) -> Attempt | None:
        """Book and report what a check found; returns the next attempt, where a failure is worth one.

        None is no finding: nothing is reported, and the next call stays on the same backbone.
        """
        self.report(passed)
        if passed is not False or len(self.decisions) == MAX_ATTEMPTS:
            return None
        self._kept, self._cached_tokens = None, 0
        with self.told(), suppress(NoEligibleBackboneError, BudgetExceededError):
            return self._begun()
        return None

    def report(self, passed: bool | None) -> None:
        """Book and report what a check found, where no further attempt can follow; None is no finding."""
        if passed is None:
            return
        decision = self.decisions[-1]
        with self.told():
            self._book_check(decision)
            self.account.report(self.task_id, passed, decision_id=decision.decision_id, source="test")

    @contextmanager
    def told(self) -> Iterator[None]:
        """Log and tell what cannot be booked of a reply that is paid for, and go on."""
        try:
            yield
        except ToolshedError as error:
            reason = f"task {self.task_id} is not wholly in the ledger: {error}"
            _logger.warning("%s", reason)
            self.unbooked.append(reason)
            self._open = None

    def _begun(self) -> Attempt:
        """Select, reserve and decide; what is written of it is one transaction, kept as a whole or not."""
        request = self._next_request()
        for turn in range(1, _RESERVE_TURNS + 1):
            selection = self.account.select(request, budget=self.budget, also=self.also)
            if selection.candidate is None:
                raise NoEligibleBackboneError(selection.reason)
            try:
                with self._kept_as_a_whole():
                    return self._attempt(selection, *self._reserve(selection, request.features))
            except BudgetExceededError:
                # Another caller was faster; what it left may do for a cheaper backbone.
                if turn == _RESERVE_TURNS:
                    raise
        raise AssertionError("the loop returns or raises")

    @contextmanager
    def _kept_as_a_whole(self) -> Iterator[None]:
        """One transaction; where it is not written, nothing of it is remembered either."""
        before = self.selection, self._kept, self._open, [*self.decisions]
        try:
            with self.account.booking():
                yield
        except BaseException:
            self.selection, self._kept, self._open, self.decisions[:] = before
            raise

    def _reserve(self, selection: Selection, features: StepFeatures) -> tuple[tuple[str, ...], int | None]:
        """Reserve a selected call under every budget."""
        held: list[str] = []
        caps: list[int] = []
        for budget in (self.budget, *self.also):
            hold_id, cap = self.account.reserve(selection, features, budget)
            held += [hold_id] if hold_id is not None else []
            caps += [cap] if cap is not None else []
        return tuple(held), min(caps, default=None)

    def _next_request(self) -> StepRequest:
        request, features = self._request, self._request.features
        if self._kept is None:
            failed = (*features.failed, *(one.arm for one in self.decisions))
            return replace(request, features=replace(features, failed=failed, max_attempts=MAX_ATTEMPTS))
        features = replace(
            features,
            cached_tokens=self._cached_tokens,
            cached_model=self._kept.model,
            max_attempts=MAX_ATTEMPTS,
            is_run=False,
        )
        return replace(request, candidates=[self._kept], features=features, incumbent=None)

    def _attempt(self, selection: Selection, hold_ids: tuple[str, ...], cap: int | None) -> Attempt:
        self.selection = selection
        if self._kept is None:
            self._decide(selection)
        decision = self.decisions[-1]
        examples = examples_text(self._examples(decision.arm))
        self._open = _Open(hold_ids, estimated_tokens(examples) + self._prompt_tokens, utc_now())
        return Attempt(
            decision.model, decision.arm, cap, decision.decision_id, self.task_id, decision.attempt, examples
        )

    def _decide(self, selection: Selection) -> None:
        new_task = self.task if not self.decisions and isinstance(self.task, Task) else None
        decision = self.account.decide(
            self.task_id,
            selection,
            attempt=len(self.decisions) + 1,
            failed=[one.arm for one in self.decisions],
            examples=[one.task_id for one in self._examples(selection.arm or "")],
            task=new_task,
        )
        self.decisions.append(decision)
        self._kept = selection.candidate

    def _examples(self, arm: str) -> Sequence[Example]:
        return self._shown if arm.endswith(SUFFIX) else ()

    def _asked(self) -> _Open:
        assert self._open is not None, "begin comes first"
        return self._open

    def _book(self, usage: Usage, seconds: float, error: str | None = None) -> None:
        decision = self.decisions[-1]
        with self.account.booking():
            call = self.account.book_call(
                self.task_id,
                self.component,
                decision.model,
                usage,
                decision=decision,
                latency_seconds=seconds,
                started_at=self._asked().started_at,
                error=error,
            )
            self._settle(call.cost_usd)
        self.spent_usd += call.cost_usd

    def _settle(self, spent_usd: Decimal) -> None:
        asked, self._open = self._open, None
        for hold_id in asked.hold_ids if asked is not None else ():
            self.account.ledger.settle(hold_id, spent_usd)

    def _book_check(self, decision: Decision) -> None:
        if self.check_usd:
            check = Call(
                self.task_id,
                "verifier",
                "check",
                Usage(),
                self.check_usd,
                decision_id=decision.decision_id,
                price_source="check_usd",
            )
            self.account.ledger.add_call(check)
            self.spent_usd += self.check_usd

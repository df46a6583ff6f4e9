"""The books of a tenant: choose backbones, book calls, report outcomes, and ask what it cost."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Unpack

from toolshed.economics.choosing.budget import DualPrice
from toolshed.economics.choosing.candidates import BudgetState, StepFeatures
from toolshed.economics.choosing.selection import BackboneSelector, Selection
from toolshed.economics.choosing.step_request import StepRequest
from toolshed.economics.learning.evidence import DriftAlarm, Judgement, TokenCount
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import (
    Call,
    Component,
    Decision,
    Outcome,
    Task,
    new_id,
    utc_now,
)
from toolshed.economics.ledger.snapshots import refreshed
from toolshed.economics.prices.pricing import PriceSheet
from toolshed.economics.prices.rates import up_to_nano
from toolshed.economics.prices.runtime import MIN_CALLS, fit_runtime
from toolshed.economics.running.terms import Budget, OutcomeDetails, TaskDetails
from toolshed.errors import InvalidRecordError, ToolshedError, UnknownDecisionError
from toolshed.metering.usage import Usage

_logger = logging.getLogger(__name__)
# Decisions whose calls are added up; older ones have surely ended.
_MAX_OPEN = 10_000
_CLOSE_SECONDS = 30.0


@dataclass
class CostAccount:
    """Ledger, prices and selection of one tenant. Thread-safe.

    Attributes:
        ledger: Where everything is booked.
        prices: What calls cost.
        tenant: Whose account it is.
        refresh_seconds: How often the evidence is read from a ledger that others write to as well; requests
            go on with what was read before, until it has been.
        selector: Chooses by the evidence; rebuilt from the ledger when the account is opened.
    """

    ledger: Ledger
    prices: PriceSheet = field(default_factory=PriceSheet)
    tenant: str = "default"
    refresh_seconds: float = 300.0
    selector: BackboneSelector = field(init=False)

    def __post_init__(self) -> None:
        self.selector = BackboneSelector(self.prices)
        self._dual = DualPrice(None)
        self._lock = threading.RLock()
        self._refreshing = threading.Lock()
        self._taken: dict[str, TokenCount] = {}
        # What is learnt once the transaction that goes on is written; None where none does.
        self._unwritten: list[Callable[[], None]] | None = None
        self._refreshed = float("-inf")

    def refresh(self) -> list[DriftAlarm]:
        """Rebuild evidence, spend and runtimes from the ledger; returns the drift alarms it holds."""
        prices = self.prices.with_runtimes(
            {
                model: fit_runtime(calls)
                for model in self.prices.self_hosted
                if len(calls := self.ledger.latencies(model)) >= MIN_CALLS
            }
        )
        # Most of what there is to read; what comes on top of it then takes a moment.
        refreshed(self.ledger.database, self.tenant)
        # What others book meanwhile is either read here or counted at once, never both.
        with self._lock, self.selector.lock:
            found = refreshed(self.ledger.database, self.tenant)
            evidence = found.evidence
            self.selector.prices, self.selector.evidence = prices, evidence
            self.selector.spend_usd = float(found.spent_usd)
            self.selector.explored_usd = float(found.explored_usd)
            fitted = evidence.fitted_concentration(self.selector.prior.concentration)
            self.selector.prior = replace(self.selector.prior, concentration=fitted)
            self._refreshed = time.monotonic()
        return list(evidence.alarms)

    def _keep_fresh(self) -> None:
        """Refresh before the first choice and after a revision; otherwise beside the choices."""
        if self._refreshed == float("-inf"):
            self.refresh()
        elif time.monotonic() - self._refreshed > self.refresh_seconds and self._refreshing.acquire(
            blocking=False
        ):
            threading.Thread(target=self._refresh_beside, name="toolshed-evidence", daemon=True).start()

    def _refresh_beside(self) -> None:
        try:
            self.refresh()
        except ToolshedError as error:
            _logger.warning("the evidence could not be refreshed, the last one is kept: %s", error)
            self._refreshed = time.monotonic()
        finally:
            self._refreshing.release()

    def select(
        self, request: StepRequest, *, budget: Budget | None = None, also: Sequence[Budget] = ()
    ) -> Selection:
        """Choose the backbone of a step; see :meth:`.BackboneSelector.select`. Books nothing.

        Args:
            request: The step.
            budget: What the tenant may spend; what is left of it goes into the request.
            also: Further budgets that it has to stay within.
        """
        self._keep_fresh()
        if budget is not None:
            state = self.budget_state(budget)
            left = [self._remaining_usd(one) for one in also] + [state.remaining_usd]
            known = [amount for amount in left if amount is not None]
            request = replace(request, budget=replace(state, remaining_usd=min(known, default=None)))
        return self.selector.select(request)

    def budget_state(self, budget: Budget) -> BudgetState:
        """What a budget has left now, and its dual price."""
        self._dual.pace_usd = None if budget.pace_usd is None else float(budget.pace_usd)
        return BudgetState(self._remaining_usd(budget), self._dual.value)

    def _remaining_usd(self, budget: Budget) -> Decimal | None:
        if budget.limit_usd is None:
            return None
        start = budget.window_start(utc_now())
        return budget.limit_usd - self.ledger.committed_usd(tenant=self._holder(budget), window_start=start)

    def _holder(self, budget: Budget) -> str:
        return f"{self.tenant}/{budget.holder}" if budget.holder else self.tenant

    def reserve(
        self, selection: Selection, features: StepFeatures, budget: Budget | None
    ) -> tuple[str | None, int | None]:
        """Reserve what a selected call may cost.

        Returns:
            Id of the reservation, None where nothing caps the spend; and the most output tokens with which
            the call stays within it, None where there is no cap.

        Raises:
            BudgetExceededError: If the budget has too little left.
        """
        cap = features.max_output_tokens
        if budget is None or budget.limit_usd is None:
            return None, cap
        assert selection.model is not None
        amount_usd = up_to_nano(selection.cost_95_usd)
        hold_id = self.ledger.reserve(
            amount_usd,
            cap_usd=budget.limit_usd,
            tenant=self._holder(budget),
            window_start=budget.window_start(utc_now()),
        )
        if cap is None and features.input_tokens is not None:
            cap = self._cap(selection, features, float(amount_usd))
        return hold_id, cap

    def _cap(self, selection: Selection, features: StepFeatures, amount_usd: float) -> int | None:
        """The most output tokens that an amount pays for."""
        assert selection.candidate is not None
        rates = self.selector.prices.rates(
            selection.candidate.model, utc_now(), service_tier=features.service_tier
        )
        n_in = (features.input_tokens or 0) + selection.candidate.extra_input_tokens
        prompt_usd = rates.most_usd(
            n_in,
            0,
            audio_tokens=min(features.input_audio_tokens, n_in),
            for_an_hour=features.caches_for_an_hour,
        )
        token_usd = rates.most_usd(n_in, 1) - rates.most_usd(n_in, 0)
        return max(1, int((amount_usd - prompt_usd) / token_usd)) if token_usd > 0 else None

    @contextlib.contextmanager
    def booking(self) -> Iterator[None]:
        """Make what is booked in this block one transaction: the disk is waited for once."""
        # The lock first, as wherever it and the database are both held; the disk is waited for without it.
        with self.ledger.database.lasting(), self._lock:
            learnt = self._unwritten = list[Callable[[], None]]()
            try:
                with self.ledger.database.joined():
                    yield
            finally:
                self._unwritten = None
            for learn in learnt:
                learn()

    def _once_written(self, learn: Callable[[], None]) -> None:
        if self._unwritten is None:
            learn()
        else:
            self._unwritten.append(learn)

    def start_task(self, task_class: str = "default", **details: Unpack[TaskDetails]) -> Task:
        """Book a task of this tenant."""
        return self.ledger.add_task(Task(task_class, tenant=self.tenant, **details))

    def decide(
        self,
        task_id: str,
        selection: Selection,
        *,
        attempt: int = 1,
        failed: Sequence[str] = (),
        examples: Sequence[str] = (),
        task: Task | None = None,
    ) -> Decision:
        """Book what was selected for a task: as which attempt, after which arms failed, shown which examples.

        A task that is not booked yet is given, and booked with it.

        Raises:
            InvalidRecordError: If the selection is to hand over to a human.
        """
        if selection.candidate is None:
            raise InvalidRecordError(f"nothing was selected to book: {selection.reason}")
        decision = Decision(
            task_id,
            selection.candidate.name,
            selection.candidate.model,
            propensity=min(1.0, selection.propensity),
            predicted=selection.arm_pass_probability,
            expected_usd=Decimal(repr(selection.cost_usd)),
            task_class=selection.task_class,
            attempt=attempt,
            candidates={w.arm: round(w.probability, 6) for w in selection.weighed if w.probability > 0},
            failed_before=tuple(failed),
            is_explored=selection.is_explored,
            exploration_usd=Decimal(repr(selection.exploration_usd)),
            dual_price=selection.dual_price,
            reason=selection.reason,
            features={
                "cascade": list(selection.cascade),
                **({"examples": list(examples)} if examples else {}),
            },
        )
        with self._lock:
            self.ledger.add_decision(decision, task=task)
            self._once_written(partial(self.selector.count_explored, selection.exploration_usd))
        return decision

    def book_call(
        self,
        task_id: str,
        component: Component,
        model: str,
        usage: Usage,
        *,
        decision: Decision | None = None,
        latency_seconds: float | None = None,
        started_at: datetime | None = None,
        error: str | None = None,
        call_id: str | None = None,
    ) -> Call:
        """Price a call at its date and book it.

        Raises:
            UnknownModelError: If no price is known.
        """
        started_at = started_at or utc_now()
        priced = self.selector.prices.price_call(model, usage, started_at, latency_seconds=latency_seconds)
        call = Call(
            task_id,
            component,
            model,
            usage,
            priced.cost_usd,
            call_id or new_id(),
            decision.decision_id if decision else None,
            priced.source,
            priced.effective_from,
            latency_seconds,
            error,
            started_at,
        )
        with self._lock:
            self.ledger.add_call(call)
            if decision is not None:
                self._once_written(partial(self._count, call, decision))
        return call

    def book_local_call(self, task_id: str, model: str, usage: Usage, seconds: float) -> Call:
        """Book an encoding in this process: at the price file's price, or as free and marked so."""
        if model in self.prices.overrides.models:
            return self.book_call(task_id, "embedding", model, usage, latency_seconds=seconds)
        call = Call(
            task_id,
            "embedding",
            model,
            usage,
            Decimal(0),
            price_source="in process, not priced",
            latency_seconds=seconds,
        )
        self.ledger.add_call(call)
        return call

    def _count(self, call: Call, decision: Decision) -> None:
        """Learn what the decision has taken so far; several calls may carry it out."""
        before = self._taken.pop(decision.decision_id, None)
        n_in, n_out = (before.input_tokens, before.output_tokens) if before else (0, 0)
        taken = TokenCount(
            decision.arm,
            decision.task_class or "default",
            n_in + call.usage.input_tokens,
            n_out + call.usage.output_tokens,
        )
        self._taken[decision.decision_id] = taken
        if len(self._taken) > _MAX_OPEN:
            del self._taken[next(iter(self._taken))]
        with self.selector.lock:
            self.selector.evidence.count_tokens(taken, instead_of=before)
            self.selector.spend_usd += float(call.cost_usd)
            self._dual.observe(float(call.cost_usd))

    def report(
        self, task_id: str | None = None, passed: bool | None = None, **details: Unpack[OutcomeDetails]
    ) -> Outcome:
        """Report whether a task, or one attempt at it, passed. Reporting again revises it.

        The same report under the same ``outcome_id`` is one, however often it is sent.

        Args:
            task_id: The task; not needed with a decision.
            passed: Whether it passed.
            details: What else is known of the outcome; ``decision_id`` when it is that of one attempt.

        Raises:
            UnknownDecisionError: If there is no such task or decision.
            InvalidRecordError: If neither is given, or the report is older than what it is about.
        """
        if passed is None:
            raise InvalidRecordError("give passed, True or False; an outcome nobody knows is not reported")
        if task_id is None:
            if (decision_id := details.get("decision_id")) is None:
                raise InvalidRecordError("give the task_id or the decision_id that the outcome is about")
            task_id = self.ledger.task_of(decision_id)
        outcome = Outcome(task_id, passed, **details)
        with self.ledger.database.lasting(), self._lock:
            booked, is_new = self.ledger.report_outcome(outcome, is_dated="reported_at" in details)
            if is_new:
                self._learn(booked)
        return booked

    def check_own(self, task_id: str) -> None:
        """Refuse tasks of other tenants as unknown: tenants may share a ledger.

        Raises:
            UnknownDecisionError: If this tenant has no such task.
        """
        if self.ledger.tenant_of(task_id) != self.tenant:
            raise UnknownDecisionError(f"the ledger holds no task {task_id!r}")

    def _learn(self, outcome: Outcome) -> None:
        """Fold a first outcome in at once; after a revision the evidence is folded anew before it is used."""
        story = self.ledger.task(outcome.task_id)
        told = [one for one in story["outcomes"] if one["outcome_id"] != outcome.outcome_id]
        own = {one["decision_id"] for one in told}
        is_whole = outcome.decision_id is None
        is_revised = is_whole and any(one["decision_id"] in own for one in story["decisions"])
        if is_revised or outcome.decision_id in own or (not is_whole and None in own):
            self._refreshed = float("-inf")
            return
        with self.selector.lock:
            for decision in story["decisions"]:
                is_meant = decision["decision_id"] == outcome.decision_id
                if is_meant or is_whole:
                    alarm = self.selector.evidence.judge(
                        Judgement(
                            decision["arm"],
                            decision["task_class"] or story["task"]["task_class"],
                            outcome.passed,
                            decision["predicted"],
                            len(decision["failed_before"]),
                        )
                    )
                    if alarm is not None:
                        _logger.warning("%s", alarm)

    def close(self) -> None:
        """Release the ledger, once it is not being read any more."""
        with contextlib.ExitStack() as stack:
            if self._refreshing.acquire(timeout=_CLOSE_SECONDS):
                stack.callback(self._refreshing.release)
            self.ledger.close()

"""The way of any model call: choose, reserve, call, book, settle, and escalate once on a failed check."""

from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Generic, TypeVar

from toolshed.economics.choosing.candidates import Candidate, StepFeatures
from toolshed.economics.choosing.selection import Selection
from toolshed.economics.learning.examples import SUFFIX, Example, ExampleStore, examples_text, with_examples
from toolshed.economics.ledger.records import Call, Component, Decision, Task, error_text, utc_now
from toolshed.economics.running.account import Budget, CostAccount
from toolshed.economics.running.driving import CallFailed, drive, drive_async
from toolshed.errors import BudgetExceededError, NoEligibleBackboneError
from toolshed.metering.usage import Usage, estimated_tokens

Value = TypeVar("Value")
_RESERVE_ATTEMPTS = 3
# A failed check escalates once.
MAX_ATTEMPTS = 2


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
        usage: Its tokens; None when the provider reports none, and they are estimated then.
        text: The reply's text, for the estimate.
    """

    value: Value
    usage: Usage | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Done(Generic[Value]):
    """What came of a step.

    Attributes:
        value: Of the last attempt.
        model: That gave it.
        passed: Whether the check passed; None without a check.
        task_id: Its task.
        decision_ids: One for each attempt.
        cost_usd: What the attempts cost.
        selection: The last selection, with its reason.
    """

    value: Value
    model: str
    passed: bool | None
    task_id: str
    decision_ids: tuple[str, ...]
    cost_usd: Decimal
    selection: Selection


@dataclass(frozen=True)
class BackbonePolicy:
    """Runs steps on the backbone that makes a pass cheapest, within a budget.

    Attributes:
        account: Whose books it keeps.
        candidates: Backbones on offer.
        failure_price: Dollars that a failed step costs.
        floor: Pass rate that arms must be certified at.
        budget: What may be spent.
        incumbent: Arm to use while none is certified.
        component: Under which its calls are booked.
        check_usd: Cost of a check.
        examples: Where past replies are kept and found, for arms that show them.
    """

    account: CostAccount
    candidates: Sequence[Candidate | str]
    failure_price: Decimal | float | None = None
    floor: float | None = None
    budget: Budget | None = None
    incumbent: str | None = None
    component: Component = "agent"
    check_usd: Decimal = field(default=Decimal(0))
    examples: ExampleStore | None = None

    def run(
        self,
        call: Callable[[Attempt], Reply[Value]],
        *,
        task_class: str = "default",
        task: Task | None = None,
        prompt: str | None = None,
        features: StepFeatures | None = None,
        check: Callable[[Value], bool] | None = None,
    ) -> Done[Value]:
        """Do a step.

        Args:
            call: Calls the model of the attempt.
            task_class: Class of the step.
            task: The task it belongs to; a new one when not given.
            prompt: The prompt's text, to estimate its tokens.
            features: What else is known of the step.
            check: Says whether a reply will do. After one that will not, the next backbone is tried, once.

        Raises:
            NoEligibleBackboneError: If no candidate can do it, or every one costs more than the failure.
            BudgetExceededError: If the budget has too little left.
            Exception: What ``call`` raised; it is booked before.
        """
        return drive(self._steps(task_class, task, prompt, features, check), call)

    async def arun(
        self,
        call: Callable[[Attempt], Awaitable[Reply[Value]]],
        *,
        task_class: str = "default",
        task: Task | None = None,
        prompt: str | None = None,
        features: StepFeatures | None = None,
        check: Callable[[Value], bool] | None = None,
    ) -> Done[Value]:
        """Like :meth:`run`, for calls that are awaited."""
        return await drive_async(self._steps(task_class, task, prompt, features, check), call)

    def _steps(
        self,
        task_class: str,
        task: Task | None,
        prompt: str | None,
        features: StepFeatures | None,
        check: Callable[[Value], bool] | None,
    ) -> Generator[Attempt, tuple[Reply[Value], float], Done[Value]]:
        """Yields attempts, is sent their replies and seconds; shared by the two ways of calling."""
        known = self._features(features or StepFeatures(), prompt, has_check=check is not None)
        shown = self.examples.choose(task_class, prompt) if self.examples and prompt else []
        policy = replace(self, candidates=self._with_examples(shown))
        reserved = policy.reserve(task_class, known)
        task = task or self.account.start_task(
            task_class,
            failure_price=None if self.failure_price is None else Decimal(str(self.failure_price)),
            floor=self.floor,
        )
        decisions: list[Decision] = []
        spent = Decimal(0)
        reply: Reply[Value]
        while True:
            failed = tuple(one.arm for one in decisions)
            arm = reserved.selection.arm or ""
            used = shown if arm.endswith(SUFFIX) else []
            decision = self.account.decide(
                task.task_id,
                reserved.selection,
                attempt=len(decisions) + 1,
                failed=failed,
                examples=[one.task_id for one in used],
            )
            decisions.append(decision)
            reply, cost = yield from self._call(reserved, decision, prompt or "", examples_text(used))
            spent += cost
            passed = bool(check(reply.value)) if check else None
            if passed is not None:
                spent += self.book_check(decision)
                self.account.report(task.task_id, passed, decision_id=decision.decision_id, source="test")
            following = None if passed is not False or len(decisions) == MAX_ATTEMPTS else policy._escalated(
                task_class, known, decisions
            )  # fmt: skip
            if following is None:
                if self.examples and prompt and reply.text:
                    self.examples.keep(task.task_id, prompt, reply.text)
                ids = tuple(one.decision_id for one in decisions)
                return Done(reply.value, decision.model, passed, task.task_id, ids, spent, reserved.selection)
            reserved = following

    def _with_examples(self, shown: Sequence[Example]) -> list[Candidate]:
        offered = [Candidate(one) if isinstance(one, str) else one for one in self.candidates]
        return with_examples(offered, shown)

    def _features(self, features: StepFeatures, prompt: str | None, *, has_check: bool) -> StepFeatures:
        tokens = features.input_tokens
        if tokens is None and prompt is not None:
            tokens = estimated_tokens(prompt)
        check_usd = self.check_usd if has_check else None
        return replace(features, input_tokens=tokens, check_usd=check_usd, max_attempts=MAX_ATTEMPTS)

    def reserve(
        self, task_class: str, features: StepFeatures, *, only: Candidate | None = None
    ) -> "Reserved":
        """Select a backbone, or take the ``only`` one, and reserve what its call may cost.

        Raises:
            NoEligibleBackboneError: If no candidate can do it, or every one costs more than the failure.
            BudgetExceededError: If the budget has too little left.
        """
        for turn in range(1, _RESERVE_ATTEMPTS + 1):
            selection = self.account.select(
                task_class,
                self.candidates if only is None else [only],
                features,
                self.floor,
                self.failure_price,
                self.budget,
                incumbent=self.incumbent if only is None else None,
            )
            if selection.candidate is None:
                raise NoEligibleBackboneError(selection.reason)
            try:
                return self._held(selection, features)
            except BudgetExceededError:
                # Another caller was faster; what it left may do for a cheaper backbone.
                if turn == _RESERVE_ATTEMPTS:
                    raise
        raise AssertionError("the loop returns or raises")

    def _held(self, selection: Selection, features: StepFeatures) -> "Reserved":
        assert selection.model is not None
        cap = features.max_output_tokens
        if self.budget is None or self.budget.limit_usd is None:
            return Reserved(selection, None, cap)
        amount = Decimal(repr(selection.cost_95_usd))
        hold = self.account.ledger.reserve(
            amount,
            cap=self.budget.limit_usd,
            tenant=self.account.tenant,
            window_start=self.budget.window_start(utc_now()),
        )
        rates = self.account.selector.prices.rates(selection.model, utc_now())
        if cap is None and rates.output_usd > 0 and features.input_tokens is not None:
            left = float(amount) - rates.expected_usd(features.input_tokens, 0)
            cap = max(1, int(left / rates.output_usd))
        return Reserved(selection, hold, cap)

    def _call(
        self, reserved: "Reserved", decision: Decision, prompt: str, examples: str
    ) -> Generator[Attempt, tuple[Reply[Value], float], tuple[Reply[Value], Decimal]]:
        attempt = Attempt(
            decision.model,
            decision.arm,
            reserved.max_output_tokens,
            decision.decision_id,
            decision.task_id,
            decision.attempt,
            examples,
        )
        prompt = examples + prompt
        started_at = utc_now()
        try:
            reply, seconds = yield attempt
        except CallFailed as failed:
            # What a failed call cost is not known; its prompt was probably read.
            usage = Usage(estimated_tokens(prompt), 0, source="estimate")
            told = error_text(failed.error)
            booked = self.account.book_call(
                decision.task_id, self.component, decision.model, usage, decision=decision,
                latency_seconds=failed.seconds, started_at=started_at, error=told,
            )  # fmt: skip
            self.settle(reserved, booked.cost)
            raise failed.error from None
        usage = reply.usage or Usage(
            estimated_tokens(prompt), estimated_tokens(reply.text), source="estimate"
        )
        booked = self.account.book_call(
            decision.task_id, self.component, decision.model, usage, decision=decision,
            latency_seconds=seconds, started_at=started_at,
        )  # fmt: skip
        self.settle(reserved, booked.cost)
        return reply, booked.cost

    def book_check(self, decision: Decision) -> Decimal:
        """Book what checking an attempt cost; returns it."""
        if self.check_usd:
            check = Call(
                decision.task_id,
                "verifier",
                "check",
                Usage(),
                self.check_usd,
                decision_id=decision.decision_id,
                price_source="check_usd",
            )
            self.account.ledger.add_call(check)
        return self.check_usd

    def settle(self, reserved: "Reserved", spent: Decimal) -> None:
        """Replace a reservation by what was spent."""
        if reserved.hold_id is not None:
            self.account.ledger.settle(reserved.hold_id, spent)

    def _escalated(
        self, task_class: str, features: StepFeatures, decisions: Sequence[Decision]
    ) -> "Reserved | None":
        """The next backbone after a failed check; None when none is worth it, or can be paid."""
        try:
            return self.reserve(task_class, replace(features, failed=tuple(one.arm for one in decisions)))
        except (NoEligibleBackboneError, BudgetExceededError):
            return None


@dataclass(frozen=True, slots=True)
class Reserved:
    """A selection whose cost is reserved."""

    selection: Selection
    hold_id: str | None
    max_output_tokens: int | None

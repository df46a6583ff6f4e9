"""Steps run on the backbone that makes a pass cheapest: the policy that callers are given."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Generic

from toolshed.economics.choosing.candidates import Candidate, StepFeatures
from toolshed.economics.choosing.selection import Selection
from toolshed.economics.choosing.step_request import StepRequest
from toolshed.economics.learning.examples import ExampleStore, with_examples
from toolshed.economics.ledger.records import Component, Task
from toolshed.economics.running.account import CostAccount
from toolshed.economics.running.attempts import Attempt, Attempts, Reply, Value
from toolshed.economics.running.driving import Finished, drive, drive_async
from toolshed.economics.running.terms import Budget
from toolshed.metering.usage import estimated_tokens


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
        unbooked: Why calls or outcomes are not in the ledger, where they should be.
    """

    value: Value
    model: str
    passed: bool | None
    task_id: str
    decision_ids: tuple[str, ...]
    cost_usd: Decimal
    selection: Selection
    unbooked: tuple[str, ...] = ()


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
        check_false_accept: Share of wrong replies that the check lets pass, where it is a model that judges.
        team: The team that pays.
        also: Further budgets to stay within; see :class:`.Attempts`.
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
    check_false_accept: float = field(default=0.0, kw_only=True)
    examples: ExampleStore | None = None
    team: str | None = None
    also: tuple[Budget, ...] = field(default=(), kw_only=True)

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
        attempts = self.attempts(self.new_task(task_class) if task is None else task.task_id)
        begin = partial(self._begin, attempts, task_class, prompt, features, has_check=check is not None)
        finished = drive(attempts, begin, call, partial(_judge, check))
        self._keep(attempts, prompt, finished)
        return _done(attempts, finished)

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
        """Like :meth:`run`, for calls that are awaited. The ledger is written in worker threads."""
        attempts = self.attempts(self.new_task(task_class) if task is None else task.task_id)
        begin = partial(self._begin, attempts, task_class, prompt, features, has_check=check is not None)
        finished = await drive_async(attempts, begin, call, partial(_judge, check))
        await asyncio.to_thread(self._keep, attempts, prompt, finished)
        return _done(attempts, finished)

    def attempts(self, task: Task | str) -> Attempts:
        """Attempts at a task on this policy's terms, for those who call models in a way of their own."""
        return Attempts(self.account, task, self.budget, self.component, self.check_usd, self.also)

    def request(self, task_class: str, features: StepFeatures, *, has_check: bool) -> StepRequest:
        """What this policy asks of a selection; a check makes further attempts possible."""
        return StepRequest(
            task_class,
            self.candidates,
            replace(
                features,
                check_usd=self.check_usd if has_check else None,
                check_false_accept=self.check_false_accept,
            ),
            self.floor,
            self.failure_price,
            incumbent=self.incumbent,
        )

    def new_task(self, task_class: str) -> Task:
        """A task on this policy's terms, which is booked with its first decision."""
        return Task(
            task_class,
            tenant=self.account.tenant,
            failure_usd=None if self.failure_price is None else Decimal(str(self.failure_price)),
            floor=self.floor,
            team=self.team,
        )

    def _begin(
        self,
        attempts: Attempts,
        task_class: str,
        prompt: str | None,
        features: StepFeatures | None,
        *,
        has_check: bool,
    ) -> Attempt:
        features = features or StepFeatures()
        if features.input_tokens is None and prompt is not None:
            features = replace(features, input_tokens=estimated_tokens(prompt))
        shown = self.examples.choose(task_class, prompt) if self.examples and prompt else []
        request = self.request(task_class, features, has_check=has_check)
        request = replace(request, candidates=with_examples(request.offered, shown))
        return attempts.begin(request, prompt=prompt or "", shown=shown)

    def _keep(self, attempts: Attempts, prompt: str | None, finished: Finished[Value]) -> None:
        if self.examples and prompt and finished.reply.text:
            with attempts.told():
                self.examples.keep(attempts.task_id, prompt, finished.reply.text)


def _judge(check: Callable[[Value], bool] | None, value: Value) -> bool | None:
    return None if check is None else bool(check(value))


def _done(attempts: Attempts, finished: Finished[Value]) -> Done[Value]:
    assert attempts.selection is not None
    return Done(
        finished.reply.value,
        attempts.decisions[-1].model,
        finished.passed,
        attempts.task_id,
        tuple(one.decision_id for one in attempts.decisions),
        attempts.spent_usd,
        attempts.selection,
        tuple(attempts.unbooked),
    )

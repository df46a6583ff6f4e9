"""What the SDK offers of economics: ``shed.backbones``, ``shed.outcomes`` and ``shed.costs``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TypedDict, Unpack

from toolshed.economics.choosing.candidates import Candidate, StepFeatures
from toolshed.economics.choosing.selection import Selection
from toolshed.economics.choosing.step_request import StepRequest
from toolshed.economics.learning.examples import ExampleStore
from toolshed.economics.ledger.export import ExportFormat, export_ledger
from toolshed.economics.ledger.records import Component, Outcome
from toolshed.economics.reporting.explain import explain_task
from toolshed.economics.reporting.off_policy import LoggedChoice, OffPolicyEstimate, estimate_value
from toolshed.economics.reporting.report import CostReport, build_report
from toolshed.economics.running.account import CostAccount
from toolshed.economics.running.backbone_policy import BackbonePolicy
from toolshed.economics.running.terms import Budget, OutcomeDetails


class PolicyOptions(TypedDict, total=False):
    """Options of :class:`.BackbonePolicy`, which says what they are and has their defaults."""

    failure_price: Decimal | float | None
    floor: float | None
    budget: Budget | None
    incumbent: str | None
    component: Component
    check_usd: Decimal
    check_false_accept: float
    examples: ExampleStore | None
    team: str | None


@dataclass(frozen=True)
class Backbones:
    """Choosing backbones.

    Attributes:
        account: The books.
    """

    account: CostAccount

    def select(
        self,
        task_class: str,
        candidates: Sequence[Candidate | str],
        *,
        features: StepFeatures | None = None,
        floor: float | None = None,
        failure_price: Decimal | float | None = None,
        budget: Budget | None = None,
        incumbent: str | None = None,
    ) -> Selection:
        """Choose the backbone of a step and book nothing; the arguments are those of :class:`.StepRequest`.

        Raises:
            InvalidRecordError: If an argument is out of range, or neither floor nor failure price is given.
            NoEligibleBackboneError: If no candidate may or can do the step; says why for each.
            BudgetExceededError: If some can, and the budget reaches for none of them.
            UnknownModelError: If a candidate has no price.
        """
        request = StepRequest(
            task_class, candidates, features or StepFeatures(), floor, failure_price, incumbent=incumbent
        )
        return self.account.select(request, budget=budget)

    def policy(
        self, candidates: Sequence[Candidate | str], **options: Unpack[PolicyOptions]
    ) -> BackbonePolicy:
        """A policy that runs calls on what is chosen; the options are those of :class:`.BackbonePolicy`."""
        return BackbonePolicy(self.account, candidates, **options)

    def estimate(
        self, policy: Callable[[str], Mapping[str, float]], *, reward: str = "passed"
    ) -> OffPolicyEstimate:
        """What another policy would have passed, or cost, from the log of the one that ran.

        Args:
            policy: Probability of each arm for a task class.
            reward: ``passed``, or ``dollars`` for minus the cost.

        Raises:
            TooLittleEvidenceError: If the log says too little of it.
        """
        log = [
            LoggedChoice(task_class, arm, propensity, float(passed) if reward == "passed" else -cost)
            for task_class, arm, propensity, passed, cost in self.account.ledger.first_attempts(
                tenant=self.account.tenant
            )
        ]
        return estimate_value(log, policy)


@dataclass(frozen=True)
class Outcomes:
    """Reporting outcomes.

    Attributes:
        account: The books.
    """

    account: CostAccount

    def report(
        self, task_id: str | None = None, passed: bool | None = None, **details: Unpack[OutcomeDetails]
    ) -> Outcome:
        """Report whether a task or attempt passed; see :meth:`.CostAccount.report`."""
        return self.account.report(task_id, passed, **details)


@dataclass(frozen=True)
class Costs:
    """Asking what it cost.

    Attributes:
        account: The books.
    """

    account: CostAccount

    def report(
        self,
        by: str = "model",
        *,
        tenant: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        human_usd: float | None = None,
    ) -> CostReport:
        """What was spent and what it bought; see :func:`.build_report`."""
        return build_report(
            self.account.ledger, by=by, tenant=tenant, since=since, until=until, human_usd=human_usd
        )

    def explain(self, task_id: str) -> str:
        """The story of a task."""
        return explain_task(self.account.ledger, task_id)

    def export(self, folder: str | Path, *, kind: ExportFormat = "csv") -> list[Path]:
        """Write the ledger to files."""
        return export_ledger(self.account.ledger, Path(folder), kind=kind)

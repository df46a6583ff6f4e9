"""What is asked of a selection: a step, who could do it, and on which terms."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from toolshed.economics.choosing.candidates import BudgetState, Candidate, StepFeatures
from toolshed.errors import (
    CandidateConflictError,
    InvalidRecordError,
    NoEligibleBackboneError,
    UnknownModelError,
)


@dataclass(frozen=True, slots=True)
class StepRequest:
    """A step that needs a backbone.

    Attributes:
        task_class: Class of the task; evidence is kept by it.
        candidates: Backbones that could do it; a text is a model without variants.
        features: What is known of the step.
        floor: Pass rate below which no arm may be; only arms certified at it are used, and the incumbent.
        failure_usd: What a failed task costs. Without it the cheapest certified arm is chosen, so a floor is
            needed then.
        budget: What may be spent.
        incumbent: Arm to use while none is certified; the one held to pass most when not given.
        offered: The candidates, none of them a text any more.

    Raises:
        InvalidRecordError: If an argument is out of range, or neither floor nor failure price is given.
        CandidateConflictError: If two candidates have one name.
        UnknownModelError: If the incumbent is not among the candidates.
        NoEligibleBackboneError: If there is no candidate.
    """

    task_class: str
    candidates: Sequence[Candidate | str]
    features: StepFeatures = field(default_factory=StepFeatures)
    floor: float | None = None
    failure_usd: Decimal | float | None = None
    budget: BudgetState = field(default_factory=BudgetState)
    incumbent: str | None = None
    offered: tuple[Candidate, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        offered = tuple(Candidate(one) if isinstance(one, str) else one for one in self.candidates)
        object.__setattr__(self, "offered", offered)
        if not offered:
            raise NoEligibleBackboneError("no candidates were given; name at least one model")
        names = [one.name for one in offered]
        if len(set(names)) < len(names):
            raise CandidateConflictError(
                f"a candidate is named twice in {names}; give variants an arm of their own"
            )
        if self.floor is None and self.failure_usd is None:
            raise InvalidRecordError(
                "give failure_price, what a failed task costs, or floor, the least pass rate"
            )
        if self.floor is not None and not 0 < self.floor < 1:
            raise InvalidRecordError(f"floor is {self.floor}; a pass rate lies between 0 and 1")
        if self.failure_usd is not None and not 0 <= float(self.failure_usd) < float("inf"):
            raise InvalidRecordError(
                f"failure_price is {self.failure_usd}; it is an amount of dollars of 0 or more"
            )
        if self.incumbent is not None and self.incumbent not in names:
            raise UnknownModelError(f"the incumbent {self.incumbent!r} is not among the candidates {names}")

"""Bodies of the endpoint that selects backbones."""

from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from toolshed.economics.choosing.candidates import Candidate, StepFeatures
from toolshed.economics.choosing.selection import Selection
from toolshed.economics.choosing.step_request import StepRequest
from toolshed.economics.running.terms import Budget
from toolshed.metering.usage import ServiceTier
from toolshed_api.description import needs_one_of

_Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_Tokens = Annotated[int, Field(ge=0, le=10**9)]
_Usd = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
_Share = Annotated[float, Field(ge=0, le=1)]
MAX_CANDIDATES = 50


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class CandidateBody(_Body):
    """A backbone that could do the step."""

    model: _Name = Field(description="What is called and priced.")
    arm: str = Field("", max_length=200, description="What is learnt about; the model when empty.")
    context_window: Annotated[int, Field(ge=1, le=10**9)] | None = None
    supports_tools: bool = True
    regions: list[_Name] = Field(default_factory=list, max_length=100)
    is_healthy: bool = True
    extra_input_tokens: _Tokens = 0

    def candidate(self) -> Candidate:
        """The candidate."""
        return Candidate(**{**self.model_dump(), "regions": frozenset(self.regions)})


class FeaturesBody(_Body):
    """What is known of the step before it is done."""

    input_tokens: _Tokens | None = Field(None, description="Of the prompt; learnt when not given.")
    max_output_tokens: _Tokens | None = None
    needs_tools: bool = False
    region: _Name | None = None
    cached_tokens: _Tokens = 0
    cached_model: _Name | None = None
    failed: list[_Name] = Field(default_factory=list, max_length=MAX_CANDIDATES)
    check_usd: _Usd | None = Field(None, description="Cost of a check that allows another attempt.")
    check_false_accept: _Share = 0.0
    check_false_reject: _Share = 0.0
    max_attempts: int = Field(3, ge=1, le=10)
    is_run: bool = False
    service_tier: ServiceTier = ""
    input_audio_tokens: _Tokens = 0
    caches_for_an_hour: bool = False

    def features(self) -> StepFeatures:
        """The features."""
        check_usd = None if self.check_usd is None else Decimal(repr(self.check_usd))
        return StepFeatures(**{**self.model_dump(), "failed": tuple(self.failed), "check_usd": check_usd})


class BudgetBody(_Body):
    """What the tenant may spend."""

    limit_usd: Annotated[_Usd, Field(gt=0)] | None = Field(None, description="Hard cap of a window.")
    window_seconds: float = Field(86_400.0, ge=1, le=10**8)
    pace_usd: Annotated[_Usd, Field(gt=0)] | None = Field(None, description="Of a request, on average.")

    def budget(self) -> Budget:
        """The budget."""
        amounts = [None if usd is None else Decimal(repr(usd)) for usd in (self.limit_usd, self.pace_usd)]
        return Budget(amounts[0], timedelta(seconds=self.window_seconds), amounts[1])


class SelectRequest(_Body):
    """A step that needs a backbone; give ``failure_usd``, ``floor`` or both."""

    model_config = ConfigDict(json_schema_extra=needs_one_of("failure_usd", "floor", kind="number"))

    task_class: _Name = Field(description="Class of the task; evidence is kept by it.")
    candidates: list[_Name | CandidateBody] = Field(
        min_length=1, max_length=MAX_CANDIDATES, json_schema_extra={"uniqueItems": True}
    )
    features: FeaturesBody | None = None
    failure_usd: _Usd | None = Field(None, description="What a failed task costs.")
    floor: Annotated[float, Field(gt=0, lt=1)] | None = Field(None, description="Least pass rate.")
    incumbent: _Name | None = Field(None, description="Arm to use while none is certified at the floor.")
    budget: BudgetBody | None = None

    def step(self) -> StepRequest:
        """The step."""
        features = StepFeatures() if self.features is None else self.features.features()
        offered = [one if isinstance(one, str) else one.candidate() for one in self.candidates]
        return StepRequest(
            self.task_class,
            offered,
            features,
            self.floor,
            self.failure_usd,
            incumbent=self.incumbent,
        )


class WeighedBody(BaseModel):
    """A candidate as the selection saw it."""

    arm: str
    verdict: Literal["chosen", "eligible", "not certified", "ineligible"]
    cost_usd: float
    pass_probability: float
    expected_usd: float
    probability: float = Field(description="With which it would have been chosen.")
    why_not: str


class SelectResponse(BaseModel):
    """The backbone of a step."""

    task_class: str
    model: str | None = Field(description="What to call now; null when a human had better do it.")
    arm: str | None
    cascade: list[str] = Field(description="What to try in turn, where a check allows it.")
    cost_usd: float
    pass_probability: float
    cost_95_usd: float = Field(description="What it may cost, the 95th percentile.")
    arm_pass_probability: float
    propensity: float
    is_explored: bool
    exploration_usd: float
    dual_price: float
    reason: str
    candidates: list[WeighedBody]

    @classmethod
    def of(cls, chosen: Selection) -> "SelectResponse":
        """What was chosen, and why."""
        return cls(
            task_class=chosen.task_class,
            model=chosen.model,
            arm=chosen.arm,
            cascade=list(chosen.cascade),
            cost_usd=chosen.cost_usd,
            pass_probability=chosen.pass_probability,
            cost_95_usd=chosen.cost_95_usd,
            arm_pass_probability=chosen.arm_pass_probability,
            propensity=chosen.propensity,
            is_explored=chosen.is_explored,
            exploration_usd=chosen.exploration_usd,
            dual_price=chosen.dual_price,
            reason=chosen.reason,
            candidates=[WeighedBody(**asdict(one)) for one in chosen.weighed],
        )

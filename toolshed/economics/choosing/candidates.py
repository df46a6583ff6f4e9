"""Backbones that could do a step, what is known of the step, and which of them may and can do it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import get_args

import numpy as np

from toolshed.economics.learning.evidence import Counts
from toolshed.economics.learning.posteriors import Beliefs
from toolshed.economics.prices.rates import Rates
from toolshed.errors import InvalidRecordError
from toolshed.metering.usage import ServiceTier


@dataclass(frozen=True, slots=True)
class Candidate:
    """A backbone that could do the step.

    Attributes:
        model: What is called and priced, as in :class:`~toolshed.economics.prices.pricing.PriceSheet`.
        arm: What is learnt about; the model, unless it is a variant of it such as ``model+examples``.
        context_window: Most tokens it takes; the price list's figure when not given.
        supports_tools: Whether it can call tools.
        regions: Where it may process data; anywhere when empty.
        is_healthy: Whether its provider answers at present.
        extra_input_tokens: Tokens that the variant adds to every prompt.
    """

    model: str
    arm: str = ""
    context_window: int | None = None
    supports_tools: bool = True
    regions: frozenset[str] = frozenset()
    is_healthy: bool = True
    extra_input_tokens: int = 0

    @property
    def name(self) -> str:
        """The arm's name."""
        return self.arm or self.model


@dataclass(frozen=True, slots=True)
class StepFeatures:
    """What is known of the step before it is done.

    Attributes:
        input_tokens: Tokens of the prompt; learnt from earlier calls when not given.
        max_output_tokens: Cap on the reply that the call will set.
        needs_tools: Whether the model must call tools.
        region: Where data must be processed.
        cached_tokens: Tokens of the session's prompt in the cache of ``cached_model``; another model reads
            them at full price.
        cached_model: The model that the session is on.
        failed: Arms that have failed on this task; they are not tried again.
        check_usd: Cost of checking whether a reply passed; None when nothing checks it before it is used, so
            that there is no second attempt.
        check_false_accept: Share of wrong replies that the check lets pass, as a model that judges does.
        check_false_reject: Share of right replies that it refuses.
        max_attempts: Most attempts, where something checks them.
        is_run: Whether several calls will carry the decision out, as in the run of an agent: its cost is then
            learnt from past runs, and the prompt is only its first.
        service_tier: The tier that the call asks for; its prices are planned with.
        input_audio_tokens: Part of the prompt that is audio, which has a price of its own.
        caches_for_an_hour: Whether the call asks for a cache of an hour, which costs more to write.
    """

    input_tokens: int | None = None
    max_output_tokens: int | None = None
    needs_tools: bool = False
    region: str | None = None
    cached_tokens: int = 0
    cached_model: str | None = None
    failed: tuple[str, ...] = ()
    check_usd: Decimal | None = None
    check_false_accept: float = 0.0
    check_false_reject: float = 0.0
    max_attempts: int = 3
    is_run: bool = False
    service_tier: ServiceTier = ""
    input_audio_tokens: int = 0
    caches_for_an_hour: bool = False

    def __post_init__(self) -> None:
        for name in ("input_tokens", "max_output_tokens", "cached_tokens", "check_usd", "input_audio_tokens"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise InvalidRecordError(f"{name} is {value}; it must be 0 or more")
        for name in ("check_false_accept", "check_false_reject"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidRecordError(f"{name} is {getattr(self, name)}; a share lies between 0 and 1")
        if self.service_tier not in get_args(ServiceTier):
            tiers = ", ".join(get_args(ServiceTier)[1:])
            raise InvalidRecordError(f"unknown service tier {self.service_tier!r}; choose of {tiers}")


@dataclass(frozen=True, slots=True)
class BudgetState:
    """What may be spent.

    Attributes:
        remaining_usd: A call that may cost more (95th percentile) is not eligible.
        dual_price: How much dearer than its price a dollar is held to be, to spend no faster than allowed.
    """

    remaining_usd: Decimal | None = None
    dual_price: float = 0.0


def ineligibility(
    one: Candidate,
    features: StepFeatures,
    window_of: Callable[[str], int | None],
) -> str:
    """Why a candidate may not or cannot do the step; empty when it can."""
    if one.name in features.failed:
        return "it has failed on this task"
    if not one.is_healthy:
        return "its provider does not answer"
    if features.needs_tools and not one.supports_tools:
        return "it cannot call tools"
    if features.region is not None and one.regions and features.region not in one.regions:
        return f"it may not process data in {features.region!r}"
    if features.input_tokens is not None:
        window = one.context_window or window_of(one.model)
        needed = features.input_tokens + one.extra_input_tokens + (features.max_output_tokens or 0)
        if window is not None and needed > window:
            return f"its context window of {window:,} tokens is too small for {needed:,}"
    return ""


def unaffordability(budget: BudgetState, cost_95_usd: float) -> str:
    """Why the budget does not reach; empty when it does."""
    if budget.remaining_usd is not None and cost_95_usd > float(budget.remaining_usd):
        return f"it may cost ${cost_95_usd:.6f}, and ${budget.remaining_usd:.6f} are left"
    return ""


def expected_costs(
    offered: Sequence[Candidate], features: StepFeatures, known: Beliefs, rates: Sequence[Rates]
) -> tuple[Counts, Counts]:
    """Dollars of one attempt of each candidate: expected, and the 95th percentile."""
    into, out = known.input_tokens, known.output_tokens
    into_95, out_95 = known.input_tokens_95, known.output_tokens_95
    if features.input_tokens is not None:
        extra = np.array([one.extra_input_tokens for one in offered], float)
        given = features.input_tokens + extra
        into, into_95 = (
            (np.maximum(into, given), np.maximum(into_95, given)) if features.is_run else (given, given)
        )
    if features.max_output_tokens is not None and not features.is_run:
        out = np.minimum(out, features.max_output_tokens)
        out_95 = np.full(len(offered), float(features.max_output_tokens))
    cached = np.array([features.cached_tokens * (one.model == features.cached_model) for one in offered])
    cached = np.minimum(cached, into)
    audio, for_an_hour = features.input_audio_tokens, features.caches_for_an_hour
    expected = [rate.expected_usd(*tokens) for rate, *tokens in zip(rates, into, out, cached, strict=True)]
    # The least cap on a reply is one token, so one is reserved.
    out_95 = np.maximum(out_95, 1.0)
    # A cache may have been emptied, and may be written: what is reserved does not count on it.
    upper = [
        rate.most_usd(n_in, n_out, audio_tokens=min(audio, n_in), for_an_hour=for_an_hour)
        for rate, n_in, n_out in zip(rates, into_95, out_95, strict=True)
    ]
    if audio:
        tiers = [rate.at(n_in) for rate, n_in in zip(rates, into, strict=True)]
        more = [max(0.0, (tier.audio_usd or 0.0) - tier.input_usd) for tier in tiers]
        expected = [usd + audio * extra for usd, extra in zip(expected, more, strict=True)]
    return np.array(expected), np.array(upper)

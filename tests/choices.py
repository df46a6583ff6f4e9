"""A selector with evidence and prices that are easy to work with by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np

from toolshed.economics.choosing.candidates import Candidate, StepFeatures
from toolshed.economics.choosing.selection import BackboneSelector, ExplorationRule, Selection
from toolshed.economics.choosing.step_request import StepRequest
from toolshed.economics.learning.evidence import Evidence, Judgement, TokenCount
from toolshed.economics.prices.price_file import PriceEntry, PriceFile
from toolshed.economics.prices.pricing import PriceSheet

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def prices(**dollars: float) -> PriceSheet:
    """A price for a million input tokens by model; output costs nothing."""
    entries = {
        m: [PriceEntry(input_mtok=Decimal(str(p)), output_mtok=Decimal(0))] for m, p in dollars.items()
    }
    return PriceSheet(PriceFile(models=entries))


def selector(seen: dict[str, tuple[int, int]], sheet: PriceSheet, **options: object) -> BackboneSelector:
    """Evidence of passes and failures in class "x", with 1,000 input tokens a call."""
    evidence = Evidence()
    for arm, (passes, failures) in seen.items():
        for passed in [False] * failures + [True] * passes:
            evidence.judge(Judgement(arm, "x", passed, 0.0))
        for _ in range(200):
            evidence.count_tokens(TokenCount(arm, "x", 1000, 0))
    given = {"exploration": ExplorationRule(spend_share=0.0), **options}
    rng = np.random.default_rng(5)
    return BackboneSelector(sheet, evidence, rng=rng, **given)  # type: ignore[arg-type]  # its options


def choose(
    by: BackboneSelector,
    task_class: str,
    candidates: Sequence[Candidate | str],
    features: StepFeatures | None = None,
    **terms: object,
) -> Selection:
    """What is chosen at the time of the test."""
    given = {"features": features or StepFeatures(), **terms}
    return by.select(StepRequest(task_class, candidates, **given), at=NOW)  # type: ignore[arg-type]  # its terms


CHEAP_AND_GOOD = {"small": (80, 20), "large": (95, 5)}

SHEET = prices(small=1, large=10)

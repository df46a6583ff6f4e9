"""Intervals: of a mean over runs, and of cost-of-pass by bootstrap."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolshed.errors import missing_extra

_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class MeanInterval:
    """A mean and half the width of its 95 % interval (Student's t); infinite for a single run."""

    value: float
    half_width: float


def mean_interval(values: Sequence[float]) -> MeanInterval:
    """Mean of independent runs."""
    try:
        from scipy.stats import t
    except ModuleNotFoundError as error:
        raise missing_extra("scipy", "economics") from error
    array = np.asarray(values, float)
    if len(array) < 2:
        return MeanInterval(float(array.mean()), float("inf"))
    standard_error = array.std(ddof=1) / np.sqrt(len(array))
    return MeanInterval(float(array.mean()), float(t.ppf((1 + _LEVEL) / 2, len(array) - 1) * standard_error))


def cost_of_pass_interval(
    costs_usd: NDArray[np.float64], passed: NDArray[np.float64], *, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """95 % percentile bootstrap of mean cost over pass rate, resampling tasks.

    A resample in which nothing passed counts as infinite, so the upper end can be infinite.
    """
    rng = np.random.default_rng(seed)
    n = len(costs_usd)
    ratios = np.empty(resamples)
    for i in range(resamples):
        drawn = rng.integers(0, n, n)
        n_passed = passed[drawn].sum()
        ratios[i] = costs_usd[drawn].sum() / n_passed if n_passed else np.inf
    ratios.sort()
    tail = (1 - _LEVEL) / 2
    # Order statistics: interpolating between finite and infinite values has no meaning.
    return float(ratios[int(tail * resamples)]), float(
        ratios[min(resamples - 1, int((1 - tail) * resamples))]
    )

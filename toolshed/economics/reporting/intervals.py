"""Intervals: of a mean over runs, and of cost-of-pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolshed.errors import missing_extra

_LEVEL = 0.95
# Below these an interval says more than is known.
MIN_JUDGED, MIN_PASSED = 20, 5
# Of more, the means are normal, and drawing them anew two thousand times takes minutes.
_MAX_RESAMPLED = 500
_AT_ONCE = 250


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
    """95 % interval of mean cost over pass rate, tasks being drawn anew: by bootstrap, or Fieller's of many.

    Returns:
        Its ends; NaN twice where fewer than twenty are judged or fewer than five passed: of so few it would
        only look like one.
    """
    if len(costs_usd) < MIN_JUDGED or passed.sum() < MIN_PASSED:
        return float("nan"), float("nan")
    if len(costs_usd) > _MAX_RESAMPLED:
        return _fieller(costs_usd, passed)
    rng = np.random.default_rng(seed)
    n = len(costs_usd)
    ratios = []
    for _ in range(0, resamples, _AT_ONCE):
        drawn = rng.integers(0, n, (_AT_ONCE, n))
        with np.errstate(divide="ignore"):
            # A resample in which nothing passed is infinite, so the upper end can be.
            ratios.append(costs_usd[drawn].sum(1) / passed[drawn].sum(1))
    ordered = np.sort(np.concatenate(ratios)[:resamples])
    tail = (1 - _LEVEL) / 2
    # Order statistics: interpolating between finite and infinite values has no meaning.
    last = min(resamples - 1, int((1 - tail) * resamples))
    return float(ordered[int(tail * resamples)]), float(ordered[last])


def _fieller(costs_usd: NDArray[np.float64], passed: NDArray[np.float64]) -> tuple[float, float]:
    """Fieller's interval of a ratio of means (J. R. Stat. Soc. B 16, 1954), in one pass over the tasks."""
    # All r with (c - r p)^2 <= z^2 (s_cc - 2 r s_cp + r^2 s_pp), for means c and p and their covariances s:
    # the roots of A r^2 - 2 B r + C, A = p^2 - z^2 s_pp, B = c p - z^2 s_cp, C = c^2 - z^2 s_cc.
    n, z = len(costs_usd), 1.959964
    (s_cc, s_cp), (_, s_pp) = np.cov(costs_usd, passed) / n
    cost, rate = costs_usd.mean(), passed.mean()
    a, b, c = rate**2 - z**2 * s_pp, cost * rate - z**2 * s_cp, cost**2 - z**2 * s_cc
    if a <= 0:
        return float(c / (2 * b)) if b > 0 else 0.0, float("inf")
    root = float(np.sqrt(max(0.0, b**2 - a * c)))
    return float((b - root) / a), float((b + root) / a)

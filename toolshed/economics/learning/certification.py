"""Certificates that an arm passes at least as often as a floor asks.

"The observed pass rate is above the floor" breaks the floor in 39 to 66 % of runs (BFCL, floor .88): of many
candidates the luckiest is taken. An exact binomial test for each candidate, with the error split among all of
them and over all looks at the data, keeps it (Learn then Test, Angelopoulos et al., arXiv 2110.01052).
"""

from collections.abc import Sequence
from functools import lru_cache

from toolshed.economics.learning.evidence import FIRST_LOOK
from toolshed.errors import missing_extra


@lru_cache(maxsize=65_536)
def p_value(passes: int, trials: int, floor: float) -> float:
    """One-sided exact binomial p-value of "passes no more often than the floor"."""
    try:
        from scipy.stats import binom
    except ModuleNotFoundError as error:
        raise missing_extra("scipy", "economics") from error
    return float(binom.sf(passes - 1, trials, floor))


def certify(passes: int, trials: int, floor: float, *, error: float, n_candidates: int) -> bool:
    """Certify from one look at a sample whose size was fixed beforehand, such as a golden set.

    Over all candidates together, some arm below the floor is certified with probability ``error`` at most.
    """
    return trials > 0 and p_value(passes, trials, floor) <= error / n_candidates


@lru_cache(maxsize=65_536)
def _certify_looks(passes: Sequence[int], floor: float, error: float, n_candidates: int) -> bool:
    return any(
        certify(
            passed,
            FIRST_LOOK << look,
            floor,
            error=error / ((look + 1) * (look + 2)),
            n_candidates=n_candidates,
        )
        for look, passed in enumerate(passes)
    )


def certify_looks(passes: Sequence[int], floor: float, *, error: float, n_candidates: int) -> bool:
    """Certify from traffic as it accrues, tested after 50, 100, 200, ... outcomes.

    The k-th look may err with ``error / (k (k + 1))``; the sum over all looks is ``error``. Holds while
    outcomes of a class are exchangeable and the choice of the arm does not look at the single task.

    Args:
        passes: Passes among the first 50, 100, 200, ... outcomes.
        floor: The pass rate to be certified.
        error: Accepted probability that anything is certified wrongly.
        n_candidates: Certificates that could be given: candidates times task classes.
    """
    return _certify_looks(tuple(passes), floor, error, n_candidates)

"""Beliefs about arms: Beta posteriors of passing, shrunk to the arm's mean, and log-normal tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolshed.economics.learning.evidence import Counts, Evidence

Rows = NDArray[np.intp]

# Tokens of a call about which nothing is known, and how many calls that guess weighs.
_GUESSED_TOKENS = (500.0, 100.0)
_TOKEN_MASS = 4.0
_GUESSED_LOG_VARIANCE = 0.5
_QUANTILE_95 = 1.645


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before anything is seen.

    Attributes:
        pass_rate: Of an arm of which nothing is known.
        mass: Outcomes that this guess weighs.
        concentration: How alike an arm's classes are: outcomes that the arm's mean weighs in a class.
        version_share: Share of an arm's counts that its next version (``arm@VERSION``) inherits.
        retry_ratio: Pass rate after another arm failed, over the unconditional one: attempts are far from
            independent (.42 to .60 on BFCL, SWE-bench and tau-bench).
        retry_mass: Outcomes that this ratio weighs.
    """

    pass_rate: float = 0.8
    mass: float = 4.0
    concentration: float = 3.0
    version_share: float = 0.3
    retry_ratio: float = 0.5
    retry_mass: float = 8.0


@dataclass(frozen=True, slots=True)
class Beliefs:
    """What is believed of arms in one task class; one element an arm.

    Attributes:
        alpha, beta: Of the Beta posterior of passing.
        input_tokens, output_tokens: Expected.
        input_tokens_95, output_tokens_95: Exceeded by one call in twenty.
        retry: Pass probability after another arm has failed.
        n: Outcomes seen in this class.
    """

    alpha: Counts
    beta: Counts
    input_tokens: Counts
    output_tokens: Counts
    input_tokens_95: Counts
    output_tokens_95: Counts
    retry: Counts
    n: Counts

    @property
    def pass_probability(self) -> Counts:
        """Posterior means."""
        return np.asarray(self.alpha / (self.alpha + self.beta))


def beliefs(evidence: Evidence, arms: Sequence[str], task_class: str, prior: Prior) -> Beliefs:
    """The beliefs that the evidence supports; arms and classes never seen get the prior."""
    # Beta-binomial, the arm's own mean being that of its prior (empirical Bayes). For s passes, f failures
    # of arm m in class g:
    #   mu_m = (s_m + mass p0) / (n_m + mass),  p_mg ~ Beta(k mu_m + s_mg, k (1 - mu_m) + f_mg).
    column = evidence.column(task_class)
    rows = np.array([evidence.row(arm) for arm in arms], np.intp)
    passes, failures = _inherited(evidence, arms, rows, prior.version_share)
    arm_passes, arm_failures = passes.sum(1), failures.sum(1)
    mean = (arm_passes + prior.mass * prior.pass_rate) / (arm_passes + arm_failures + prior.mass)
    # A mean of nearly 0 or 1 would leave a class nothing to learn.
    mean = np.clip(mean, 0.02, 0.98)
    alpha = prior.concentration * mean + passes[:, column]
    beta = prior.concentration * (1 - mean) + failures[:, column]
    expected, upper = _tokens(evidence, rows, column)
    retried, lost = evidence.retry_passes[rows, column], evidence.retry_failures[rows, column]
    # After another arm failed, for r passes of N retries and weight w: the ratio of the conditional pass rate
    # to the unconditional one is rho = (w rho0 + r_m / mu_m) / (w + N_m), the arm's over all classes, so that
    # a class in which nothing failed yet knows it too. Then p'_mg = (w rho E[p_mg] + r_mg) / (w + N_mg).
    arm_retried = evidence.retry_passes[rows].sum(1)
    arm_retries = arm_retried + evidence.retry_failures[rows].sum(1)
    ratio = (prior.retry_mass * prior.retry_ratio + arm_retried / mean) / (prior.retry_mass + arm_retries)
    likely = np.minimum(ratio * alpha / (alpha + beta), 0.98)
    retry = (prior.retry_mass * likely + retried) / (prior.retry_mass + retried + lost)
    n = evidence.passes[rows, column] + evidence.failures[rows, column]
    return Beliefs(alpha, beta, expected[0], expected[1], upper[0], upper[1], retry, n)


def _inherited(evidence: Evidence, arms: Sequence[str], rows: Rows, share: float) -> tuple[Counts, Counts]:
    """Counts of the arms, with a share of those of the version before."""
    passes, failures = evidence.passes[rows], evidence.failures[rows]
    for position, arm in enumerate(arms):
        name, versioned, _ = arm.partition("@")
        if not versioned:
            continue
        before = [
            row
            for row, other in enumerate(evidence.arms[: rows[position]])
            if other.partition("@")[0] == name and row != rows[position]
        ]
        if before:
            passes[position] += share * evidence.passes[before[-1]]
            failures[position] += share * evidence.failures[before[-1]]
    return passes, failures


def _tokens(evidence: Evidence, rows: Rows, column: int) -> tuple[Counts, Counts]:
    """Expected tokens and their 95th percentile, ``[2, arm]`` each: arm plus class, in logarithms."""
    # l = log(1 + tokens) is taken as normal. Its mean is the arm's plus what the class adds, each shrunk:
    #   a_m = (sum of l_m + overall mean) / (n_m + 1),  b_g = (sum of (l_mg - a_m) over m) / (n_g + M),
    #   mean_mg = (sum of l_mg + M (a_m + b_g)) / (n_mg + M),
    #   variance_mg = (sum of (l_mg - mean_mg)^2 + M v0) / (n_mg + M).
    # A log-normal has the expectation exp(mean + variance / 2) and the quantile exp(mean + z sd).
    sums = evidence.tokens
    n_arm = sums.n.sum(1)
    guess = np.log1p(_GUESSED_TOKENS)[:, None]
    n_all = n_arm.sum()
    overall = (sums.log_sum.sum((1, 2))[:, None] + guess) / (n_all + 1)
    arm = (sums.log_sum.sum(2) + overall) / (n_arm + 1)
    in_class = sums.n[:, column]
    surplus = (sums.log_sum[:, :, column] - in_class * arm).sum(1, keepdims=True)
    of_class = surplus / (in_class.sum() + _TOKEN_MASS)
    seen = in_class[rows]
    mean = (sums.log_sum[:, rows, column] + _TOKEN_MASS * (arm[:, rows] + of_class)) / (seen + _TOKEN_MASS)
    spread = sums.square_sum[:, rows, column] - 2 * mean * sums.log_sum[:, rows, column] + seen * mean**2
    variance = (spread + _TOKEN_MASS * _GUESSED_LOG_VARIANCE) / (seen + _TOKEN_MASS)
    # Few calls say little of the spread; the mean of a log-normal must not explode for it.
    expected = np.expm1(mean + np.where(seen >= _TOKEN_MASS, variance, 0.0) / 2)
    return np.maximum(expected, 0.0), np.expm1(mean + _QUANTILE_95 * np.sqrt(variance))

"""Cost-of-pass: expected cost over pass rate (Erol et al., arXiv 2504.13359), and what follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolshed.economics.reporting.intervals import cost_of_pass_interval
from toolshed.errors import TooLittleEvidenceError

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trial:
    """A task, or an attempt at one, with what it cost.

    Attributes:
        group: What it is reported under.
        cost_usd: Dollars, checks and failures included.
        passed: Whether it passed; None while nobody has said so.
        problem: Problems are alike when this is.
        n_calls, input_tokens, output_tokens: What was called for it.
        is_attempt: Whether it is one; calls that belong to none have no outcome that could be known.
    """

    group: str
    cost_usd: float
    passed: bool | None
    problem: str = ""
    n_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    is_attempt: bool = True


@dataclass(frozen=True, slots=True)
class CostOfPass:
    """What a pass costs in one group.

    Attributes:
        group: The group.
        n_passed, n_failed, n_unknown: Trials by outcome.
        n_calls, input_tokens, output_tokens: Of all trials.
        spend_usd: Dollars of all trials; ``unknown_usd`` is the part whose outcome is unknown.
        mean_cost_usd: Mean over the judged trials.
        pass_rate: Share of the judged trials that passed; NaN when none is judged.
        cost_of_pass_usd: Mean cost over pass rate; infinite when nothing passed, NaN when nothing is judged.
        low, high: Its 95 % interval; NaN where too few trials are judged to speak of one.
        fail_cost_usd, pass_cost_usd: Mean cost of a failure and of a pass.
    """

    group: str
    n_passed: int
    n_failed: int
    n_unknown: int
    spend_usd: float
    unknown_usd: float
    mean_cost_usd: float
    pass_rate: float
    cost_of_pass_usd: float
    low: float
    high: float
    fail_cost_usd: float
    pass_cost_usd: float
    n_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


def cost_of_pass(trials: Sequence[Trial], group: str, *, resamples: int = 2000) -> CostOfPass:
    """The cost-of-pass of trials, all of one group. Trials of unknown outcome are counted apart."""
    judged = [trial for trial in trials if trial.passed is not None]
    unknown = sum(trial.cost_usd for trial in trials if trial.passed is None)
    costs = np.array([trial.cost_usd for trial in judged])
    passed = np.array([float(bool(trial.passed)) for trial in judged])
    nan = float("nan")
    mean = float(costs.mean()) if judged else nan
    rate = float(passed.mean()) if judged else nan
    value = nan if not judged else (mean / rate if rate else float("inf"))
    low, high = cost_of_pass_interval(costs, passed, resamples=resamples)
    return CostOfPass(
        group,
        int(passed.sum()),
        len(judged) - int(passed.sum()),
        sum(trial.is_attempt for trial in trials) - len(judged),
        float(costs.sum()) + unknown,
        unknown,
        mean,
        rate,
        value,
        low,
        high,
        float(costs[passed == 0].mean()) if (passed == 0).any() else nan,
        float(costs[passed == 1].mean()) if (passed == 1).any() else nan,
        sum(trial.n_calls for trial in trials),
        sum(trial.input_tokens for trial in trials),
        sum(trial.output_tokens for trial in trials),
    )


def by_group(trials: Sequence[Trial], *, resamples: int = 2000) -> list[CostOfPass]:
    """The cost-of-pass of each group, the cheapest pass first, then the dearest spend."""
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(trial.group, []).append(trial)
    rows = [cost_of_pass(some, name, resamples=resamples) for name, some in sorted(groups.items())]
    # NaN compares with nothing: the unjudged come after what never passed.
    return sorted(rows, key=lambda row: (np.isnan(row.cost_of_pass_usd), _order(row), -row.spend_usd))


def _order(row: CostOfPass) -> float:
    return 0.0 if np.isnan(row.cost_of_pass_usd) else row.cost_of_pass_usd


@dataclass(frozen=True, slots=True)
class Frontier:
    """The least cost of a pass that all models together reach.

    Attributes:
        usd: Minimum for each problem, the human included, averaged over problems; infinite when some problem
            is never passed and no human was given.
        human_usd: What a human costs on a problem; None when left out.
        n_problems: How many problems.
        value_of: By model: how much dearer the frontier would be without it (its counterfactual value).
    """

    usd: float
    human_usd: float | None
    n_problems: int
    value_of: Mapping[str, float]


def frontier(
    costs_usd: Matrix, pass_rates: Matrix, models: Sequence[str], *, human_usd: float | None = None
) -> Frontier:
    """The frontier of Erol et al., section 2: the minimum per problem, then the mean.

    Args:
        costs_usd: Mean dollars of an attempt, ``[problem, model]``; NaN where a model was not tried.
        pass_rates: Share of attempts that passed, ``[problem, model]``.
        models: Names of the columns.
        human_usd: What a human costs on a problem, who is taken to pass always.

    Raises:
        TooLittleEvidenceError: If there is no problem or no model.
    """
    if not costs_usd.size:
        raise TooLittleEvidenceError("a frontier needs at least one judged problem; report outcomes first")
    with np.errstate(divide="ignore", invalid="ignore"):
        per_problem = np.where(pass_rates > 0, costs_usd / pass_rates, np.inf)
    per_problem = np.where(np.isnan(costs_usd), np.inf, per_problem)
    human = np.full((len(costs_usd), 1), np.inf if human_usd is None else human_usd)
    with_human = np.hstack([per_problem, human])
    whole = float(with_human.min(1).mean())
    value_of = {}
    for column, model in enumerate(models):
        without = float(np.delete(with_human, column, 1).min(1).mean())
        value_of[model] = 0.0 if without == whole else without - whole
    return Frontier(whole, human_usd, len(costs_usd), value_of)


def frontier_of_trials(trials: Sequence[Trial], *, human_usd: float | None = None) -> Frontier:
    """The frontier of trials whose groups are models, by their problems."""
    judged = [trial for trial in trials if trial.passed is not None]
    models = sorted({trial.group for trial in judged})
    problems = sorted({trial.problem for trial in judged})
    shape = (len(problems), len(models))
    spent, passed, n = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    of_model = {model: i for i, model in enumerate(models)}
    of_problem = {problem: i for i, problem in enumerate(problems)}
    for trial in judged:
        cell = of_problem[trial.problem], of_model[trial.group]
        spent[cell] += trial.cost_usd
        passed[cell] += bool(trial.passed)
        n[cell] += 1
    with np.errstate(divide="ignore", invalid="ignore"):
        return frontier(spent / n, passed / n, models, human_usd=human_usd)


@dataclass(frozen=True, slots=True)
class ConditionalPassRate:
    """How often a model passes what another has failed.

    Attributes:
        model: Who tried.
        after_failure_of: Who had failed before.
        pass_rate: Over all tasks.
        conditional: Over the tasks that the other failed; retries are far from independent.
        n: How many those are.
    """

    model: str
    after_failure_of: str
    pass_rate: float
    conditional: float
    n: int


def conditional_pass_rates(passed: Matrix, models: Sequence[str]) -> list[ConditionalPassRate]:
    """For each pair of models in a table ``[query, model]`` of outcomes."""
    rows = []
    for first, before in enumerate(models):
        failed = passed[:, first] == 0
        for then, model in enumerate(models):
            if then != first and failed.any():
                rate, conditional = float(passed[:, then].mean()), float(passed[failed, then].mean())
                rows.append(ConditionalPassRate(model, before, rate, conditional, int(failed.sum())))
    return rows

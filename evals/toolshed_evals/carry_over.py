"""What carries over: pipelines on catalogs of many kinds, one family left out of what was fitted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolshed.options import PipelineName, SearchArguments, checked
from toolshed.pipelines import Ingredients, build_pipeline, compose
from toolshed.presets import PIPELINES, Calibration, RankingPreset
from toolshed.queries import Query
from toolshed.rankings import Selection
from toolshed.stages import Stage, run_blocking
from toolshed_evals.datasets import Dataset, dataset_tool_id
from toolshed_evals.dev_catalogs import DevCatalog
from toolshed_evals.fitting.catalogs import Watcher, read_catalogs
from toolshed_evals.fitting.fits import Fit, fits_without_each, prepared
from toolshed_evals.measures import PerQuery, measure

BASELINE = "hybrid"
MEASURES = ("recall@5", "recall@1", "completeness@5")
_K = 5
_N_RESAMPLES, _SEED = 4_000, 7

# Two channels and no parts: what a little code does.
DENSE_STATIC = RankingPreset({"dense": 1.0, "static": 1.0}, Calibration(-5.0, {"dense": 4.0, "static": 4.0}))

Pipeline = Stage[Query, Selection]
# Told what was fitted without the family of the catalog that it is judged on.
Contender = Callable[[Ingredients, Fit | None], Pipeline]


def _named(name: PipelineName) -> Contender:
    def make(made_of: Ingredients, fit: Fit | None) -> Pipeline:
        if fit is None or name not in fit.rankings:
            return build_pipeline(name, made_of)
        head = fit.head if "dense" in PIPELINES[name].channels else None
        return compose(PIPELINES[name], made_of, learned=fit.rankings[name], head=head)

    return make


CONTENDERS: Mapping[str, Contender] = {
    "default": _named("default"),
    "instant": _named("instant"),
    "dense+static": lambda made_of, _fit: compose(DENSE_STATIC, made_of),
    "hybrid": _named("hybrid"),
    "bm25": _named("bm25"),
}


@dataclass(frozen=True, slots=True)
class CatalogResult:
    """The contenders on one catalog.

    Attributes:
        name: The catalog.
        n_tools: Its size.
        values: Per contender the values of each query, by measure.
    """

    name: str
    n_tools: int
    values: Mapping[str, PerQuery]

    @property
    def n_queries(self) -> int:
        """How many queries were judged."""
        return len(next(iter(self.values.values()))[MEASURES[0]])

    def mean(self, contender: str, name: str) -> float:
        """Mean of a measure over the queries."""
        return float(np.mean(list(self.values[contender][name].values())))

    def differences(self, contender: str, baseline: str, name: str) -> NDArray[np.float64]:
        """Per query, how much higher a measure is than with the baseline."""
        ours, theirs = self.values[contender][name], self.values[baseline][name]
        return np.array([ours[query] - theirs[query] for query in ours])


@dataclass(frozen=True, slots=True)
class Gain:
    """How much better a contender is than another, each catalog counting the same.

    Attributes:
        mean: Mean difference over the catalogs.
        low: Lower end of the 95 % interval: paired bootstrap over queries, within each catalog.
        high: Upper end.
        worst: Difference on the catalog where it is lowest.
        worst_catalog: That catalog.
    """

    mean: float
    low: float
    high: float
    worst: float
    worst_catalog: str


def carry_over(
    catalogs: Sequence[DevCatalog],
    contenders: Mapping[str, Contender],
    *,
    cache: Path,
    encoder_threads: int,
    watcher: Watcher,
) -> list[CatalogResult]:
    """Search every judged query of every catalog with every contender; nobody abstains.

    What was fitted is fitted again without the catalog's family, where there are several families.
    """
    with read_catalogs(catalogs, cache, encoder_threads=encoder_threads, watcher=watcher) as read:
        is_fitted = len({catalog.family for catalog in catalogs}) > 1
        fits = fits_without_each(prepared(read)) if is_fitted else {}
        results = []
        for one in read:
            fit = fits.get(one.catalog.family)
            pipelines = {name: make(one.made_of, fit) for name, make in contenders.items()}
            runs = _searched(one.dataset, pipelines)
            values = {name: measure(run, one.dataset.qrels) for name, run in runs.items()}
            results.append(CatalogResult(one.dataset.name, len(one.dataset.catalog.tools), values))
            watcher(f"{one.dataset.name}: {results[-1].n_queries:,} queries searched")
        return results


def _searched(dataset: Dataset, pipelines: Mapping[str, Pipeline]) -> dict[str, dict[str, list[str]]]:
    options = checked(SearchArguments, {"abstain_below": 0.0})
    runs: dict[str, dict[str, list[str]]] = {name: {} for name in pipelines}
    for query_id, text in dataset.queries.items():
        for name, pipeline in pipelines.items():
            found = run_blocking(pipeline, Query(text, _K, options))
            runs[name][query_id] = [dataset_tool_id(tool.tool) for tool in found.tools]
    return runs


def gain(results: Sequence[CatalogResult], contender: str, baseline: str, name: str) -> Gain:
    """Compare two contenders on the same queries of all catalogs."""
    differences = [result.differences(contender, baseline, name) for result in results]
    means = np.array([values.mean() for values in differences])
    random = np.random.default_rng(_SEED)
    resampled = np.mean(
        [v[random.integers(0, len(v), (_N_RESAMPLES, len(v)))].mean(axis=1) for v in differences], axis=0
    )
    low, high = np.percentile(resampled, [2.5, 97.5])
    at = int(means.argmin())
    return Gain(float(means.mean()), float(low), float(high), float(means[at]), results[at].name)


def to_json(results: Sequence[CatalogResult]) -> dict[str, Any]:
    """Everything as JSON: the catalogs, their means, and the gains over the baseline."""
    contenders = list(results[0].values)
    return {
        "catalogs": {
            result.name: {
                "n_tools": result.n_tools,
                "n_queries": result.n_queries,
                **{c: {m: round(result.mean(c, m), 4) for m in MEASURES} for c in contenders},
            }
            for result in results
        },
        "means": {
            c: {m: round(float(np.mean([r.mean(c, m) for r in results])), 4) for m in MEASURES}
            for c in contenders
        },
        "baseline": BASELINE,
        "gains": {
            c: {m: _rounded(gain(results, c, BASELINE, m)) for m in MEASURES}
            for c in contenders
            if c != BASELINE
        },
    }


def _rounded(found: Gain) -> dict[str, float | str]:
    return {
        "mean": round(found.mean, 4),
        "low": round(found.low, 4),
        "high": round(found.high, 4),
        "worst": round(found.worst, 4),
        "worst_catalog": found.worst_catalog,
    }


def to_markdown(results: Sequence[CatalogResult]) -> str:
    """Two tables: the catalogs, and the gains over the baseline."""
    record = to_json(results)
    contenders = list(record["means"])
    lines = [
        f"| catalog | tools | queries | {' | '.join(contenders)} |",
        "|---" * (3 + len(contenders)) + "|",
    ]
    for name, row in record["catalogs"].items():
        cells = " | ".join(_cell(row[c]) for c in contenders)
        lines.append(f"| {name} | {row['n_tools']:,} | {row['n_queries']:,} | {cells} |")
    lines.append(f"| **mean** | | | {' | '.join(_cell(record['means'][c]) for c in contenders)} |")
    lines += ["", f"| minus {BASELINE} | {' | '.join(MEASURES)} | worst catalog |", "|---" * 5 + "|"]
    for contender, gains in record["gains"].items():
        cells = " | ".join(f"{g['mean']:+.4f} ({g['low']:+.4f}, {g['high']:+.4f})" for g in gains.values())
        worst = gains["recall@5"]
        lines.append(f"| {contender} | {cells} | {worst['worst']:+.4f} ({worst['worst_catalog']}) |")
    return "\n".join(lines)


def _cell(means: Mapping[str, float]) -> str:
    return "/".join(f"{means[name]:.3f}" for name in MEASURES)

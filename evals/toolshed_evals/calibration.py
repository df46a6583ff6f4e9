"""Fit the confidence of the pipelines: ``python -m toolshed_evals.calibration``.

A logistic regression from the raw similarities of a found tool to whether it is relevant. It is fitted
on dev splits only: Seal-Tools dev, the dev fifth of ToolE's single-tool queries, and the dev fifth of
MetaTool's tool-awareness questions, half of which no tool can serve. Each of the three counts the same.

The threshold to abstain below is the highest that costs at most a thousandth of Recall@5 on any of them.
The output belongs into ``toolshed.pipelines``.
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from toolshed.options import PipelineName
from toolshed.presets import PIPELINES
from toolshed.shed.shed import Toolshed
from toolshed_evals.datasets import Dataset, dataset_tool_id, load_dataset

_DATASETS = ("sealtools-dev", "toole-single-dev", "toole-awareness-dev")
_K = 5
_L2 = 1e-4
_MAX_RECALL_LOSS = 1e-3


@dataclass(frozen=True, slots=True)
class Judged:
    """The tools found for one query.

    Attributes:
        similarities: float ``[n_found, n_channels]``.
        is_relevant: bool ``[n_found]``.
        n_relevant: Relevant tools there are; 0 when no tool serves the query.
    """

    similarities: NDArray[np.float64]
    is_relevant: NDArray[np.bool_]
    n_relevant: int


def judge(dataset: Dataset, pipeline: PipelineName) -> list[Judged]:
    """Search every query of a data set and judge what is found, without abstaining."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Toolshed(Path(folder) / "shed", pipeline=pipeline, multilingual=False) as shed,
    ):
        shed.sync_catalogs([dataset.catalog], skip_invalid=True)
        return [_judge(shed, text, dataset.qrels.get(i, frozenset())) for i, text in dataset.queries.items()]


def _judge(shed: Toolshed, query: str, relevant: frozenset[str]) -> Judged:
    found = shed.search(query, _K, abstain_below=0).tools
    return Judged(
        np.array([list(tool.channels.values()) for tool in found]),
        np.array([dataset_tool_id(tool.tool) in relevant for tool in found]),
        len(relevant),
    )


def fit(judged: Sequence[Sequence[Judged]]) -> NDArray[np.float64]:
    """Intercept and weights of the regression; weights are not negative, data sets count the same.

    More similar can then never mean less confident, whatever channels share.
    """
    features = np.concatenate([query.similarities for queries in judged for query in queries])
    labels = np.concatenate([query.is_relevant for queries in judged for query in queries])
    sizes = [sum(len(query.is_relevant) for query in queries) for queries in judged]
    shares = np.repeat([1 / (len(sizes) * size) for size in sizes], sizes)

    def loss(theta: NDArray[np.float64]) -> float:
        logits = theta[0] + features @ theta[1:]
        nll = np.logaddexp(0, np.where(labels, -logits, logits))
        return float(shares @ nll + _L2 * theta[1:] @ theta[1:])

    bounds = [(None, None), *[(0, None)] * features.shape[1]]
    return np.asarray(minimize(loss, np.zeros(len(bounds)), bounds=bounds, method="L-BFGS-B").x)


def confidences(queries: Sequence[Judged], theta: NDArray[np.float64]) -> NDArray[np.float64]:
    """Confidence of the best tool of each query."""
    return np.array([expit(theta[0] + query.similarities @ theta[1:]).max() for query in queries])


def abstention_threshold(judged: Sequence[Sequence[Judged]], theta: NDArray[np.float64]) -> float:
    """The highest threshold, in steps of 0.005, that costs no data set more than a thousandth of recall."""
    best = 0.0
    for threshold in np.arange(0.0, 0.5, 0.005):
        if all(loss <= _MAX_RECALL_LOSS for loss in _recall_losses(judged, theta, threshold)):
            best = float(threshold)
    return best


def _recall_losses(
    judged: Sequence[Sequence[Judged]], theta: NDArray[np.float64], threshold: float
) -> Iterator[float]:
    for queries in judged:
        answerable = [query for query in queries if query.n_relevant]
        recalls = np.array([query.is_relevant.sum() / query.n_relevant for query in answerable])
        silenced = confidences(answerable, theta) < threshold
        yield float((recalls * silenced).sum() / len(answerable))


def calibrate(pipeline: PipelineName) -> dict[str, Any]:
    """Calibrate one pipeline and say how well it tells questions apart that no tool serves."""
    judged = [judge(load_dataset(name), pipeline) for name in _DATASETS]
    theta = fit(judged)
    threshold = abstention_threshold(judged, theta)
    held_out = judge(load_dataset("toole-awareness-test"), pipeline)
    is_silent = confidences(held_out, theta) < threshold
    serves = np.array([query.n_relevant > 0 for query in held_out])
    return {
        "intercept": round(float(theta[0]), 3),
        "weights": dict(zip(PIPELINES[pipeline].channels, np.round(theta[1:], 3).tolist(), strict=True)),
        "abstain_below": round(threshold, 3),
        "held out: unanswerable and silent": round(float(is_silent[~serves].mean()), 3),
        "held out: answerable and silent": round(float(is_silent[serves].mean()), 3),
        "held out: calibration error": round(_calibration_error(held_out, theta), 3),
    }


def _calibration_error(queries: Sequence[Judged], theta: NDArray[np.float64]) -> float:
    """Expected calibration error over ten bins of equal width."""
    predicted = expit(theta[0] + np.concatenate([query.similarities for query in queries]) @ theta[1:])
    actual = np.concatenate([query.is_relevant for query in queries])
    bins = np.minimum((predicted * 10).astype(int), 9)
    gaps = [
        abs(predicted[bins == b].mean() - actual[bins == b].mean()) * (bins == b).mean() for b in set(bins)
    ]
    return float(sum(gaps))


if __name__ == "__main__":
    for name in PIPELINES:
        print(name, json.dumps(calibrate(name), indent=2))  # noqa: T201  # a program

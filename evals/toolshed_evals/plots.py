"""The plots of a report: quality over k, over latency and over the size of the catalog."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from toolshed_evals.datasets import DATASETS, Dataset, dataset_tool_id, load_dataset
from toolshed_evals.experiments import Experiment, run_experiment
from toolshed_evals.measures import DEPTH

_SIZES = (64, 128, 256, 512, 1024, 2048, 4096)
_TOP_KS = (1, 3, 5, 10)
_SEED = 7
# In drawing order. Where 'default' and 'instant' are as good, one line lies on the other: the lower is wide
# and pale, so both are seen. The colours are those of Okabe and Ito, which the colour-blind can tell apart.
_CURVES: dict[str, dict[str, Any]] = {
    "bm25-paper": {"color": "#999999", "linestyle": "-", "marker": "x", "markersize": 4},
    "bm25": {"color": "#cc79a7", "linestyle": "-.", "marker": "D", "markersize": 3},
    "dense": {"color": "#d55e00", "linestyle": ":", "marker": "^", "markersize": 4},
    "hybrid": {"color": "#009e73", "linestyle": "--", "marker": "s", "markersize": 3},
    "instant": {"color": "#e69f00", "linewidth": 6, "alpha": 0.55, "zorder": 1, "solid_capstyle": "round"},
    "default": {"color": "#0072b2", "linewidth": 1.6, "marker": "o", "markersize": 4},
}


def pyplot() -> Any:  # Any: matplotlib is an optional dependency
    """Matplotlib without a screen."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt


def plot_recall_over_k(experiments: Sequence[Experiment], out: Path) -> Path:
    """Recall at the first ten ranks, a panel for each data set."""
    plt = pyplot()
    datasets = sorted({e.dataset for e in experiments})
    n_columns = min(2, len(datasets))
    n_rows = -(-len(datasets) // n_columns)
    figure, axes = plt.subplots(
        n_rows, n_columns, figsize=(4.6 * n_columns, 3.3 * n_rows + 0.5), squeeze=False, layout="constrained"
    )
    for axis, dataset in zip(axes.flat, datasets, strict=False):
        _draw_recall(axis, dataset, [e for e in experiments if e.dataset == dataset])
    for axis in axes.flat[len(datasets) :]:
        axis.set_visible(False)
    curves = {line.get_label(): line for axis in axes.flat for line in axis.get_lines()}
    figure.legend(curves.values(), curves.keys(), loc="outside lower center", ncols=6, frameon=False)
    return save(figure, out / "recall-over-k.png")


def _draw_recall(axis: Any, dataset: str, experiments: Sequence[Experiment]) -> None:
    qrels = load_dataset(dataset).qrels if dataset in DATASETS else None
    order = [*_CURVES]
    for e in sorted(experiments, key=lambda e: order.index(e.pipeline) if e.pipeline in order else -1):
        if qrels is not None:
            ks, recall = [*range(1, DEPTH + 1)], _recall_curve(e, qrels)
        else:
            ks = [1, 5, 10]
            recall = [e.metrics[f"recall@{k}"] for k in ks]
        axis.plot(ks, recall, label=e.pipeline, **_CURVES.get(e.pipeline, {}))
    axis.set(title=dataset, xlabel="k", ylabel="Recall@k", ylim=(0, 1.03), xticks=range(1, DEPTH + 1))
    axis.grid(alpha=0.3)


def _recall_curve(experiment: Experiment, qrels: dict[str, frozenset[str]]) -> list[float]:
    curve = []
    for k in range(1, DEPTH + 1):
        values = [len(qrels[q] & set(tools[:k])) / len(qrels[q]) for q, tools in experiment.run.items()]
        curve.append(sum(values) / len(values))
    return curve


def plot_quality_over_latency(experiments: Sequence[Experiment], out: Path) -> Path:
    """Recall@5 of every pipeline over the time of one search."""
    plt = pyplot()
    figure, axis = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    by_dataset: defaultdict[str, list[Experiment]] = defaultdict(list)
    for e in experiments:
        by_dataset[e.dataset].append(e)
    for dataset, group in by_dataset.items():
        axis.scatter(
            [e.latency_ms["p50"] for e in group], [e.metrics["recall@5"] for e in group], label=dataset
        )
        for e in group:
            axis.annotate(
                e.pipeline,
                (e.latency_ms["p50"], e.metrics["recall@5"]),
                textcoords="offset points",
                xytext=(5, 3),
                fontsize=7,
            )
    axis.set(xscale="log", xlabel="p50 of one search, ms", ylabel="Recall@5")
    # Room for the labels at the right.
    axis.margins(x=0.12)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    return save(figure, out / "quality-over-latency.png")


def plot_quality_over_size(dataset: Dataset, out: Path) -> Path:
    """Quality over tool-M and top-k, as in the Toolshed paper (arXiv 2410.14594, section 5)."""
    plt = pyplot()
    sizes = [size for size in _SIZES if size < len(dataset.catalog.tools)]
    parts = [*(subset(dataset, size) for size in sizes), dataset]
    curves = [_recall_curve(run_experiment(part, "default"), part.qrels) for part in parts]
    figure, axis = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    for k in _TOP_KS:
        axis.plot(
            [len(part.catalog.tools) for part in parts],
            [c[k - 1] for c in curves],
            marker="o",
            label=f"top-{k}",
        )
    axis.set(xscale="log", xlabel="tools in the catalog (tool-M)", ylabel="Recall@k", title=dataset.name)
    axis.grid(alpha=0.3)
    axis.legend()
    return save(figure, out / "quality-over-size.png")


def subset(dataset: Dataset, size: int) -> Dataset:
    """A catalog of ``size`` tools and the queries it can answer in full.

    Queries are drawn until their tools fill half of the catalog; the rest are drawn at random.
    """
    draw = random.Random(_SEED)  # noqa: S311  # a reproducible sample, nothing secret
    queries = sorted(dataset.qrels)
    draw.shuffle(queries)
    chosen: set[str] = set()
    kept: dict[str, frozenset[str]] = {}
    for query in queries:
        if len(chosen | dataset.qrels[query]) <= max(size // 2, len(dataset.qrels[query])):
            chosen |= dataset.qrels[query]
            kept[query] = dataset.qrels[query]
    others = [tool for tool in dataset.catalog.tools if dataset_tool_id(tool) not in chosen]
    draw.shuffle(others)
    relevant = [tool for tool in dataset.catalog.tools if dataset_tool_id(tool) in chosen]
    tools = (*relevant, *others[: max(0, size - len(relevant))])
    return replace(dataset, catalog=replace(dataset.catalog, tools=tools), qrels=kept)


def save(figure: Any, path: Path) -> Path:
    """Write a figure and forget it."""
    figure.savefig(path, dpi=140)
    pyplot().close(figure)
    return path

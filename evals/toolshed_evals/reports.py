"""Reports: Markdown tables and plots from saved experiments."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from toolshed.errors import SourceError
from toolshed_evals.datasets import Dataset, dataset_tool_id, load_dataset
from toolshed_evals.experiments import (
    Experiment,
    bootstrap_interval,
    load_experiments,
    paired_difference,
    run_experiment,
)
from toolshed_evals.measures import DEPTH

_COLUMNS = ("recall@1", "recall@5", "completeness@5", "recall@10", "completeness@10", "ndcg@5", "mrr")
_TESTED = ("recall@5", "completeness@5")
_SIZES = (64, 128, 256, 512, 1024, 2048, 4096)
_TOP_KS = (1, 3, 5, 10)
_SEED = 7


def summary_table(experiments: Sequence[Experiment]) -> str:
    """One Markdown row for each experiment."""
    head = ["data set", "tools", "queries", "pipeline", *_COLUMNS, "p50 ms", "index s"]
    rows = [
        [
            e.dataset,
            f"{e.n_tools:,}",
            f"{e.n_queries:,}",
            e.pipeline,
            *(f"{e.metrics[name]:.3f}" for name in _COLUMNS),
            f"{e.latency_ms['p50']:.1f}",
            f"{e.index_seconds:.1f}",
        ]
        for e in experiments
    ]
    return _markdown(head, rows)


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def comparison(experiments: Sequence[Experiment]) -> dict[str, Any]:
    """Summaries, and the paired difference of each experiment to the last one."""
    last = experiments[-1]
    differences = {
        experiment.pipeline: {
            name: {
                "mean": round(difference.mean, 5),
                "low": round(difference.low, 5),
                "high": round(difference.high, 5),
                "p_value": difference.p_value,
            }
            for name in _TESTED
            for difference in [paired_difference(experiment.per_query[name], last.per_query[name])]
        }
        for experiment in experiments[:-1]
    }
    return {
        "experiments": [experiment.summary() for experiment in experiments],
        "baseline": last.pipeline,
        "differences": differences,
    }


def comparison_table(experiments: Sequence[Experiment]) -> str:
    """The summary table and the paired differences, as Markdown."""
    compared = comparison(experiments)
    rows = [
        [pipeline, name, f"{d['mean']:+.4f}", f"[{d['low']:+.4f}, {d['high']:+.4f}]", f"{d['p_value']:.2g}"]
        for pipeline, by_measure in compared["differences"].items()
        for name, d in by_measure.items()
    ]
    head = ["pipeline", "measure", f"minus {compared['baseline']}", "95 % interval", "p (paired)"]
    return f"{summary_table(experiments)}\n\n{_markdown(head, rows)}"


def write_report(runs: Path, out: Path, *, sizes_of: str | None = None) -> Path:
    """Write ``report.md`` and its plots.

    Raises:
        SourceError: If the folder holds no experiment.
    """
    experiments = load_experiments(runs)
    if not experiments:
        raise SourceError(f"{str(runs)!r} holds no runs; make some with: toolshed eval compare DATASET")
    out.mkdir(parents=True, exist_ok=True)
    plots = [_plot_recall_over_k(experiments, out), _plot_quality_over_latency(experiments, out)]
    if sizes_of is not None:
        plots.append(_plot_quality_over_size(load_dataset(sizes_of), out))
    sections = ["# Retrieval report", summary_table(experiments), _intervals(experiments)]
    sections += [f"![{plot.stem.replace('-', ' ')}]({plot.name})" for plot in plots]
    path = out / "report.md"
    path.write_text("\n\n".join(sections) + "\n", encoding="utf-8")
    return path


def _intervals(experiments: Sequence[Experiment]) -> str:
    rows = []
    for e in experiments:
        low, high = bootstrap_interval(list(e.per_query["recall@5"].values()))
        rows.append([e.dataset, e.pipeline, f"{e.metrics['recall@5']:.4f}", f"[{low:.4f}, {high:.4f}]"])
    return "Recall@5 with 95 % bootstrap intervals\n\n" + _markdown(
        ["data set", "pipeline", "recall@5", "interval"], rows
    )


def _pyplot() -> Any:  # Any: matplotlib is an optional dependency
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt


def _plot_recall_over_k(experiments: Sequence[Experiment], out: Path) -> Path:
    plt = _pyplot()
    datasets = sorted({e.dataset for e in experiments})
    figure, axes = plt.subplots(
        1, len(datasets), figsize=(4.2 * len(datasets), 3.6), squeeze=False, layout="constrained"
    )
    for axis, dataset in zip(axes[0], datasets, strict=True):
        relevant = load_dataset(dataset).qrels if dataset in _named() else None
        for e in (e for e in experiments if e.dataset == dataset):
            if relevant is not None:
                axis.plot(range(1, DEPTH + 1), _recall_curve(e, relevant), marker="o", ms=3, label=e.pipeline)
            else:
                ks = (1, 5, 10)
                axis.plot(ks, [e.metrics[f"recall@{k}"] for k in ks], marker="o", ms=3, label=e.pipeline)
        axis.set(title=dataset, xlabel="k", ylabel="Recall@k", ylim=(0, 1))
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    return _save(figure, out / "recall-over-k.png")


def _named() -> frozenset[str]:
    from toolshed_evals.datasets import DATASETS

    return frozenset(DATASETS)


def _recall_curve(experiment: Experiment, qrels: dict[str, frozenset[str]]) -> list[float]:
    curve = []
    for k in range(1, DEPTH + 1):
        values = [len(qrels[q] & set(tools[:k])) / len(qrels[q]) for q, tools in experiment.run.items()]
        curve.append(sum(values) / len(values))
    return curve


def _plot_quality_over_latency(experiments: Sequence[Experiment], out: Path) -> Path:
    plt = _pyplot()
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
    return _save(figure, out / "quality-over-latency.png")


def _plot_quality_over_size(dataset: Dataset, out: Path) -> Path:
    """Quality over tool-M and top-k, as in the Toolshed paper (arXiv 2410.14594, section 5)."""
    plt = _pyplot()
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
    return _save(figure, out / "quality-over-size.png")


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


def _save(figure: Any, path: Path) -> Path:
    figure.savefig(path, dpi=140)
    _pyplot().close(figure)
    return path

"""Reports: Markdown tables from saved experiments, with their plots."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toolshed.errors import SourceError
from toolshed_evals.datasets import load_dataset
from toolshed_evals.experiments import Experiment, bootstrap_interval, load_experiments, paired_difference
from toolshed_evals.plots import plot_quality_over_latency, plot_quality_over_size, plot_recall_over_k

_COLUMNS = ("recall@1", "recall@5", "completeness@5", "recall@10", "completeness@10", "ndcg@5", "mrr")
_TESTED = ("recall@5", "completeness@5")


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
    plots = [plot_recall_over_k(experiments, out), plot_quality_over_latency(experiments, out)]
    if sizes_of is not None:
        plots.append(plot_quality_over_size(load_dataset(sizes_of), out))
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

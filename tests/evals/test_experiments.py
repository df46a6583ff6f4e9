import json
from dataclasses import replace
from pathlib import Path

import pytest

from toolshed.errors import ConfigurationError, SourceError
from toolshed_evals.datasets import Dataset, dataset_tool_id, load_dataset
from toolshed_evals.experiments import (
    Experiment,
    bootstrap_interval,
    load_experiments,
    paired_difference,
    run_experiment,
    save_experiment,
)


def small(name: str, n_tools: int, n_queries: int) -> Dataset:
    """A slice of an official data set: the first queries that the first tools can answer."""
    dataset = load_dataset(name)
    tools = dataset.catalog.tools[:n_tools]
    known = {dataset_tool_id(tool) for tool in tools}
    qrels = {query: relevant for query, relevant in dataset.qrels.items() if relevant <= known}
    return replace(
        dataset,
        catalog=replace(dataset.catalog, tools=tools),
        qrels=dict(list(qrels.items())[:n_queries]),
    )


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    return run_experiment(small("sealtools-dev", 400, 20), "instant")


@pytest.mark.parametrize(
    ("name", "n_tools", "n_queries", "pipeline", "at_least"),
    [
        pytest.param("sealtools-dev", 200, 20, "default", 0.9, id="sealtools-dev"),
        pytest.param("sealtools-test-in", 200, 20, "default", 0.9, id="sealtools-test-in"),
        pytest.param("sealtools-test-out", 200, 20, "default", 0.9, id="sealtools-test-out"),
        pytest.param("sealtools-test-in", 400, 20, "instant", 0.9, id="instant"),
        pytest.param("toole-multi", 199, 60, "default", 0.7, id="toole-multi"),
        pytest.param("toole-single", 199, 100, "default", 0.7, id="toole-single"),
    ],
)
def test_a_slice_of_every_official_data_set_is_answered(
    name: str, n_tools: int, n_queries: int, pipeline: str, at_least: float
) -> None:
    found = run_experiment(small(name, n_tools, n_queries), pipeline, index_threads=2)
    assert found.metrics["recall@5"] >= at_least


@pytest.mark.parametrize("pipeline", ["hybrid", "dense", "bm25", "bm25-paper"])
def test_every_baseline_runs(pipeline: str) -> None:
    result = run_experiment(small("sealtools-dev", 100, 6), pipeline)
    assert len(result.run) == result.n_queries == 6
    assert all(len(set(tools)) == len(tools) <= 10 for tools in result.run.values())


def test_our_pipeline_is_better_than_bm25_of_the_literature() -> None:
    dataset = small("toole-multi", 199, 60)
    ours, theirs = (run_experiment(dataset, name) for name in ("instant", "bm25-paper"))
    assert ours.metrics["recall@5"] > theirs.metrics["recall@5"] + 0.2


def test_the_record_holds_what_is_needed_to_trust_it(experiment: Experiment) -> None:
    summary = json.loads(json.dumps(experiment.summary()))
    assert set(summary) == {
        "dataset",
        "n_tools",
        "n_queries",
        "pipeline",
        "commit",
        "metrics",
        "latency_ms",
        "index_seconds",
    }
    assert set(summary["latency_ms"]) == {"p50", "p95", "p99"}
    assert "recall@5" in summary["metrics"]
    assert experiment.stages.startswith("CorrectSpelling() >> Decompose(")
    assert len(experiment.checksum) == 64


def test_experiments_are_saved_as_trec_run_and_read_back(experiment: Experiment, tmp_path: Path) -> None:
    save_experiment(experiment, tmp_path)
    assert load_experiments(tmp_path) == [experiment]
    first = (tmp_path / "sealtools-dev.instant.run").read_text().splitlines()[0].split()
    assert first[1] == "Q0"
    assert first[3:] == ["1", "1.000000", "instant"]


def test_a_folder_with_other_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(SourceError, match="is not the record of an experiment"):
        load_experiments(tmp_path)


def test_an_unknown_pipeline_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="unknown pipeline 'bm26'"):
        run_experiment(small("toole-multi", 199, 1), "bm26")


def test_equal_runs_do_not_differ() -> None:
    values = {f"q{n}": n % 2 for n in range(50)}
    difference = paired_difference(values, values)
    assert (difference.mean, difference.low, difference.high, difference.p_value) == (0, 0, 0, 1)


@pytest.mark.parametrize("n_queries", [100, 5_000])
def test_a_clear_difference_is_significant_and_its_interval_excludes_zero(n_queries: int) -> None:
    first = {f"q{n}": 1.0 for n in range(n_queries)}
    second = {f"q{n}": float(n % 2) for n in range(n_queries)}
    difference = paired_difference(first, second)
    assert difference.mean == 0.5
    assert 0.3 < difference.low < 0.5 < difference.high < 0.7
    assert difference.p_value < 0.001


def test_the_p_value_is_that_of_the_exact_sign_test() -> None:
    # Five of five differences in one direction: 2 / 2**5.
    first = {f"q{n}": 1.0 for n in range(5)}
    second = dict.fromkeys(first, 0.0)
    assert paired_difference(first, second).p_value == pytest.approx(2 / 32, abs=0.01)


def test_runs_over_other_queries_cannot_be_paired() -> None:
    with pytest.raises(SourceError, match="same queries"):
        paired_difference({"a": 1.0}, {"b": 1.0})


def test_an_interval_covers_the_mean() -> None:
    low, high = bootstrap_interval([0.0, 1.0] * 100)
    assert 0.4 < low < 0.5 < high < 0.6

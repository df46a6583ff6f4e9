"""What carries over: the same queries, every catalog counting the same."""

import numpy as np
import pytest

from toolshed_evals.carry_over import CatalogResult, gain, to_json, to_markdown
from toolshed_evals.measures import PerQuery


def values(*recalls: float) -> PerQuery:
    row = {f"q{i}": value for i, value in enumerate(recalls)}
    return {"recall@5": row, "recall@1": row, "completeness@5": row}


def result(name: str, ours: tuple[float, ...], hybrid: tuple[float, ...]) -> CatalogResult:
    return CatalogResult(name, 10, {"ours": values(*ours), "hybrid": values(*hybrid)})


def test_catalogs_count_the_same_whatever_their_size() -> None:
    results = [result("small", (1.0,), (0.0,)), result("large", (0.0,) * 50, (0.5,) * 50)]
    found = gain(results, "ours", "hybrid", "recall@5")
    assert found.mean == pytest.approx(0.25)
    assert (found.worst, found.worst_catalog) == (-0.5, "large")


def test_the_interval_holds_the_mean_and_is_that_of_pairs() -> None:
    random = np.random.default_rng(0)
    hybrid = tuple(random.random(200))
    ours = tuple(value + 0.1 for value in hybrid)
    found = gain([result("a", ours, hybrid)], "ours", "hybrid", "recall@5")
    # Unpaired, the spread of the values would show.
    assert found.low == pytest.approx(0.1)
    assert found.high == pytest.approx(0.1)


def test_the_tables_show_catalogs_means_and_the_worst() -> None:
    results = [result("a", (1.0, 1.0), (0.5, 0.5)), result("b", (0.0,), (0.25,))]
    record = to_json(results)
    assert record["means"]["ours"]["recall@5"] == 0.5
    assert record["gains"]["ours"]["recall@5"]["worst_catalog"] == "b"
    shown = to_markdown(results)
    assert "| a | 10 | 2 | 1.000/1.000/1.000 | 0.500/0.500/0.500 |" in shown
    assert "-0.2500 (b)" in shown

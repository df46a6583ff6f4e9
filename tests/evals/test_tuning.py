"""Tuning is judged on requests that it did not see."""

from pathlib import Path

from toolshed_evals.dev_catalogs import DevCatalog
from toolshed_evals.tuning import tuned_catalogs


def test_one_half_is_tuned_on_and_the_other_judged(tmp_path: Path) -> None:
    said: list[str] = []
    (found,) = tuned_catalogs(
        [DevCatalog("sample", "sample", most_queries=44)],
        "instant",
        cache=tmp_path,
        encoder_threads=1,
        watcher=said.append,
    )
    assert found.n_tuned + found.n_judged == 44
    assert abs(found.n_tuned - found.n_judged) <= 1
    assert 0 < found.recall[0] <= 1
    assert found.interval[0] <= found.recall[1] - found.recall[0] <= found.interval[1]
    assert said

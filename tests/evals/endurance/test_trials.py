import random
from pathlib import Path

import pytest

from toolshed.catalog.definitions import Catalog
from toolshed_evals.endurance import trials
from toolshed_evals.endurance.workers import document, open_shed, tools_of


def test_processes_that_race_lose_nothing(tmp_path: Path) -> None:
    outcome = trials.race(tmp_path / "shed", 2)
    assert outcome.lost == []
    assert sum(outcome.answers.values()) == 2
    assert outcome.answers["stored"] >= 1


@pytest.mark.parametrize("kind", ["add", "legal"])
def test_a_writer_that_is_killed_loses_nothing(tmp_path: Path, kind: str) -> None:
    outcome = trials.kill(kind, tmp_path / "shed", inside_write=True, draw=random.Random(1))
    assert outcome.lost == []
    assert outcome.n_trials == 1


@pytest.mark.parametrize(
    ("kind", "acknowledged", "expected"),
    [
        ("add", 1, "new:tool_0 was acknowledged"),
        ("change", 1, "old:tool_0 is none of what it may be"),
        ("remove", 1, "old:tool_0 is none of what it may be"),
        ("legal", 1, "document 0 was acknowledged"),
    ],
)
def test_what_was_acknowledged_and_is_not_there_is_lost(
    tmp_path: Path, kind: str, acknowledged: int, expected: str
) -> None:
    with open_shed(tmp_path / "shed") as shed:
        shed.add_catalogs([Catalog("old", tools_of("old"))])
        # A document that is there in part.
        shed.add_documents(document(0, version=2))
        assert list(trials._lost(kind, shed, acknowledged)) == [expected]
        assert list(trials._lost(kind, shed, 0)) == []

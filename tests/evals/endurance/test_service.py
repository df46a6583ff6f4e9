"""A service that is killed while many write to it."""

import random
from pathlib import Path

from toolshed_evals.endurance.service import kill_service


def test_what_a_killed_service_acknowledged_is_there_and_its_job_goes_on(tmp_path: Path) -> None:
    outcome = kill_service(tmp_path / "shed", n_writes=40, draw=random.Random(0))
    assert outcome.lost == []
    assert outcome.answers["acknowledged before the kill"] > 0

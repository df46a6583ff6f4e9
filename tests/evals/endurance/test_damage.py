from itertools import islice
from pathlib import Path

from toolshed_evals.endurance.damage import Looks, answers, damage, fill
from toolshed_evals.endurance.workers import open_shed


def test_damage_is_refused_named_or_changes_nothing(tmp_path: Path) -> None:
    # Every file of them takes most of an hour.
    seen = list(islice(damage(tmp_path, n_places=1, seed=0), 4))
    assert [kind for kind, _ in seen] == ["flipped", "cut"] * 2
    assert [outcome.lost for _, outcome in seen] == [[]] * 4


def test_an_answer_that_differs_is_silent_damage(tmp_path: Path) -> None:
    fill(tmp_path / "shed")
    with open_shed(tmp_path / "shed") as shed:
        right = answers(shed)
    with Looks() as looks:
        assert looks.into(tmp_path / "shed", right, "f").answers == {"as before": 1}
        silent = looks.into(tmp_path / "shed", "another", "f")
    assert silent.answers == {"silent": 1}
    assert silent.lost


def test_what_is_no_error_of_ours_is_uncaught() -> None:
    with Looks() as looks:
        assert looks.into(Path("\0"), "", "f").lost == ["f: raised ValueError('embedded null byte')"]


def test_a_crash_is_uncaught(tmp_path: Path) -> None:
    with Looks("tests.evals.endurance.crashing") as looks:
        outcome = looks.into(tmp_path, "", "f")
    assert outcome.answers == {"uncaught": 1}
    assert outcome.lost == ["f: status -9"]

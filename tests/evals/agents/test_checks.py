"""Checks of answers: what counts as said."""

from pathlib import Path

import pytest

from toolshed_evals.agents.checks import Check, answers, file_is, has
from toolshed_evals.agents.world import World


@pytest.mark.parametrize(
    ("check", "answer", "holds"),
    [
        pytest.param(answers(40000), "That is 40,000 yen.", True, id="number-with-commas"),
        pytest.param(answers(34.5), "34.50 each", True, id="trailing-zero"),
        pytest.param(answers(34.5), "345 each", False, id="other-number"),
        pytest.param(answers(3), "13 mails", False, id="part-of-a-number"),
        pytest.param(answers("rain"), "It will RAIN.", True, id="case"),
        pytest.param(answers("rain"), "rain" + "." * 700, False, id="a-listing-of-everything"),
        pytest.param(answers("rain"), "NO_TOOL, but rain", False, id="declined"),
        pytest.param(has("devices", room="kitchen", state="off"), "", True, id="row"),
        pytest.param(has("devices", room="kitchen", state="on"), "", False, id="no-such-row"),
        pytest.param(file_is("nowhere.txt", "x"), "", False, id="no-such-file"),
    ],
)
def test_what_holds(check: Check, answer: str, holds: bool, tmp_path: Path) -> None:
    assert check(World(tmp_path / "world"), answer) is holds

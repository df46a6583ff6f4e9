import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from toolshed.commands.main import main
from toolshed_evals.endurance import trials
from toolshed_evals.endurance.trials import Outcome


@pytest.mark.parametrize(("lost", "code"), [([], 0), (["a tool"], 1)])
def test_what_is_lost_is_said_and_is_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, lost: list[str], code: int
) -> None:
    def kills(_folder: Path, n_trials: int, **_: Any) -> Iterator[tuple[str, Outcome]]:
        for _n in range(n_trials):
            yield "add", Outcome(1, Counter({"killed": 1}), list(lost))

    monkeypatch.setattr(trials, "kills", kills)
    arguments = ["eval", "endurance", "kills", "--trials", "2"]
    told = CliRunner().invoke(main, [*arguments, "--json"])
    assert told.exit_code == code
    assert json.loads(told.output) == {
        "kills: add": {"trials": 2, "answers": {"killed": 2}, "lost": lost * 2}
    }
    shown = CliRunner().invoke(main, arguments)
    assert shown.exit_code == code
    assert f"2 trials  {2 * len(lost):3} lost  (killed 2)" in " ".join(shown.output.split("\n")[-4:])

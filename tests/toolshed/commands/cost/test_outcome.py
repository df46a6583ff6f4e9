"""``toolshed cost outcome``: reports, and revises."""

from pathlib import Path

from click.testing import CliRunner

from toolshed.commands.main import main
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import Decision, Task


def test_an_outcome_of_a_task_or_an_attempt_is_booked(tmp_path: Path) -> None:
    location = str(tmp_path / "ledger.db")
    with Ledger(location) as ledger:
        task = ledger.add_task(Task("x"))
        decision = ledger.add_decision(Decision(task.task_id, "m", "m"))
    at = ["--ledger", location]
    for arguments in (["--failed"], ["--passed", "--decision", decision.decision_id, "--source", "judge"]):
        done = CliRunner().invoke(main, ["cost", "outcome", task.task_id, *arguments, *at])
        assert done.exit_code == 0, done.output
        assert "booked as" in done.output
    with Ledger(location) as ledger:
        outcomes = ledger.task(task.task_id)["outcomes"]
    assert [(one["passed"], one["source"]) for one in outcomes] == [(False, "human"), (True, "judge")]
    unknown = CliRunner().invoke(main, ["cost", "outcome", "nope", "--passed", *at])
    assert unknown.exit_code == 1
    assert "no task 'nope'" in unknown.output

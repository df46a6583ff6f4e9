"""``toolshed cost explain`` and ``outcome``: the story of a task, and its revision."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from toolshed.commands.main import main
from toolshed.economics.running.attempts import Reply
from toolshed.metering.usage import Usage
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["cost", *arguments])


def test_a_task_is_explained_and_its_outcome_revised(kb: Path) -> None:
    with Toolshed(kb, encoder=HashingEncoder()) as shed:
        task = shed.account.ledger.first_attempts()
        assert len(task) == 11
        policy = shed.backbones.policy(["gpt-4o-mini"], failure_price=1)
        done = policy.run(lambda attempt: Reply("x", Usage(1000, 100)), check=lambda _: True)
        assert "passed" in shed.costs.explain(done.task_id)
    assert "chosen with probability 1.000" in invoke("explain", done.task_id, "--kb", str(kb)).output
    assert json.loads(invoke("explain", done.task_id, "--kb", str(kb), "--json").stdout)["calls"]
    booked = invoke("outcome", done.task_id, "--failed", "--kb", str(kb))
    assert booked.exit_code == 0, booked.output
    assert "the task failed, says human" in invoke("explain", done.task_id, "--kb", str(kb)).output

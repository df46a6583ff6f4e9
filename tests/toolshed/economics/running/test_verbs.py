"""The verbs of the SDK: what they return, and that a type checker finds misspelt options."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from mypy import api

from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.running.account import CostAccount
from toolshed.economics.running.attempts import Attempt, Reply
from toolshed.economics.running.verbs import Backbones, Costs, Outcomes
from toolshed.errors import TooLittleEvidenceError
from toolshed.metering.usage import Usage

_MISSPELT = """
from toolshed.economics.running.account import CostAccount
from toolshed.economics.running.verbs import Backbones, Outcomes

def use(backbones: Backbones, outcomes: Outcomes, account: CostAccount) -> None:
    backbones.policy(["a"], failure_price=1, check_usd=None)
    backbones.policy(["a"], failure_prize=1)
    backbones.select("x", ["a"], failure_price=1, incumbant="a")
    outcomes.report("t", True, decision="d")
    outcomes.report("t", True, source="hearsay")
    account.start_task("x", pipline="p")
    account.report("t", True, graded=1.0)
    backbones.policy(["a"], failure_price=1).run(lambda attempt: 1, taskclass="x")
    backbones.policy(["a"], floor=0.9, incumbent="a")
    backbones.select("x", ["a"], failure_price=1)
    outcomes.report(decision_id="d", passed=True, source="judge", grade=0.5)
    account.start_task("x", pipeline="p", problem="q")
"""


# Types of other packages are not what is tested, and reading them takes most of the time.
_SETTINGS = """[mypy]
strict = True
follow_imports = skip
[mypy-toolshed.*]
follow_imports = normal
"""


def test_misspelt_options_are_errors_of_types(tmp_path: Path) -> None:
    snippet, settings = tmp_path / "snippet.py", tmp_path / "mypy.ini"
    snippet.write_text(_MISSPELT, encoding="utf-8")
    settings.write_text(_SETTINGS, encoding="utf-8")
    options = ["--config-file", str(settings), "--cache-dir", str(tmp_path), "--no-error-summary"]
    told, problems, _ = api.run([*options, str(snippet)])
    wrong = {int(line.split(":")[1]) for line in told.splitlines() if "snippet.py:" in line}
    assert wrong == set(range(6, 14)), told + problems


@pytest.fixture
def account() -> Iterator[CostAccount]:
    opened = CostAccount(Ledger("memory:"))
    yield opened
    opened.close()


def answer(attempt: Attempt) -> Reply[str]:
    return Reply(attempt.model, Usage(1000, 100))


def test_what_runs_is_reported_explained_and_exported(account: CostAccount, tmp_path: Path) -> None:
    policy = Backbones(account).policy(["gpt-4o-mini"], failure_price=1)
    done = policy.run(answer, task_class="sums")
    assert Outcomes(account).report(done.task_id, passed=True, source="judge").source == "judge"
    costs = Costs(account)
    (row,) = costs.report(by="class").rows
    assert (row.group, row.n_passed, row.spend_usd) == ("sums", 1, pytest.approx(0.00021))
    assert "passed" in costs.explain(done.task_id)
    names = {path.name for path in costs.export(tmp_path, kind="csv")}
    assert names == {"task.csv", "decision.csv", "call.csv", "outcome.csv"}


def test_selecting_books_nothing(account: CostAccount) -> None:
    chosen = Backbones(account).select("sums", ["gpt-4o-mini", "gpt-4o"], failure_price=Decimal("0.001"))
    assert chosen.model == "gpt-4o-mini"
    assert Costs(account).report().rows == []


@pytest.mark.parametrize(("reward", "value"), [("passed", 2 / 3), ("dollars", -0.00021)])
def test_another_policy_is_valued_from_the_log(account: CostAccount, reward: str, value: float) -> None:
    backbones, outcomes = Backbones(account), Outcomes(account)
    policy = backbones.policy(["gpt-4o-mini"], failure_price=1)
    for i in range(120):
        outcomes.report(policy.run(answer).task_id, passed=i % 3 > 0)
    told = backbones.estimate(lambda task_class: {"gpt-4o-mini": 1.0}, reward=reward)
    assert told.snips == pytest.approx(value)
    with pytest.raises(TooLittleEvidenceError):
        backbones.estimate(lambda task_class: {"gpt-4o": 1.0}, reward=reward)

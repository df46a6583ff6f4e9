"""``toolshed cost``: reports, explanations, selection, exports; errors in words."""

import csv
import json
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result

from toolshed.commands.main import main
from toolshed.economics.choosing.candidates import Candidate
from toolshed.economics.running.attempts import Attempt, Reply
from toolshed.metering.usage import Usage
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["cost", *arguments])


@pytest.fixture
def kb(tmp_path: Path) -> Path:
    """A knowledge base in whose ledger 12 tasks are booked: the small model fails every third."""
    folder = tmp_path / "shed"
    with Toolshed(folder, encoder=HashingEncoder()) as shed:
        small = shed.backbones.policy([Candidate("gpt-4o-mini")], failure_price=1)
        large = shed.backbones.policy([Candidate("gpt-4o")], failure_price=1)

        def call(attempt: Attempt) -> Reply[str]:
            return Reply("x", Usage(1000, 100))

        for i in range(9):
            done = small.run(call, task_class="billing" if i % 2 else "refunds")
            shed.outcomes.report(done.task_id, i % 3 > 0)
        for _ in range(2):
            shed.outcomes.report(large.run(call, task_class="billing").task_id, True)
        large.run(call, task_class="billing")
    return folder


def test_the_report_is_a_table_json_and_a_picture(kb: Path, tmp_path: Path) -> None:
    picture = tmp_path / "costs.png"
    shown = invoke("report", "--kb", str(kb), "--human", "2.5", "--plot", str(picture))
    assert shown.exit_code == 0, shown.output
    assert "gpt-4o-mini       6       3        0      66.7%" in shown.output
    assert "frontier" in shown.output
    assert picture.read_bytes().startswith(b"\x89PNG")
    read = json.loads(invoke("report", "--kb", str(kb), "--json").stdout)
    rows = {row["group"]: row for row in read["rows"]}
    # $.00021 a call over 2/3
    assert rows["gpt-4o-mini"]["cost_of_pass_usd"] == pytest.approx(0.00021 * 1.5)
    assert rows["gpt-4o"]["n_unknown"] == 1
    assert read["spend_by_component_usd"] == {"agent": pytest.approx(9 * 0.00021 + 3 * 0.0035)}
    for by in ("class", "tenant", "pipeline"):
        assert invoke("report", "--kb", str(kb), "--by", by).exit_code == 0
    assert "nothing is booked" in invoke("report", "--kb", str(kb), "--since", "2999-01-01").output


def test_a_table_is_reported_on_with_frontier_and_conditional_rates(tmp_path: Path) -> None:
    lines = ["query_id,model,passed,cost_usd"]
    for query in range(20):
        lines += [f"{query},a,{int(query < 10)},0.001", f"{query},b,{int(query < 14)},0.01"]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines))
    shown = invoke("report", "--table", str(path), "--human", "1")
    assert "b after a: 40.0% instead of 70.0% (10 tasks)" in shown.output
    # 10 x .001, 4 x .01, 6 humans at $1
    assert "frontier $0.302500 a pass over 20 problems" in shown.output


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


def test_selection_is_shown_with_its_reason(kb: Path) -> None:
    arguments = ("select", "billing", "gpt-4o-mini", "gpt-4o", "--failure-price", "0.5", "--kb", str(kb))
    shown = invoke(*arguments)
    assert shown.exit_code == 0, shown.output
    assert "with failures at $0.5" in shown.output
    read = json.loads(invoke(*arguments, "--json").stdout)
    assert read["model"] in ("gpt-4o-mini", "gpt-4o")
    assert sum(one["probability"] for one in read["candidates"]) == pytest.approx(1)


def test_the_ledger_is_exported_exactly(kb: Path, tmp_path: Path) -> None:
    assert invoke("export", str(tmp_path / "out"), "--kb", str(kb)).exit_code == 0
    calls = pyarrow.parquet.read_table(tmp_path / "out" / "call.parquet").to_pylist()
    assert len(calls) == 12
    assert sum(call["cost"] for call in calls) == 9 * Decimal("0.00021") + 3 * Decimal("0.0035")
    assert invoke("export", str(tmp_path / "out"), "--format", "csv", "--kb", str(kb)).exit_code == 0
    with (tmp_path / "out" / "outcome.csv").open() as lines:
        assert len(list(csv.DictReader(lines))) == 11


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("report",), "there is no ledger"),
        (("report", "--table", "nope"), "no outcome table"),
        (("explain", "nope"), "there is no ledger"),
        (("report", "--ledger", "nonsense://x"), "postgresql+psycopg"),
    ],
)
def test_errors_are_told_in_words(arguments: tuple[str, ...], told: str, tmp_path: Path) -> None:
    where = () if "--ledger" in arguments else ("--kb", str(tmp_path))
    done = invoke(*arguments, *where)
    assert done.exit_code in (1, 2)
    assert told in done.output
    assert "Traceback" not in done.output


def test_wrong_tasks_prices_and_models_are_told(kb: Path, tmp_path: Path) -> None:
    assert "no task 'nope'" in invoke("explain", "nope", "--kb", str(kb)).output
    bad = tmp_path / "prices.yaml"
    bad.write_text("models: {a: [{input_mtk: 1, output_mtok: 1}]}")
    arguments = ("select", "x", "gpt-4o-mnii", "--failure-price", "1", "--kb", str(kb))
    assert "'gpt-4o-mini'" in invoke(*arguments).output
    assert "did you mean 'input_mtok'" in invoke(*arguments, "--prices", str(bad)).output
    assert "failure_price" in invoke("select", "x", "gpt-4o-mini", "--kb", str(kb)).output


def test_help_of_every_command_shows_examples() -> None:
    for command in ("report", "explain", "select", "outcome", "export", "replay"):
        assert "toolshed cost" in invoke(command, "--help").output

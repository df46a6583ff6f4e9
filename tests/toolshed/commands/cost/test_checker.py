"""``toolshed cost checker``: a table, JSON, and prices by the model that judges."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from toolshed.commands.main import main


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["cost", "checker", *arguments])


def test_it_says_when_a_checker_is_worth_its_price(tmp_path: Path) -> None:
    lines = ["query_id,model,passed,cost_usd"]
    for query in range(30):
        lines += [f"q{query},cheap,{int(query % 3 > 0)},0.001", f"q{query},dear,1,0.02"]
    path = tmp_path / "own.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    options = ["--seeds", "2", "--requests", "200", "--false-accept", "0,0.5"]
    shown = invoke(str(path), *options, "--price", "0")
    assert shown.exit_code == 0, shown.output
    assert "no checker" in shown.stdout
    assert "a check" in shown.stdout
    read = json.loads(invoke(str(path), *options, "--judge", "cheap", "--json").stdout)
    assert [one["false_accept"] for one in read] == [None, 0.0, 0.5]
    assert read[1]["check_usd"] == pytest.approx(0.001)
    assert invoke(str(path), "--price", "much").exit_code == 2
    assert "between 0 and 1" in invoke(str(path), "--false-accept", "7").output

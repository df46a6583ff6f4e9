"""``toolshed cost select``: what would be chosen, and why."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from toolshed.commands.main import main


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["cost", *arguments])


def test_selection_is_shown_with_its_reason(kb: Path) -> None:
    arguments = ("select", "billing", "gpt-4o-mini", "gpt-4o", "--failure-price", "0.5", "--kb", str(kb))
    shown = invoke(*arguments)
    assert shown.exit_code == 0, shown.output
    assert "with failures at $0.5" in shown.output
    read = json.loads(invoke(*arguments, "--json").stdout)
    assert read["model"] in ("gpt-4o-mini", "gpt-4o")
    assert sum(one["probability"] for one in read["candidates"]) == pytest.approx(1)


def test_wrong_tasks_prices_and_models_are_told(kb: Path, tmp_path: Path) -> None:
    assert "no task 'nope'" in invoke("explain", "nope", "--kb", str(kb)).output
    bad = tmp_path / "prices.yaml"
    bad.write_text("models: {a: [{input_mtk: 1, output_mtok: 1}]}")
    arguments = ("select", "x", "gpt-4o-mnii", "--failure-price", "1", "--kb", str(kb))
    assert "'openai:gpt-4o-mini'" in invoke(*arguments).output
    assert "did you mean 'input_mtok'" in invoke(*arguments, "--prices", str(bad)).output
    assert "failure_price" in invoke("select", "x", "gpt-4o-mini", "--kb", str(kb)).output

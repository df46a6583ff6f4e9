"""``toolshed eval agents``."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.openai_stub import scripted_openai
from toolshed.commands.main import main

SAMPLE = str(Path(__file__).parents[3] / "evals" / "toolshed_evals" / "sample")
SMALL = ["--distractors", SAMPLE, "--tools", "150", "--pipeline", "instant"]


def agents(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["eval", "agents", *arguments])


@pytest.fixture(scope="module")
def by_rules() -> dict[str, dict[str, object]]:
    result = agents("--rules", *SMALL, "--limit", "12", "--json")
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert "no language model" in printed["model"]
    return {arm["arm"]: arm for arm in printed["arms"]}


def test_ours_solve_nearly_what_the_right_tools_do_for_a_part_of_the_definitions(
    by_rules: dict[str, dict[str, float]],
) -> None:
    everything, ours, right = (by_rules[arm] for arm in ("all tools", "search tool", "right tools given"))
    assert right["solved"] >= ours["solved"] > 0.6 * right["solved"]
    assert ours["definition_tokens_per_task"] < everything["definition_tokens_per_task"] / 5
    assert ours["cost_of_pass_usd"] < everything["cost_of_pass_usd"]
    assert ours["cache_tokens_lost_per_task"] == 0
    assert right["searches_per_solved_task"] == 0


def test_an_arm_that_does_not_fit_the_context_is_left_out_with_the_reason() -> None:
    result = agents("--rules", *SMALL, "--limit", "2", "--context-tokens", "500")
    assert result.exit_code == 0, result.output
    assert "no language model" in result.stdout
    assert "| all tools | left out: its " in result.stdout
    assert "more than the 500 of the context" in result.stdout


def test_a_model_is_recorded_and_replayed_with_the_same_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    file = str(tmp_path / "agents.jsonl")
    arguments = [*SMALL, "--limit", "2", "--model", "m", "--json"]
    with scripted_openai(lambda _: ({"content": "NO_TOOL"}, None)) as url:
        asked = agents(*arguments, "--base-url", f"{url}/v1", "--record", file)
    assert asked.exit_code == 0, asked.output
    replayed = agents(*arguments, "--replay", file)
    assert json.loads(replayed.stdout) == json.loads(asked.stdout)
    missing = agents(*SMALL, "--limit", "3", "--model", "m", "--replay", file)
    assert missing.exit_code == 1
    assert "--record" in missing.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param([], "say which agent", id="no-agent"),
        pytest.param(["--rules", "--model", "m"], "say which agent", id="two-agents"),
        pytest.param(["--rules", "--base-url", "http://x"], "are of a --model", id="rules-at-an-endpoint"),
        pytest.param(["--rules", "--distractors", SAMPLE], "give --tools between", id="too-few-tools"),
    ],
)
def test_misuse_is_refused(arguments: list[str], message: str) -> None:
    result = agents(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr

"""``toolshed lint``."""

import json
from pathlib import Path

import pytest

from tests.command_line import run

TOOLS = [
    {"name": "get_forecast", "description": "Weather forecast for a city on a day."},
    {"name": "ring the bell", "description": "Let the bell at the door ring, loudly."},
    {"name": "silent"},
]


@pytest.fixture
def catalog(instant_folder: Path) -> str:
    (instant_folder / "desk.json").write_text(json.dumps(TOOLS))
    return "desk.json"


def test_a_source_is_linted_without_a_knowledge_base(catalog: str, instant_folder: Path) -> None:
    result = run("lint", catalog)
    assert result.exit_code == 1
    assert "error    no-description         desk:silent" in result.stdout
    assert "warning  illegal-name           desk:ring the bell" in result.stdout
    assert "3 tools, 5 requests: 1 errors, 1 warnings" in result.stdout
    assert not (instant_folder / "shed").exists()


@pytest.mark.parametrize(
    ("options", "exit_code"),
    [
        (["--fail-on", "never"], 0),
        (["--ignore", "no-description"], 0),
        (["--ignore", "no-description", "--fail-on", "warning"], 1),
        (["--ignore", "no-description", "--ignore", "illegal-name", "--fail-on", "warning"], 0),
        (["--fail-on", "everything"], 2),
        (["--ignore", "no-such-rule"], 2),
    ],
)
def test_the_exit_code_is_for_continuous_integration(
    catalog: str, options: list[str], exit_code: int
) -> None:
    assert run("lint", catalog, *options).exit_code == exit_code


def test_json_is_for_machines(catalog: str) -> None:
    told = json.loads(run("lint", catalog, "--json").stdout)
    assert told["counts"] == {"illegal-name": 1, "no-description": 1}
    assert told["findings"][0]["tool_id"] == "desk:silent"


def test_entries_that_are_no_tools_are_findings(instant_folder: Path) -> None:
    (instant_folder / "bad.json").write_text(json.dumps([*TOOLS, {"name": ""}]))
    result = run("lint", "bad.json", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["counts"]["invalid-entry"] == 1


@pytest.mark.usefixtures("filled")
def test_the_knowledge_base_is_linted_where_no_source_is_given() -> None:
    result = run("lint")
    assert result.exit_code == 0
    assert "2 tools" in result.stdout


def test_what_would_steer_the_terminal_is_spelt(instant_folder: Path) -> None:
    (instant_folder / "evil.json").write_text(json.dumps([{"name": "x", "description": "\x1b[2J do"}]))
    assert "\x1b" not in run("lint", "evil.json").stdout


def test_without_a_knowledge_base_the_way_to_one_is_told(instant_folder: Path) -> None:
    result = run("lint")
    assert result.exit_code == 2
    assert "there is no knowledge base" in result.stderr


def test_a_model_makes_requests_too(catalog: str, instant_folder: Path) -> None:
    written = run("lint", catalog, "--chat", "prompts:prompts.jsonl", "--json", "--fail-on", "never")
    assert "the model made no requests for 3 tools" in written.stderr
    by_rule = json.loads(written.stdout)
    answers = []
    for line in (instant_folder / "prompts.jsonl").read_text().splitlines():
        asked = "ring" if "ring the bell" in line else "tomorrow"
        reply = json.dumps({"requests": [f"Let the bell {asked} at the door", "Will I get wet?"]})
        answers.append(json.dumps({**json.loads(line), "reply": reply}))
    (instant_folder / "answers.jsonl").write_text("\n".join(answers) + "\n")
    result = run("lint", catalog, "--chat", "replay:answers.jsonl", "--json", "--fail-on", "never")
    told = json.loads(result.stdout)
    assert told["n_unanswered"] == 0
    assert told["n_requests"] == by_rule["n_requests"] + 6
    assert run("lint", catalog, "--chat", "no-such:thing").exit_code == 2

"""``toolshed eval run``."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from toolshed.commands.main import main
from toolshed_evals.commands.run import PIPELINE_NAMES
from toolshed_evals.retrievers import RETRIEVERS

SAMPLE = str(Path(__file__).parents[3] / "evals" / "toolshed_evals" / "sample")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["eval", "run", *arguments])


def test_run_prints_json_for_machines() -> None:
    result = run(SAMPLE, "--pipeline", "instant", "--json")
    assert result.exit_code == 0
    summary = json.loads(result.stdout)
    assert (summary["dataset"], summary["n_tools"], summary["pipeline"]) == ("sample", 156, "instant")
    assert 0.5 < summary["metrics"]["recall@5"] <= 1


def test_without_json_it_prints_a_row_of_the_table() -> None:
    result = run(SAMPLE, "--pipeline", "bm25-paper", "--limit", "3")
    assert result.exit_code == 0
    assert "| sample | 156 | 3 | bm25-paper |" in result.stdout


def test_runs_that_cannot_be_written_say_so() -> None:
    compared = run(SAMPLE, "--pipeline", "bm25-paper", "--limit", "2", "--out", "/dev/null/x")
    assert compared.exit_code == 1
    assert "cannot be written" in compared.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["nowhere"], "is neither a data set", id="unknown-data-set"),
        pytest.param([SAMPLE, "--pipeline", "x"], "'x' is not one of", id="unknown-pipeline"),
        pytest.param([SAMPLE, "--limit", "0"], "is not in the range", id="nothing-to-run"),
    ],
)
def test_misuse_is_refused(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_the_names_on_offer_are_those_that_can_be_run() -> None:
    assert set(PIPELINE_NAMES) == set(RETRIEVERS)


def test_tools_are_indexed_with_their_enhancements(tmp_path: Path) -> None:
    tools = [{"name": f"q{n}", "description": f"Internal step {n}."} for n in range(12)]
    for name, lines in (
        ("tools.jsonl", tools),
        ("queries.jsonl", [{"id": "1", "text": "Does it rain tomorrow?"}]),
        ("enhancements.jsonl", [{"tool": "q7", "hypothetical_questions": ["Will it rain in Porto?"]}]),
    ):
        (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "qrels.tsv").write_text("query_id\ttool_id\trelevance\n1\tq7\t1\n")
    file = str(tmp_path / "enhancements.jsonl")
    recalls = []
    for arguments in ([], ["--enhancements", file]):
        result = run(str(tmp_path), "--pipeline", "instant", "--json", *arguments)
        assert result.exit_code == 0, result.output
        recalls.append(json.loads(result.stdout)["metrics"]["recall@1"])
    assert recalls == [0, 1]
    refused = run(str(tmp_path), "--pipeline", "bm25-paper", "--enhancements", file)
    assert refused.exit_code != 0
    assert "takes no enhancements" in refused.stderr


def test_queries_are_searched_by_their_plans(tmp_path: Path) -> None:
    tools = [
        {"name": "mail", "description": "Send an email."},
        {"name": "rain", "description": "Forecast rain."},
    ]
    tools += [{"name": f"x{n}", "description": f"Internal step {n}."} for n in range(30)]
    plan = {"query_id": "1", "sub_queries": ["Forecast rain", "Send an email"]}
    for name, lines in (
        ("tools.jsonl", tools),
        ("queries.jsonl", [{"id": "1", "text": "An email, and will it rain?"}]),
        ("plans.jsonl", [plan]),
        ("wrong.jsonl", [{**plan, "query_id": "2"}]),
    ):
        (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "qrels.tsv").write_text("query_id\ttool_id\trelevance\n1\tmail\t1\n1\train\t1\n")
    arguments = [str(tmp_path), "--pipeline", "instant", "--json", "--plans"]
    result = run(*arguments, str(tmp_path / "plans.jsonl"), "--out", str(tmp_path / "runs"))
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["metrics"]["recall@5"] == 1
    (record,) = (tmp_path / "runs").glob("*.json")
    assert json.loads(record.read_text())["stages"].startswith("RecordedPlans(1 requests) >> ")
    refused = run(*arguments, str(tmp_path / "wrong.jsonl"))
    assert refused.exit_code == 1
    assert "has no plans of" in refused.stderr

"""Prompts of an evaluation: in rounds, each with the replies to those before it, until it can be replayed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from toolshed.backbones.recorded import PromptFile
from toolshed.commands.main import main
from toolshed.errors import ConfigurationError
from toolshed_evals.retrievers import make_retriever

TOOLS = [
    {"name": "send_mail", "description": "Send an email."},
    {"name": "forecast_rain", "description": "Forecast rain in a city."},
    {"name": "book_table", "description": "Book a table in a restaurant."},
]
TWO, ONE = "Tell me whether it rains in Porto and send an email about it.", "Book a table."


def answer(prompts: Path, replies: Path) -> None:
    """Answer every prompt, as a model might."""
    answers = {
        "planner": {"rewritten": TWO, "parts": ["Forecast rain in Porto", "Send an email"]},
        "reranker": {"ranking": [2, 1]},
        "verifier": {"covered": True, "missing": []},
    }
    lines = [json.loads(line) for line in prompts.read_text().splitlines()]
    replied = [{**line, "reply": json.dumps(answers[line["component"]])} for line in lines]
    replies.write_text("".join(json.dumps(line) + "\n" for line in replied))


def test_a_model_and_plans_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="a model plans the queries itself"):
        make_retriever("instant", plans={}, chat=PromptFile(str(tmp_path / "unused"), model_id="any"))


def in_layout(folder: Path) -> str:
    for name, lines in (
        ("tools.jsonl", TOOLS),
        ("queries.jsonl", [{"id": "1", "text": TWO}, {"id": "2", "text": ONE}]),
    ):
        (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    rows = ["query_id\ttool_id\trelevance", "1\tsend_mail\t1", "1\tforecast_rain\t1", "2\tbook_table\t1"]
    (folder / "qrels.tsv").write_text("\n".join(rows) + "\n")
    return str(folder)


def evaluate(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["eval", *arguments, "--pipeline", "instant"])


def test_prompts_come_in_rounds_and_a_run_from_replies_is_refused_until_all_are_there(tmp_path: Path) -> None:
    folder = in_layout(tmp_path)
    prompts, replies = tmp_path / "prompts.jsonl", tmp_path / "replies.jsonl"
    write = ("prompts", folder, "--out", str(prompts))
    first = evaluate(*write)
    assert first.exit_code == 0, first.output
    # A short request is not planned: its rerank is asked for at once.
    assert "2 new prompts" in first.stdout
    assert "(in all: 1 planner, 1 reranker)" in first.stdout
    assert "2 queries wait" in first.stdout
    answer(prompts, replies)
    early = evaluate("run", folder, "--replay", str(replies))
    assert early.exit_code == 1
    assert "of the reranker" in early.stderr
    assert f"toolshed eval prompts {folder} --replay {replies}" in early.stderr
    rounds = []
    for _ in range(3):
        said = json.loads(evaluate(*write, "--replay", str(replies), "--json").stdout)
        rounds.append((said["n_whole"], said["n_waiting"], said["n_written"]))
        answer(prompts, replies)
    assert rounds == [(0, 2, 2), (1, 1, 1), (2, 0, 0)]
    assert said["by_component"] == {"planner": 1, "reranker": 2, "verifier": 2}
    whole = evaluate("run", folder, "--replay", str(replies), "--json", "--out", str(tmp_path / "runs"))
    assert whole.exit_code == 0, whole.output
    assert json.loads(whole.stdout)["metrics"]["recall@5"] == 1
    record = json.loads(next((tmp_path / "runs").glob("*.json")).read_text())
    assert "Rerank('any'" in record["stages"]

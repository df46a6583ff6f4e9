"""``toolshed eval passages``."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from toolshed.commands.main import main


def passages(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["eval", "passages", *arguments])


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.jsonl"
    text = "The court held for Jones. The rest followed."
    path.write_text(json.dumps({"id": 1, "text": text, "spans": [[0, 25], [26, 44]]}), encoding="utf-8")
    return path


def test_splitters_stand_side_by_side(gold: Path) -> None:
    done = passages(str(gold), "--budget", "16")
    assert done.exit_code == 0, done.output
    head, columns, *rows = done.stdout.splitlines()
    assert head.startswith("1 documents, 2 gold sentences")
    assert columns.split()[0] == "splitter"
    assert {"legal", "langchain-recursive"} <= {row.split()[0] for row in rows}


def test_a_budget_that_holds_no_sentence_is_refused(gold: Path) -> None:
    done = passages(str(gold), "--budget", "3")
    assert done.exit_code == 2
    assert "is not in the range" in done.stderr

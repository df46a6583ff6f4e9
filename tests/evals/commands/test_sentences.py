"""``toolshed eval sentences``."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from toolshed.commands.main import main


def sentences(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["eval", "sentences", *arguments])


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.jsonl"
    text = "The court held for Jones. The rest followed."
    path.write_text(json.dumps({"id": 1, "text": text, "spans": [[0, 25], [26, 44]]}), encoding="utf-8")
    return path


def test_the_segmenters_that_are_asked_for_are_scored(gold: Path) -> None:
    told = json.loads(sentences(str(gold), "--segmenter", "regex", "--json").stdout)
    assert (told["n_documents"], told["n_sentences"], told["n_refitted"]) == (1, 2, 0)
    assert told["segmenters"]["regex"]["f1"] == 1
    table = sentences(str(gold), "--segmenter", "regex").stdout.splitlines()
    assert table[0] == "1 documents, 2 gold sentences"
    assert table[2].split()[:4] == ["regex", "1.000", "1.000", "1.000"]


def test_an_unknown_segmenter_names_the_known_ones(gold: Path) -> None:
    done = sentences(str(gold), "--segmenter", "stanza")
    assert done.exit_code == 2
    assert "choose one of legal" in done.stderr


def test_a_file_without_gold_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    done = sentences(str(empty))
    assert done.exit_code == 1
    assert "there are no documents" in done.stderr


def test_a_file_with_nested_gold_is_scored_and_says_what_was_left_out(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    text = "The court held for Jones. The rest followed."
    spans = [[0, 25], [4, 9], [26, 44]]
    path.write_text(json.dumps({"id": 1, "text": text, "spans": spans}), encoding="utf-8")
    done = sentences(str(path), "--segmenter", "regex", "--json")
    told = json.loads(done.stdout)
    assert (told["n_sentences"], told["n_overlapping"], told["segmenters"]["regex"]["f1"]) == (2, 1, 1)
    assert "1 spans begin within the gold sentence before" in done.stderr


def test_without_a_path_our_own_kept_documents_are_scored() -> None:
    told = json.loads(sentences("--segmenter", "legal", "--json").stdout)
    assert told["n_documents"] >= 14
    assert told["n_sentences"] >= 1_100
    assert told["segmenters"]["legal"]["f1"] > 0.97

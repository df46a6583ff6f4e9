"""Gold sentences and the measures, against values worked out by hand."""

import json
from pathlib import Path

import pytest

from toolshed_evals.legal.gold import GoldDocument, GoldError, count_cut, load_gold, score_boundaries

#       0123456789012345
TEXT = "One. Two. Three."
GOLD = GoldDocument("d", TEXT, ((0, 4), (5, 9), (10, 16)))


def test_perfect_spans_score_one() -> None:
    scores = score_boundaries([GOLD], [GOLD.spans])
    assert (scores.precision, scores.recall, scores.f1, scores.ends_f1, scores.cut) == (1, 1, 1, 1, 0)


def test_a_missed_boundary_costs_an_end_and_a_start() -> None:
    # Gold offsets 0 4 5 9 10 16; found 0 9 10 16: all four right, two missed.
    scores = score_boundaries([GOLD], [[(0, 9), (10, 16)]])
    assert scores.precision == 1
    assert scores.recall == pytest.approx(4 / 6)
    assert scores.ends_f1 == pytest.approx(2 * 2 / (3 + 2))
    assert scores.cut == 0


def test_a_false_boundary_cuts_a_sentence() -> None:
    # Found 0 4 5 9 10 12 13 16: six of eight right.
    scores = score_boundaries([GOLD], [[(0, 4), (5, 9), (10, 12), (13, 16)]])
    assert scores.precision == pytest.approx(6 / 8)
    assert scores.recall == 1
    assert scores.cut == pytest.approx(1 / 3)


def test_nothing_found_scores_zero() -> None:
    scores = score_boundaries([GOLD], [[]])
    assert (scores.precision, scores.recall, scores.f1) == (0, 0, 0)


def test_boundaries_at_the_edges_cut_nothing() -> None:
    assert count_cut([(0, 4), (5, 9)], [0, 4, 5, 9]) == 0
    assert count_cut([(0, 4), (5, 9)], [2, 7]) == 2


def test_gold_is_read_from_a_file_or_a_folder(tmp_path: Path) -> None:
    line = json.dumps({"id": "d", "text": TEXT, "spans": GOLD.spans})
    (tmp_path / "a.jsonl").write_text(line + "\n\n" + line + "\n", encoding="utf-8")
    assert load_gold(tmp_path / "a.jsonl") == load_gold(tmp_path) == [GOLD, GOLD]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("", "no documents", id="empty"),
        pytest.param("{", "line 1", id="no-json"),
        pytest.param('{"id": 1, "text": "a"}', "spans", id="no-spans"),
        pytest.param(
            '{"id": 1, "text": "a", "spans": [[0, 2]]}', r"\[0, 2\] is out of order or outside", id="outside"
        ),
        pytest.param('{"id": 1, "text": "abc", "spans": [[2, 3], [0, 1]]}', "out of order", id="unordered"),
    ],
)
def test_unusable_gold_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(GoldError, match=message):
        load_gold(path)


def test_a_span_within_another_is_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    nested = {"id": "d", "text": TEXT, "spans": [[0, 9], [5, 9], [10, 16]]}
    path.write_text(json.dumps(nested), encoding="utf-8")
    (document,) = load_gold(path)
    assert (document.spans, document.n_overlapping) == (((0, 9), (10, 16)), 1)


def test_a_span_that_begins_within_another_is_left_out_too(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(json.dumps({"id": "d", "text": TEXT, "spans": [[0, 9], [5, 16]]}), encoding="utf-8")
    (document,) = load_gold(path)
    assert (document.spans, document.n_overlapping) == (((0, 9),), 1)

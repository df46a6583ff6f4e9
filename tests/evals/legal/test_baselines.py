"""Segmenters of others: all run, and what they return is put where it stands in the text."""

import importlib.util

import pytest

from toolshed.errors import ConfigurationError
from toolshed_evals.legal.baselines import BASELINES, aligned, segmenter_or_baseline

TEXT = "Mr. Smith v. Jones Co. was decided in 1990. It held for Jones.  See id.\nThe rest followed."


@pytest.mark.parametrize("name", list(BASELINES))
def test_baselines_return_tight_spans_of_the_whole_text(name: str) -> None:
    spans = segmenter_or_baseline(name).spans(TEXT)
    assert "".join("".join(TEXT[start:end].split()) for start, end in spans) == "".join(TEXT.split())
    assert all(TEXT[start:end] == TEXT[start:end].strip() for start, end in spans)


def test_pieces_are_aligned_where_find_would_misplace_them() -> None:
    text = "No. No.  No way.\nNo."
    assert aligned(text, ["No.", "No.", "No  way.", "No."]) == [(0, 3), (4, 7), (9, 16), (17, 20)]


def test_a_name_of_ours_gives_our_segmenter() -> None:
    assert segmenter_or_baseline("legal:strict").version.startswith("legal")


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"unknown segmenter 'stanza'; choose one of legal.*nltk"):
        segmenter_or_baseline("stanza")


def test_a_baseline_that_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"^pysbd is not installed; .*'\.\[baselines\]'"):
        segmenter_or_baseline("pysbd")

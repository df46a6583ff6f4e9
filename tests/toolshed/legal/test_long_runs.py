"""Texts with endless runs: foreign code sees them shortened, and every offset is that of the whole text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolshed.legal.long_runs import with_short_runs
from toolshed.legal.sentences import segmenter_named


def test_text_without_long_runs_is_left_alone() -> None:
    text = "The rule is old.\n\n" + " " * 30 + "So " + "a" * 256 + " it is."
    assert with_short_runs(text).text == text


@pytest.mark.parametrize(
    ("gap", "shortened"),
    [
        pytest.param(" " * 5_000, " " * 32, id="spaces"),
        pytest.param(" " * 5_000 + "\n" + " " * 5_000, "\n", id="a line end stays one"),
        pytest.param("\r\n" * 5_000, "\n\n", id="blank lines stay one"),
    ],
)
def test_a_wide_gap_says_what_it_said(gap: str, shortened: str) -> None:
    assert with_short_runs(f"One.{gap}Two.").text == f"One.{shortened}Two."


@given(
    st.lists(st.sampled_from([" " * 40, "\n" * 50, "a" * 300, "!" * 700, "B. ", "word ", "\t"]), max_size=12)
)
def test_the_ends_of_words_keep_their_places(pieces: list[str]) -> None:
    text = "".join(pieces)
    short = with_short_runs(text)
    for start, end in short.given([(at, at + 1) for at, it in enumerate(short.text) if not it.isspace()]):
        assert 0 <= start < end <= len(text)
    words = [(at, at + len(word)) for at, word in _words(short.text)]
    assert [text[start:end] for start, end in short.given(words)] == text.split()


def _words(text: str) -> list[tuple[int, str]]:
    found, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        found.append((at, word))
        at += len(word)
    return found


def test_sentences_around_long_runs_are_found_where_they_stand() -> None:
    text = f"It is so held. See {'x' * 900} there.{' ' * 3_000}Then this ends.{chr(10) * 900}The end."
    expected = ["It is so held.", f"See {'x' * 900} there.", "Then this ends.", "The end."]
    for name in ("nupunkt", "regex"):
        found = [text[start:end] for start, end in segmenter_named(name).spans(text)]
        assert found == expected

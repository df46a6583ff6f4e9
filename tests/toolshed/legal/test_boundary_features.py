"""Where a sentence may end, and what the tokens on both sides say about it."""

import pytest
from hypothesis import given, settings

from tests.toolshed.legal.test_sentences import TEXTS
from toolshed.legal.boundary_features import (
    Candidate,
    candidates,
    left_token,
    length_bucket,
    lines_around,
    neighbour,
    next_neighbour,
    right_token,
    wrap_width,
)


def gaps(text: str) -> list[tuple[str, str, str]]:
    """Each candidate: the last word before it, its kind, the first word after it."""
    return [
        (text[: found.end].split()[-1], found.gap, text[found.start :].split()[0])
        for found in candidates(text)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He lost. She won.", [("lost.", " ", "She")]),
        ("It is settled.[17]  In 1990", [("settled.[17]", "d", "In")]),
        ('He said "no."\nShe left', [('"no."', "n", "She")]),
        ("ORDER\n\nDenied", [("ORDER", "p", "Denied")]),
        ("ORDER\n\n\nDenied", [("ORDER", "P", "Denied")]),
        ("Fee\t$5", [("Fee", "t", "$5")]),
        ("see *904 the court", [("*904", " ", "the")]),
        ("No stop here, or here; or v1.x here", []),
        ("(a) The fee is due", [("(a)", "e", "The")]),
        ("", []),
        (" \n\t ", []),
        ("End.", []),
    ],
    ids=repr,
)
def test_sentences_may_end_at_these_gaps_only(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert gaps(text) == expected


@settings(max_examples=200, deadline=None)
@given(text=TEXTS)
def test_a_candidate_is_white_space_between_two_tokens(text: str) -> None:
    found = list(candidates(text))
    for end, start, gap in found:
        assert text[end:start].isspace()
        assert not text[end - 1].isspace()
        assert not text[start].isspace()
        assert ("\n" in text[end:start]) is (gap in "npP")
    assert [one.start for one in found] == sorted(one.start for one in found)


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("U.S.C.", "statute."),
        ("Inc.", "company."),
        ("Me.", "court."),
        ("me.", "w3."),
        ("so.", "w3."),
        ("settled.[17]", "w.["),
        ('week."', "w.q"),
        ("(f)", "l-p"),
        ("1990", "num4-"),
        ("XIV.", "rom."),
        ("...", "empty..."),
        ("why?!", "w3!+"),
    ],
)
def test_what_stands_before_a_gap_is_told_by_shape_use_and_marks(token: str, kind: str) -> None:
    assert left_token(token).kind == kind


@pytest.mark.parametrize(
    ("token", "kind", "opener"),
    [
        ("The", "C4", "O"),
        ("the", "w3", ""),
        ("“However", "qC", "O"),
        ("Citing", "C", "S"),
        ("(a)", "(l", ""),
        ("§", "sect", ""),
        ("•", "bul", ""),
        ("—", "dash", ""),
        ("12.", "num.", ""),
    ],
)
def test_what_stands_after_a_gap_is_told_by_shape_and_by_whether_it_opens_sentences(
    token: str, kind: str, opener: str
) -> None:
    right = right_token(token)
    assert (right.kind, right.opener) == (kind, opener)


@pytest.mark.parametrize(
    ("token", "near", "following"),
    [
        ("", "^", "^"),
        ("v.", "v", "v"),
        ("U.S.C.", "A.", "A.st"),
        ("§§", "S", "S"),
        ("*904", "*", "*"),
        ("12.", "d.", "d."),
        ("USA", "U", "U"),
        ("“and,", "a,", "a,"),
    ],
)
def test_tokens_further_away_are_told_coarsely(token: str, near: str, following: str) -> None:
    assert (neighbour(token), next_neighbour(token)) == (near, following)


def test_text_is_wrapped_where_its_lines_are_about_as_long() -> None:
    wrapped = "\n".join(["The committee considered the matter at length and then adjourned"] * 6)
    assert wrap_width(wrapped) == 64
    assert wrap_width(wrapped + "\n" + "A paragraph on one line. " * 8) == 0
    assert wrap_width("Short.\n" * 20) == 0
    assert wrap_width("") == 0


def test_a_line_that_ends_early_was_ended_on_purpose() -> None:
    text = "Notices go to\nWilmington, Delaware"
    candidate = Candidate(13, 14, "n")
    assert lines_around(text, 0, candidate, width=20).room == "F"
    assert lines_around(text, 0, candidate, width=60).room == "f"
    assert lines_around(text, 0, candidate, width=0).room == ""
    shouted = lines_around("ORDER\nDENIED", 0, Candidate(5, 6, "n"), width=0)
    assert (shouted.capitals, shouted.left_length) == ("U|U", "1")


def test_lengths_rise_in_seven_steps() -> None:
    buckets = [length_bucket(n) for n in range(200)]
    assert buckets == sorted(buckets)
    assert set(buckets) == set("0123456")

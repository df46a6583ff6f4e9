"""Headings that are marked are units, whatever finds the sentences."""

import pytest

from toolshed.documents import GivenHeading, LegalDocument
from toolshed.legal.marked_headings import as_units, marked_headings
from toolshed.legal.passages import build_passages
from toolshed.legal.sentences import segmenter_named


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Fees\n\nDue.\n## 2. Term ##\nLong.", ["# Fees", "## 2. Term ##"]),
        ("Fees\n----\n\nDue.\n\nTerm\n===\nLong.", ["Fees\n----", "Term\n==="]),
        ("> # Quoted\nText.", ["> # Quoted"]),
        ("#hashtag\n\nA line.\nof text\n---\n\n- item\n---\n", []),
        ("", []),
    ],
)
def test_markdown_marks_headings(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in marked_headings(text)] == expected


def test_sentences_end_at_the_edges_of_headings_and_never_inside() -> None:
    text = "One. Art. 2. Fees and dues Two."
    heading = (text.index("Art"), text.index(" Two"))
    units = as_units(text, [(0, 4), (5, 12), (13, len(text))], [heading])
    assert [text[start:end] for start, end in units] == ["One.", "Art. 2. Fees and dues", "Two."]


def test_headings_in_a_text_are_sentences_of_their_own() -> None:
    text = "### Teil 2 - Plätze\n\n\n#### § 3 Vergabe der Plätze\n\nDie Vergabe ist Sache der Behörde."
    spans = segmenter_named("legal").spans(text)
    assert [text[start:end] for start, end in spans] == [line for line in text.split("\n") if line]


def test_given_headings_are_sentences_of_their_own_with_any_segmenter() -> None:
    text = "Mooring of boats\n--------\nA boat is moored with care"
    document = LegalDocument("d", text, headings=(GivenHeading(0, 16, 1),))
    for name in ("legal", "nupunkt", "regex"):
        (passage,) = build_passages(document, segmenter=segmenter_named(name))
        assert [text[start:end] for start, end in passage.sentences] == [
            "Mooring of boats\n--------",
            "A boat is moored with care",
        ]

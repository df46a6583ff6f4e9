"""Documents, sections and passages: pages, ids, and the sentences that can be quoted."""

from dataclasses import replace

import pytest

from toolshed.documents import GivenHeading, LegalDocument, Passage, Section, joined_text

DOCUMENT = LegalDocument("lease.txt", "One. Two. Three.", "Lease", "law", page_starts=(0, 5, 10))
PASSAGE = Passage("lease.txt", 0, 10, 26, "Rent is due now.", ((10, 26),), version="legal/1")


@pytest.mark.parametrize(("offset", "page"), [(0, 1), (4, 1), (5, 2), (9, 2), (10, 3), (99, 3)])
def test_a_page_begins_with_its_first_character(offset: int, page: int) -> None:
    assert DOCUMENT.page_at(offset) == page
    assert replace(DOCUMENT, page_starts=()).page_at(offset) is None


def test_whatever_passages_are_made_of_changes_the_hash_and_the_place_does_not() -> None:
    changed = [
        replace(DOCUMENT, text="One. Two. Four."),
        replace(DOCUMENT, title="Contract"),
        replace(DOCUMENT, page_starts=(0, 5, 11)),
        replace(DOCUMENT, headings=(GivenHeading(0, 4, 1),)),
        replace(DOCUMENT, headings=(GivenHeading(0, 4, 2),)),
        replace(DOCUMENT, text="One. \ud800"),
    ]
    assert len({DOCUMENT.content_hash, *(one.content_hash for one in changed)}) == len(changed) + 1
    # A folder that was moved is the same documents.
    assert replace(DOCUMENT, source="elsewhere", document_id="x").content_hash == DOCUMENT.content_hash


def test_a_passage_is_known_by_document_offsets_and_version() -> None:
    others = [
        replace(PASSAGE, document_id="other.txt"),
        replace(PASSAGE, start=11),
        replace(PASSAGE, end=27),
        replace(PASSAGE, version="legal/2"),
    ]
    assert len({PASSAGE.passage_id, *(one.passage_id for one in others)}) == 5
    # Pinned: another id would leave what older releases stored beside what is written now.
    assert replace(PASSAGE, text="?", ordinal=7).passage_id == "9b47f9f8-1624-565a-9a24-954de04925e7"


def test_headings_and_enumerators_are_not_quoted_unless_there_is_nothing_else() -> None:
    text = "4.2 Late Fees. A tenant who pays late owes a fee. (a)"
    spans = ((10, 24), (25, 59), (60, 63))
    assert replace(PASSAGE, text=text, end=63, sentences=spans).quotable == [(25, 59)]
    assert replace(PASSAGE, text="Fees. (a)", end=19, sentences=((10, 15), (16, 19))).quotable == [
        (10, 15),
        (16, 19),
    ]


def test_an_offset_lies_in_the_last_section_that_began_before_it() -> None:
    sections = Section(12, 14, ("A",)), Section(20, 22, ("B",))
    passage = replace(PASSAGE, sections=sections)
    found = [passage.section_at(offset) for offset in (11, 12, 19, 20, 99)]
    assert found == [None, sections[0], sections[0], sections[1], sections[1]]
    assert PASSAGE.section_at(12) is None


def test_the_header_is_read_before_the_text_and_is_no_part_of_it() -> None:
    headed = replace(PASSAGE, header="Lease > Rent")
    assert (headed.encoded_text, PASSAGE.encoded_text) == (
        "Lease > Rent\nRent is due now.",
        "Rent is due now.",
    )
    # What stands before the first of several is not theirs.
    assert joined_text([replace(headed, lead="\n"), replace(PASSAGE, lead="\n\n")]) == (
        "Rent is due now.\n\nRent is due now."
    )
    assert joined_text([]) == ""

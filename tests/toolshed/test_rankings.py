"""What a search makes of a query: standards of scores, and passages with where they stand."""

import json
from dataclasses import replace

import numpy as np
import pytest

from toolshed.documents import Passage, Section
from toolshed.rankings import FoundPassage, Quote, Standard

TEXT = "Rent is due. Fees are due."
PASSAGE = Passage(
    "lease.txt",
    1,
    100,
    126,
    TEXT,
    ((100, 112), (113, 126)),
    lead="\n\n",
    title="Office Lease",
    sections=(
        Section(90, 100, ("ARTICLE IV", "4.1 Rent"), "4.1"),
        Section(113, 113, ("ARTICLE IV", "4.2 Fees"), "4.2"),
    ),
    page=3,
    last_page=4,
)


def found(passage: Passage = PASSAGE, *quotes: Quote) -> FoundPassage:
    return FoundPassage(passage, 0.1234567, {"dense": 0.98764}, quotes)


def test_standards_are_mean_and_deviation_of_each_sub_query() -> None:
    standard = Standard.of(np.array([[1, 2, 3], [5, 5, 5]], np.float32))
    np.testing.assert_allclose(standard.mean[:, 0], [2, 5])
    np.testing.assert_allclose(standard.deviation[:, 0], [np.std([1, 2, 3]) + 1e-3, 1e-3], atol=1e-4)


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, 123.456])
def test_scores_that_are_all_the_same_have_a_deviation_that_can_be_divided_by(value: float) -> None:
    # E[x²] - E[x]² comes out below zero here and there.
    deviation = Standard.of(np.full((2, 1001), value, np.float32)).deviation
    assert np.isfinite(deviation).all()
    assert (deviation >= 1e-3).all()


def test_a_citation_is_of_the_place_that_is_quoted() -> None:
    fees = Quote(113, 126, "Fees are due.", "4.2 Fees", 1.0)
    assert found().citation == "Office Lease, ARTICLE IV > 4.1 Rent, p. 3"
    assert found(PASSAGE, fees).citation == "Office Lease, ARTICLE IV > 4.2 Fees, p. 3"


def test_a_citation_says_no_more_than_is_known() -> None:
    assert found(replace(PASSAGE, sections=(), page=None)).citation == "Office Lease"
    assert found(replace(PASSAGE, sections=(), title="")).citation == "lease.txt, p. 3"


def test_neighbours_join_with_the_white_space_between_them() -> None:
    before = replace(PASSAGE, ordinal=0, start=80, end=98, text="The tenant agrees:", lead="\n")
    after = replace(PASSAGE, ordinal=2, start=127, end=132, text="(End)", lead=" ")
    around = replace(found(), before=(before,), after=(after,))
    assert around.expanded_text == "The tenant agrees:\n\nRent is due. Fees are due. (End)"
    assert found().expanded_text == TEXT


def test_json_has_the_passage_its_quotes_and_its_place() -> None:
    told = json.loads(
        json.dumps(found(PASSAGE, Quote(100, 112, "Rent is due.", "4.1 Rent", 0.76543)).to_json())
    )
    assert (told["document"], told["start"], told["end"], told["page"], told["last_page"]) == (
        "lease.txt",
        100,
        126,
        3,
        4,
    )
    assert told["quotes"] == [
        {"start": 100, "end": 112, "quote": "Rent is due.", "section": "4.1 Rent", "score": 0.7654}
    ]
    assert (told["score"], told["channels"]) == (0.12346, {"dense": 0.9876})

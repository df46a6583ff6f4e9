"""What passages can be filtered by, in the words of whoever asks; storing is in the contract of engines."""

from typing import Any

import pytest

from toolshed.documents import LegalDocument
from toolshed.errors import InvalidQueryError
from toolshed.knowledge_base.memory import MemoryEngine
from toolshed.knowledge_base.passages import PASSAGE_LAYOUT, PassageStore, passage_filter, section_key
from toolshed.testing.contract_samples import MANIFEST, passages


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("§ 9-402", "9-402"),
        ("§§ 12-14. Records", "12-14"),
        ("Section 4.2(a)", "4.2(a)"),
        ("Sec. 3", "3"),
        ("4.2 Late Fees", "4.2"),
        ("ARTICLE  IV", "iv"),
        ("Exhibit B", "b"),
        ("  Governing\n Law ", "governing law"),
        ("Intellectual Property", "intellectual property"),
        ("", ""),
    ],
)
def test_a_section_is_known_by_its_number_or_else_by_its_label(label: str, key: str) -> None:
    assert section_key(label) == key
    assert section_key(key) == key


def test_a_french_article_has_one_key_however_it_is_written() -> None:
    assert {section_key(label) for label in ("Article L. 12-1", "L12-1", "article L.12-1")} == {"l. 12-1"}


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"page": 3}, {"page": [3]}),
        ({"page": ["3", 4]}, {"page": [3, 4]}),
        ({"section": "Section 2.1"}, {"section": ["2.1"]}),
        ({"cites": ("12 CFR 1026.22",)}, {"cites": ["12 C.F.R. § 1026.22"]}),
        ({"defines": "“Security Deposit”"}, {"defines": ["security deposit"]}),
        ({"document": "A/B.txt", "source": "Law"}, {"document": ["A/B.txt"], "source": ["Law"]}),
    ],
    ids=str,
)
def test_values_take_the_form_that_is_stored(given: dict[str, Any], stored: dict[str, Any]) -> None:
    assert passage_filter(given) == stored


@pytest.mark.parametrize("nothing", [None, {}])
def test_no_filter_is_no_filter(nothing: dict[str, Any] | None) -> None:
    assert passage_filter(nothing) is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        # Stored for neighbours, and none of a user's business.
        ({"ordinal": 1}, "unknown filter 'ordinal'; filter by document, source, section"),
        ({"page": True}, "takes whole numbers, not True"),
        ({"page": "²"}, "takes whole numbers, not '²'"),
        ({"page": [1, None]}, "takes whole numbers"),
        ({"document": 3}, "takes text, not 3"),
        ({"defines": ["rent", 4]}, "takes text"),
        ({"section": []}, "has no values; leave it out"),
    ],
    ids=str,
)
def test_filters_that_make_no_sense_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidQueryError, match=message):
        passage_filter(given)


def test_a_passage_is_found_by_every_page_it_stands_on_and_every_section_it_holds() -> None:
    store = PassageStore(MemoryEngine(PASSAGE_LAYOUT.schema, MANIFEST))
    text = "1.1 Fees. Fees are due.\n\n1.2 Taxes. Taxes are extra.\n\n1.3 Audit. Audits are rare."
    store.upsert(passages(LegalDocument("d", text, page_starts=(0, 30, 50, 500))))
    found = [sorted(p.ordinal for p in store.select({"page": [page]})) for page in (1, 2, 3, 4)]
    assert found == [[0, 1], [1], [1, 2], []]
    for section, ordinal in (("1.1", 0), ("1.2", 1), ("1.3", 2), ("1.3 audit", 2)):
        assert [p.ordinal for p in store.select({"section": [section]})] == [ordinal]


@pytest.mark.parametrize("value", [1.5, None])
def test_a_filter_that_is_no_text_number_or_list_is_refused(value: Any) -> None:
    with pytest.raises(InvalidQueryError, match="takes whole numbers"):
        passage_filter({"page": value})


def test_a_label_is_no_number_for_being_made_of_roman_digits() -> None:
    assert passage_filter({"section": "Civil Procedure"}) == {"section": ["civil procedure"]}
    assert passage_filter({"section": "A Fee"}) == {"section": ["a fee"]}
    assert passage_filter({"section": "1692g Validation of debts"}) == {"section": ["1692g"]}


def test_a_filter_has_a_bounded_number_of_values() -> None:
    assert passage_filter({"document": {"a.txt"}}) == {"document": ["a.txt"]}
    with pytest.raises(InvalidQueryError, match="has 1,001 values"):
        passage_filter({"document": [f"{n}.txt" for n in range(1_001)]})

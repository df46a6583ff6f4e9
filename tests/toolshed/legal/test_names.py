"""What a document is called by."""

from toolshed.documents import LegalDocument, Passage
from toolshed.legal.names import document_names, with_names

CONTRACT = LegalDocument(
    "c",
    'This Agreement is made between Corvid Therapeutics, Inc. (the "Company") and IBM.\n'
    + "x " * 1_000
    + "Omaha.",
    "Consulting contract",
)


def test_a_document_is_called_by_its_title_and_its_parties() -> None:
    names = document_names(CONTRACT)
    assert names[:2] == ("consult", "contract")
    assert {"corvid", "therapeut", "ibm"} <= {*names}


def test_what_stands_further_down_is_no_name() -> None:
    assert "omaha" not in document_names(CONTRACT)
    assert "made" not in document_names(CONTRACT)


def test_a_document_of_names_has_no_more_than_64() -> None:
    listed = " ".join(f"Xq{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(300))
    assert len(document_names(LegalDocument("d", listed))) == 64


def test_every_passage_has_the_names_of_its_document() -> None:
    (passage,) = with_names([Passage("c", 0, 0, 1, "x", ((0, 1),))], CONTRACT)
    assert passage.names == document_names(CONTRACT)

"""Citations and their normal forms."""

import pytest

from toolshed.documents import LegalDocument
from toolshed.errors import InvalidQueryError
from toolshed.legal.citations import find_citations, normal_citation, with_citations
from toolshed.legal.passages import PassageOptions, build_passages


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See 18 U.S.C. § 2703(d).", ["18 U.S.C. § 2703"]),
        (
            "38 U.S.C.A. §§ 1110, 5103A, 5107(b) (West 2014); 38 C.F.R. §§ 3.303(a), 3.304 (2015).",
            [
                "38 U.S.C. § 1110",
                "38 U.S.C. § 5103A",
                "38 U.S.C. § 5107",
                "38 C.F.R. § 3.303",
                "38 C.F.R. § 3.304",
            ],
        ),
        (
            "Bell Atl. Corp. v. Twombly, 550 U.S. 544, 570, 127 S.Ct. 1955, 167 L.Ed.2d 929 (2007).",
            ["550 U.S. 544", "127 S. Ct. 1955", "167 L. Ed. 2d 929"],
        ),
        ("Dismissed under Fed.R.Civ.P. 12(b)(6).", ["Fed. R. Civ. P. 12"]),
        ("Marlow v. Tidewater, No. 3:06-cv-00417, slip op. at 3.", ["No. 3:06-cv-00417"]),
        ("DOCKET NO.  10-10 851", ["No. 10-10 851"]),
        ("A creditor who violates § 9-402 is liable.", ["§ 9-402"]),
        ("Id. at 5.", []),
        ("The parties agree as follows.", []),
        ("", []),
    ],
)
def test_citations_have_a_normal_form(text: str, expected: list[str]) -> None:
    found = find_citations(text)
    assert [citation.normal for citation in found] == expected
    assert all(text[citation.start : citation.end] == citation.text for citation in found)


def test_id_and_short_forms_stand_for_the_case_before() -> None:
    full, short = "Illinois v. Gates, 462 U.S. 213, 238, 103 S.Ct. 2317 (1983).", "Gates, 462 U.S. at 240."
    text = f"{full} Id. at 239. See 1 U.S.C. § 1. {short}"
    normals = [citation.normal for citation in find_citations(text)]
    assert normals == ["462 U.S. 213", "103 S. Ct. 2317", "462 U.S. 213", "1 U.S.C. § 1", "462 U.S. 213"]


def test_id_reaches_back_into_the_passage_before() -> None:
    text = (
        "The rule is old and clear. 42 U.S.C. § 1983. "
        + "It has been applied many times since then. " * 5
        + "Id."
    )
    found = with_citations(build_passages(LegalDocument("d", text), options=PassageOptions(budget=30)))
    assert found[0].cites == ("42 U.S.C. § 1983",)
    assert found[-1].cites == ("42 U.S.C. § 1983",)
    assert not any(passage.cites for passage in found[1:-1])


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("38 USC 1110", "38 U.S.C. § 1110"),
        ("38 U.S.C.A. § 1110(b)", "38 U.S.C. § 1110"),
        ("the  Magna Carta", "the Magna Carta"),
    ],
)
def test_what_a_user_gives_takes_the_same_form(given: str, normal: str) -> None:
    assert normal_citation(given) == normal


def test_a_given_citation_longer_than_any_is_refused() -> None:
    with pytest.raises(InvalidQueryError, match=r"99,013 characters is none; give one of at most 1000"):
        normal_citation("38 U.S.C. § 1" + "(a)" * 33_000)


@pytest.mark.parametrize("before", range(3_700, 4_200, 7))
def test_text_longer_than_a_window_gives_every_citation_once(before: int) -> None:
    text = "x " * (before // 2) + "Gates, 462 U.S. 213, 103 S. Ct. 2317 (1983); 38 U.S.C. §§ 1110, 5103A; "
    text += "y " * 2_500 + "18 U.S.C. § 2703(d)."
    normals = [citation.normal for citation in find_citations(text)]
    assert normals == [
        "462 U.S. 213",
        "103 S. Ct. 2317",
        "38 U.S.C. § 1110",
        "38 U.S.C. § 5103A",
        "18 U.S.C. § 2703",
    ]


def test_reporters_of_one_name_are_told_apart_by_the_year() -> None:
    normals = [
        citation.normal
        for year in (1830, 1890, 1995)
        for citation in find_citations(f"State v. Abel, 1 Col. 12 ({year}).")
    ]
    assert normals == ["1 Col. 12", "1 Colo. 12", "1 Col. 12"]

"""Citations and their normal forms."""

import os
import subprocess
import sys

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
        (
            "12 USC 1831o; 8 CFR 214.2(h) and 50 U.S.C. 1702 et seq.",
            ["12 U.S.C. § 1831o", "8 C.F.R. § 214.2", "50 U.S.C. § 1702"],
        ),
        (
            "IRC 280G; Treas. Reg. § 1.482-7T; section 83(b) of the Internal Revenue Code",
            ["26 U.S.C. § 280G", "26 C.F.R. § 1.482-7T", "26 U.S.C. § 83"],
        ),
        (
            "RCW 19.86.090; O.C.G.A. § 13-8-53; N.J.S.A. 56:8-2; M.G.L. c. 93A, § 2; 9 V.S.A. § 2453",
            [
                "Wash. Rev. Code § 19.86.090",
                "Ga. Code § 13-8-53",
                "N.J. Stat. § 56:8-2",
                "Mass. Gen. Laws ch. 93A, § 2",
                "9 Vt. Stat. § 2453",
            ],
        ),
        (
            "Section 1542 of the California Civil Code; section 365(a) of the Bankruptcy Code; "
            "Section 2 of Title 35 of the United States Code; Title 11, United States Code, section 362(a)",
            ["Cal. Civ. Code § 1542", "11 U.S.C. § 365", "35 U.S.C. § 2", "11 U.S.C. § 362"],
        ),
        (
            "Section 10(b) of the Securities Exchange Act of 1934; Pen. Code, § 187; "
            "Tex. Code Crim. Proc. art. 38.22",
            [
                "Securities Exchange Act of 1934 § 10",
                "Cal. Penal Code § 187",
                "Tex. Crim. Proc. Code art. 38.22",
            ],
        ),
        (
            "UCC 2-207; U.S. Const. amend. XIV, § 1; Restatement (Second) of Contracts § 90; La. R.S. 9:2794",
            [
                "U.C.C. § 2-207",
                "U.S. Const. amend. XIV, § 1",
                "Restatement (Second) of Contracts § 90",
                "La. Rev. Stat. § 9:2794",
            ],
        ),
        ("Room RC 12 has RSA 2048 keys, PS 4 and HRS 9 forms.", []),
        (
            "ss 1 and 2(1) of the Misrepresentation Act 1967; regulation 5 of the Work at Height "
            "Regulations 2005; Schedule 2 to the Equality Act 2010; CPR r 31.6",
            [
                "Misrepresentation Act 1967 s 1",
                "Misrepresentation Act 1967 s 2(1)",
                "Work at Height Regulations 2005 reg 5",
                "Equality Act 2010 sch 2",
                "CPR 31.6",
            ],
        ),
        (
            "§ 280 Abs. 1, Abs. 3 BGB; art. 2043 c.c.; artículo 1902 del Código Civil",
            ["§ 280 Abs. 1 BGB", "§ 280 Abs. 3 BGB", "Art. 2043 Codice civile", "Art. 1902 Código civil"],
        ),
        ("Le prix est fixé par l'article L. 441-1 du code de commerce.", ["Art. L. 441-1 Code de commerce"]),
        (
            "42 U.S.C. §§ 300aa-11(c), 300aa-12; 45 C.F.R. pt. 46",
            ["42 U.S.C. § 300aa-11", "42 U.S.C. § 300aa-12", "45 C.F.R. pt. 46"],
        ),
        (
            "Cal. Evid. Code § 600; Cal. Fam. Code § 600; Cal. Code of Civil Procedure § 600",
            ["Cal. Evid. Code § 600", "Cal. Fam. Code § 600", "Cal. Civ. Proc. Code § 600"],
        ),
        (
            "California Evidence Code section 600; N.Y.Penal Law § 10.00; 815 ILCS 505/2",
            ["Cal. Evid. Code § 600", "N.Y. Penal Law § 10.00", "815 ILCS 505/2"],
        ),
        (
            "Mass. Gen. Laws ch. 149, § 148; 18 Pa. Cons. Stat. § 2502; W.Va. Code § 61-2-1",
            ["Mass. Gen. Laws ch. 149, § 148", "18 Pa. Cons. Stat. § 2502", "W. Va. Code § 61-2-1"],
        ),
        (
            "[2021] UKSC 3; [2017] EWCA Crim 12; [2016] EWHC 9 (Ch); 2019 SCC 65; [2011] HCA 4",
            ["[2021] UKSC 3", "[2017] EWCA Crim 12", "[2016] EWHC 9 (Ch)", "2019 SCC 65", "[2011] HCA 4"],
        ),
        (
            "[1964] A.C. 465; [1978] 3 All ER 1033; (1988) 164 CLR 387; [1989] 1 S.C.R. 927; AIR 1978 SC 597",
            [
                "[1964] AC 465",
                "[1978] 3 All ER 1033",
                "(1988) 164 CLR 387",
                "[1989] 1 SCR 927",
                "AIR 1978 SC 597",
            ],
        ),
        ("Case C-311/18 Schrems II, ECLI:EU:C:2020:559.", ["C-311/18", "ECLI:EU:C:2020:559"]),
        (
            "Directive 2005/29/EC; Regulation (EC) No 864/2007; Verordnung (EG) Nr. 864/2007",
            ["Directive 2005/29/EC", "Regulation (EC) No 864/2007", "Regulation (EC) No 864/2007"],
        ),
        (
            "Art. 4(11) GDPR; Articles 12 and 13 GDPR; Art. 102 TFEU",
            ["Art. 4(11) GDPR", "Art. 12 GDPR", "Art. 13 GDPR", "Art. 102 TFEU"],
        ),
        (
            "§§ 241 Abs. 2, 311 BGB; § 4a Absatz 1 Satz 2 UWG; BGHZ 154, 205; XI ZR 26/18",
            ["§ 241 Abs. 2 BGB", "§ 311 BGB", "§ 4a Absatz 1 Satz 2 UWG", "BGHZ 154, 205", "XI ZR 26/18"],
        ),
        (
            "article L. 217-4 du code de la consommation; art. 1103 C. civ.",
            ["Art. L. 217-4 Code de la consommation", "Art. 1103 Code civil"],
        ),
        ("sections 2(1) of the Fraud Act 2006", ["Fraud Act 2006 s 2(1)"]),
        ("§ 3 LICENSING. In 2010 UK law and Table 5 A applied; see Section 4 of this Act.", ["§ 3"]),
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


def test_a_part_is_found_by_the_whole_and_by_its_other_name() -> None:
    text = "Consent is withdrawn under Art. 7 Abs. 3 DSGVO and Article 17(1) of Regulation (EU) 2016/679."
    (passage,) = with_citations(build_passages(LegalDocument("d", text)))
    for given in (
        "Art. 7 GDPR",
        "Art. 7 Abs. 3 DSGVO",
        "Art. 17(1) GDPR",
        "Regulation (EU) 2016/679",
        "GDPR",
    ):
        assert normal_citation(given) in passage.cites


def test_german_paragraphs_are_no_cases_of_ohio() -> None:
    found = find_citations("Vgl. § 433 Abs. 2 BGB, § 12 Abs. 1 und Art. 103 Abs. 2 GG; ferner 7 Abs. 4.")
    assert [(citation.kind, citation.normal) for citation in found] == [
        ("statute", "§ 433 Abs. 2 BGB"),
        ("section", "§ 12 Abs. 1"),
        ("statute", "Art. 103 Abs. 2 GG"),
    ]


def test_normal_forms_are_the_same_in_every_process() -> None:
    text = (
        "N.Y. Penal Law § 125.25; 12 Ohio St. 3d 4; 5 Cal. 6; 1 Wash. 2; Conn. Gen. Stat. § 42-110b; "
        "7 Paige 8;"
        " 3 Me. Rev. Stat. § 1; Ga. Code § 9-3-24; 11 Del. Code § 4; 22 Miss. 1; 4 Tex. 5; 40 P.R. Laws § 3."
    )
    code = f"from toolshed.legal.citations import *; print([c.normal for c in find_citations({text!r})])"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2", "3")
    }
    assert len(found) == 1


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

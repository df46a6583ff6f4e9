"""Headings of contracts, statutes and decisions are recognised, and sections nest as readers would say."""

import pytest

from toolshed.documents import GivenHeading, LegalDocument
from toolshed.legal.headings import find_sections
from toolshed.legal.roman_numerals import roman_value

BODY = "The parties agree to the terms that follow and to nothing else whatsoever, as they both confirm."


def paths(text: str) -> list[str]:
    return [" > ".join(section.path) for section in find_sections(LegalDocument("d", text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "ARTICLE IV\nPAYMENT\n\n4.1 Fees. Customer shall pay.\n\n"
            f"4.2 Taxes.  {BODY}\n\nARTICLE V\nTERM\n\n{BODY}",
            [
                "ARTICLE IV PAYMENT",
                "ARTICLE IV PAYMENT > 4.1 Fees",
                "ARTICLE IV PAYMENT > 4.2 Taxes",
                "ARTICLE V TERM",
            ],
            id="articles-and-decimals",
        ),
        pytest.param(
            "Titre II : Du contrat\n\nChapitre Ier : Dispositions générales\n\nArticle premier\n\n"
            f"{BODY}\n\nArt. 6-bis\n\nDeroghe\n\n{BODY}",
            [
                "Titre II : Du contrat",
                "Titre II : Du contrat > Chapitre Ier : Dispositions générales",
                "Titre II : Du contrat > Chapitre Ier : Dispositions générales > Article premier",
                "Titre II : Du contrat > Chapitre Ier : Dispositions générales > Art. 6-bis Deroghe",
            ],
            id="titles-in-sentence-case",
        ),
        pytest.param(
            f"Schedule 1\n\nFees\n\n1. Setup fee\n\n{BODY}\n\n2. Annual fee\n\n{BODY}\n\n"
            "3. Passport copy\n\n4. Bank statement",
            ["Schedule 1 Fees", "Schedule 1 Fees > 1. Setup fee", "Schedule 1 Fees > 2. Annual fee"],
            id="items-that-are-titles",
        ),
        pytest.param(
            f"Section 2.1(a) Scope of Work. {BODY}\n\nSection 2.2. Changes\n\n{BODY}",
            ["Section 2.1(a) Scope of Work", "Section 2.2. Changes"],
            id="sections",
        ),
        pytest.param(
            'WHEREAS, they wish to talk;\n\n1. Definitions. "Data" means data.\n\n2. Return of Data. The '
            f"Recipient returns it.\n\n3. I disagree. He was right.\n\n7. Miscellaneous.\n\n7.1 Law. {BODY}",
            [
                "Recitals",
                "1. Definitions",
                "2. Return of Data",
                "7. Miscellaneous",
                "7. Miscellaneous > 7.1 Law",
            ],
            id="clauses-with-run-in-titles",
        ),
        pytest.param(
            "TITLE 9. CONSUMER CREDIT\n\nCHAPTER 4. DISCLOSURES\n\n"
            f"§ 9-401. Definitions. {BODY}\n\n§ 1983\n\n{BODY}",
            [
                "TITLE 9. CONSUMER CREDIT",
                "TITLE 9. CONSUMER CREDIT > CHAPTER 4. DISCLOSURES",
                "TITLE 9. CONSUMER CREDIT > CHAPTER 4. DISCLOSURES > § 9-401. Definitions",
                "TITLE 9. CONSUMER CREDIT > CHAPTER 4. DISCLOSURES > § 1983",
            ],
            id="statute",
        ),
        pytest.param(
            f"I. BACKGROUND\n\n{BODY}\n\nII. DISCUSSION\n\nA. Standing\n\n{BODY}\n\n"
            f"1. Injury in Fact\n\n{BODY}\n\nB. Merits\n\n{BODY}\n\nC. Remedy\n\n{BODY}\n\n"
            f"III. CONCLUSION\n\n{BODY}",
            [
                "I. BACKGROUND",
                "II. DISCUSSION",
                "II. DISCUSSION > A. Standing",
                "II. DISCUSSION > A. Standing > 1. Injury in Fact",
                "II. DISCUSSION > B. Merits",
                "II. DISCUSSION > C. Remedy",
                "III. CONCLUSION",
            ],
            id="decision",
        ),
        pytest.param(
            f"FINDINGS OF FACT\n\n1. The claim was filed in 2004.\n\n2. {BODY}\n\nORDER\n\n{BODY}",
            ["FINDINGS OF FACT", "ORDER"],
            id="capitals",
        ),
        pytest.param(
            f"WHEREAS, {BODY}\n\nWHEREAS, {BODY}\n\nARTICLE I\nTERM\n",
            ["Recitals", "ARTICLE I TERM"],
            id="recitals",
        ),
        pytest.param(
            f"9. TERMINATION\n\n9.1 Term. {BODY}\n\n10. MISCELLANEOUS\n\n10.1 Notices. {BODY}",
            [
                "9. TERMINATION",
                "9. TERMINATION > 9.1 Term",
                "10. MISCELLANEOUS",
                "10. MISCELLANEOUS > 10.1 Notices",
            ],
            id="integers-above-decimals",
        ),
        pytest.param(
            f"PART 2\n\nPENALTIES\n\n4 Mooring without leave\n\n(1) A person commits an offence.\n\n"
            f"5 Defences\n\n{BODY}\n\n5A Appeals\n\n(1) An appeal lies to the court.",
            [
                "PART 2 PENALTIES",
                "PART 2 PENALTIES > 4 Mooring without leave",
                "PART 2 PENALTIES > 5 Defences",
                "PART 2 PENALTIES > 5A Appeals",
            ],
            id="uk-act",
        ),
        pytest.param(
            f"CHAPTER III\n\nRights of the user\n\nArticle 9\n\nRight of access to boat data\n\n1.   {BODY}",
            [
                "CHAPTER III Rights of the user",
                "CHAPTER III Rights of the user > Article 9 Right of access to boat data",
            ],
            id="eu-regulation",
        ),
        pytest.param(
            f"Article R. 12-3\n\n{BODY}\n\nArticle R. 12-4\n\n{BODY}\n\nArticle 1er\n\n{BODY}",
            ["Article R. 12-3", "Article R. 12-4", "Article 1er"],
            id="french-code",
        ),
        pytest.param(
            f"Kapitel 1\n\nAllgemeines\n\n§ 1 Geltungsbereich\n\n{BODY}",
            ["Kapitel 1 Allgemeines", "Kapitel 1 Allgemeines > § 1 Geltungsbereich"],
            id="german-statute",
        ),
        pytest.param(
            "TABLE OF CONTENTS\n\nARTICLE I SCOPE ...... 1\nARTICLE II TERM . . . . . . 3\n\n"
            f"ARTICLE I SCOPE\n\n{BODY}\n\nARTICLE II TERM\n\n{BODY}",
            ["ARTICLE I SCOPE", "ARTICLE II TERM"],
            id="contents-with-leaders",
        ),
        pytest.param(
            f"CONTENTS\n\n1. Scope\n2. Term\n3. Fees\n\n1. Scope\n\n{BODY}\n\n"
            f"2. Term\n\n{BODY}\n\n3. Fees\n\n{BODY}",
            ["1. Scope", "2. Term", "3. Fees"],
            id="contents-that-come-again",
        ),
    ],
)
def test_sections_nest(text: str, expected: list[str]) -> None:
    assert paths(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"C. Ryan, Associate Counsel\n\n{BODY}", id="a-name"),
        pytest.param("Section 2.1 of this Agreement applies.", id="a-sentence-about-a-section"),
        pytest.param(f"ACME CORP.\nv.\nJONES\n\n{BODY}", id="a-caption"),
        pytest.param(
            "1. Contact the Veteran and obtain his records.\n\n2. Then readjudicate the claim.", id="a-list"
        ),
        pytest.param(f"12 March 2020\n\n{BODY}\n\n5 Harbour Street\n\n{BODY}", id="dates-and-addresses"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_no_heading(text: str) -> None:
    assert paths(text) == []


def test_wrapped_lines_that_begin_with_a_reference_are_no_headings() -> None:
    text = (
        "The fees are due within thirty days after the date of the invoice, as is said in\n"
        "Section 4 Payment Terms of the agreement between the parties, and are payable in\n"
        "dollars. Interest runs from the due date at the rate that is set out in Schedule\n"
        "A hereto, compounded monthly, until the day on which payment is received in full\n"
        "by the Provider at its bank.\n"
    )
    assert paths(text) == []


def test_headings_that_the_file_marks_come_first() -> None:
    text = "Privacy\n\nIntro.\n\nYour rights\n\n2.1 Access. You may ask.\n\nContact\n\nWrite to us."
    given = tuple(
        GivenHeading(text.index(title), text.index(title) + len(title), level)
        for title, level in (("Privacy", 1), ("Your rights", 2), ("Contact", 2))
    )
    sections = find_sections(LegalDocument("d", text, headings=given))
    assert [section.path for section in sections] == [
        ("Privacy",),
        ("Privacy", "Your rights"),
        ("Privacy", "Your rights", "2.1 Access"),
        ("Privacy", "Contact"),
    ]


def test_a_section_knows_its_number_and_where_its_body_begins() -> None:
    (section,) = find_sections(LegalDocument("d", f"§ 12-103(a). Duties. {BODY}"))
    assert section.number == "12-103(a)"
    assert f"§ 12-103(a). Duties. {BODY}"[section.body :].startswith(" The parties")


@pytest.mark.parametrize(
    ("numeral", "value"), [("IV", 4), ("XIX", 19), ("XL", 40), ("C", 100), ("", 0), ("ABC", 0)]
)
def test_roman_numerals(numeral: str, value: int) -> None:
    assert roman_value(numeral) == value

"""Units that the layout of contracts and statutes shows."""

import pytest

from toolshed.legal.layout_units import with_layout_units
from toolshed.legal.sentences import segmenter_named


def units(text: str) -> list[str]:
    """Units of a text of which a model found no boundary at all."""
    return [text[start:end] for start, end in with_layout_units(text, [(0, len(text.rstrip()))])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "The Tenant shall:\n\n(a) pay;\n    (b) keep the premises clean; or\n\n(c) leave.",
            ["The Tenant shall:", "(a)", "pay;", "(b)", "keep the premises clean; or", "(c)", "leave."],
            id="letters",
        ),
        pytest.param(
            "(i) a;\n(ii) b;\nor\n(iii) c.", ["(i)", "a;", "(ii)", "b;\nor", "(iii)", "c."], id="numerals"
        ),
        pytest.param(
            "You may not:\n- copy it;\n- rent it.", ["You may not:", "- copy it;", "- rent it."], id="bullets"
        ),
        pytest.param(
            "as said in paragraphs (a),\n(b) and (c) of it.",
            ["as said in paragraphs (a),\n(b) and (c) of it."],
            id="no-items",
        ),
        pytest.param(
            "under\n(a) of this Section.\n\n(b) of it",
            ["under\n(a) of this Section.\n\n(b) of it"],
            id="references",
        ),
        pytest.param(
            "A person may appeal—\n\n(a) to a court, or\n\n(b) to the board.",
            ["A person may appeal—", "(a)", "to a court, or", "(b)", "to the board."],
            id="items-that-begin-as-references-do",
        ),
        pytest.param(
            "TENANT WAIVES A JURY. LANDLORD\nWAIVES IT AS WELL.",
            ["TENANT WAIVES A JURY. LANDLORD\nWAIVES IT AS WELL."],
            id="short-lines-of-text",
        ),
        pytest.param("1 Fees\n\nText.\n\n2 Term", ["1 Fees\n\nText.", "2 Term"], id="sections-of-acts"),
        pytest.param(
            "1.1 Law and Venue. Maine law.\n\n1.2 Corp. Seal is used.",
            ["1.1", "Law and Venue.", "Maine law.", "1.2", "Corp. Seal is used."],
            id="titles-that-run-in",
        ),
        pytest.param(
            "It is so;\n\n     WHEREAS, they met;\n\nNOW, THEREFORE, they agree:",
            ["It is so;", "WHEREAS, they met;", "NOW, THEREFORE, they agree:"],
            id="recitals",
        ),
        pytest.param(
            "“Loss” means cost;\n\n“Boat” means a vessel.",
            ["“Loss” means cost;", "“Boat” means a vessel."],
            id="definitions",
        ),
        pytest.param(
            "Fee\tAmount\nEntry\t$5 a day\nParking\t$2",
            ["Fee\tAmount", "Entry\t$5 a day", "Parking\t$2"],
            id="rows",
        ),
        pytest.param("| Fee | Amount |\n| Entry | $5 |", ["| Fee | Amount |", "| Entry | $5 |"], id="bars"),
        pytest.param("**1.1 Access.** You may enter.", ["**1.1 Access.**", "You may enter."], id="emphasis"),
        pytest.param(
            "Hale & Co.\n12 Quay St.\nBath BA1 2AB",
            ["Hale & Co.", "12 Quay St.", "Bath BA1 2AB"],
            id="addresses",
        ),
        pytest.param("Quay House\n\nbetween\n\nPort Ltd", ["Quay House", "between", "Port Ltd"], id="covers"),
    ],
)
def test_layout_cuts(text: str, expected: list[str]) -> None:
    assert units(text) == expected


def test_a_section_number_stays_with_its_title_and_a_row_is_one() -> None:
    text = "Section 2.01. Fees. They are due.\n\nA\tB\nC\tD"
    pieces = ["Section 2.01.", "Fees.", "They are due.", "A", "B\nC", "D"]
    spans, at = [], 0
    for piece in pieces:
        at = text.index(piece, at)
        spans.append((at, at + len(piece)))
    found = [text[start:end] for start, end in with_layout_units(text, spans)]
    assert found == ["Section 2.01. Fees.", "They are due.", "A\tB", "C\tD"]


def test_the_segmenter_reads_the_layout_of_contracts() -> None:
    items = "(a) the report;\n(b) the evidence;\n(c) the plea."
    contract = f"The parties hereby agree that the Tenant and the Landlord keep:\n{items}"
    segmenter = segmenter_named("legal")
    assert [contract[start:end] for start, end in segmenter.spans(contract)][1:3] == ["(a)", "the report;"]

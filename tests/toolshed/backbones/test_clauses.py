import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolshed.backbones.clauses import clause_spans, sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


def clauses(text: str) -> list[str]:
    return [text[start:end] for start, end in clause_spans(text, 0, len(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Book a room. Mail Ana!", ["Book a room.", "Mail Ana!"], id="two"),
        pytest.param("First, book. Then, please pay.", ["book.", "pay."], id="lead-ins-are-left-out"),
        pytest.param(
            "Ask Dr. Lee, e.g. by mail. Go.", ["Ask Dr. Lee, e.g. by mail.", "Go."], id="abbreviations"
        ),
        pytest.param('Say "Hi. Bye." to Bo. Go.', ['Say "Hi. Bye." to Bo.', "Go."], id="quotations"),
        pytest.param(
            "Open https://a.b/c?d=e. Go.", ["Open https://a.b/c?d=e. Go."], id="a-url-takes-its-full-stop"
        ),
        pytest.param("It costs 3.50. Pay.", ["It costs 3.50.", "Pay."], id="numbers"),
        pytest.param("Tasks:\n- one\n- two", ["Tasks:", "- one", "- two"], id="lists"),
        pytest.param("天気は？予約して。", ["天気は？", "予約して。"], id="full-width"),
        pytest.param("   ", [], id="blank"),
        pytest.param("?!", [], id="punctuation-only"),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "book a flight to Rome and reserve a nice hotel",
            ["book a flight to Rome", "reserve a nice hotel"],
            id="conjunction",
        ),
        pytest.param("salt and pepper for the soup", ["salt and pepper for the soup"], id="short-sides-stay"),
        pytest.param(
            "read the file; then send it to Bo",
            ["read the file", "send it to Bo"],
            id="semicolon-and-lead-in",
        ),
        pytest.param(
            'say "one two three and four five six"', ['say "one two three and four five six"'], id="quoted"
        ),
    ],
)
def test_clauses(text: str, expected: list[str]) -> None:
    assert clauses(text) == expected


@given(st.text(alphabet="ab .,;!?\n\"'“”-&1é、。", max_size=120))
def test_spans_are_ordered_inside_the_text_and_never_overlap(text: str) -> None:
    last = 0
    for start, end in sentence_spans(text):
        assert last <= start < end <= len(text)
        assert text[start:end].strip() == text[start:end]
        inner = start
        for clause_start, clause_end in clause_spans(text, start, end):
            assert inner <= clause_start < clause_end <= end
            inner = clause_end
        last = end


def test_a_megabyte_without_a_boundary_is_read_in_time() -> None:
    assert len(sentences("word " * 200_000)) == 1
    assert len(sentences('"' * 100_000)) == 0

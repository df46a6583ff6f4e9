import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolshed.intra_retrieval.decomposition import decompose


def kinds(query: str) -> list[tuple[str, str]]:
    return [(part.kind, part.text) for part in decompose(query)]


def test_a_simple_query_is_its_only_part() -> None:
    assert kinds("weather in Lisbon") == [("whole", "weather in Lisbon")]


def test_sentences_and_their_clauses_follow_the_whole() -> None:
    query = "Book a flight to Rome and reserve a nice hotel. Finally, mail Ana."
    assert kinds(query) == [
        ("whole", query),
        ("sentence", "Book a flight to Rome and reserve a nice hotel."),
        ("clause", "Book a flight to Rome"),
        ("clause", "reserve a nice hotel."),
        ("sentence", "mail Ana."),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Could you please translate this", True),
        ("I'd like to book a table", True),
        ("what is the time", True),
        ("then send it", True),
        ("my brother, who lives in Rome", False),
        ("", False),
    ],
)
def test_requests_and_questions_are_recognised(text: str, expected: bool) -> None:
    assert decompose(text)[0].opens_with_verb is expected


@pytest.mark.parametrize(
    ("query", "clauses"),
    [
        ("Email Ana the weather in Lisbon", ["Email Ana", "the weather in Lisbon"]),
        ("Could you text my boss a summary of it?", ["text my boss", "a summary of it?"]),
        ("email me the weather in Lisbon", []),
        ("email the report to Ana", []),
        ("show Ana the way", []),
    ],
)
def test_what_is_delivered_and_the_delivery_are_parts(query: str, clauses: list[str]) -> None:
    assert [part.text for part in decompose(query) if part.kind == "clause"] == clauses


@given(st.text(max_size=300))
def test_every_part_is_a_span_of_the_query(query: str) -> None:
    parts = decompose(query)
    assert parts[0].text == query
    assert len(parts) <= 25
    for part in parts:
        assert query[part.start : part.end] == part.text


@pytest.mark.parametrize(
    "unit",
    [
        "a@",
        '"',
        "“",
        "'a ",
        "1",
        "1.1,",
        " and ",
        ", then ",
        ".",
        "\n ",
        " ",
        "and,",
        "a b c, ",
        "email Bo the ",
    ],
)
def test_no_repetition_stalls_the_patterns(unit: str) -> None:
    # Each of these took a regular expression quadratic time or worse once; they would not end here.
    assert decompose((unit * 20_000)[:20_000] + "x")


def test_of_a_long_query_the_first_sub_queries_are_kept() -> None:
    assert len(decompose("Do this thing now. " * 500, max_sub_queries=10)) == 11

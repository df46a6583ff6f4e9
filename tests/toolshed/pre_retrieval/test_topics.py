import pytest

from toolshed.pre_retrieval.topics import key_topics


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("Book a flight.", ["Book a flight."], id="one"),
        pytest.param(
            "## Mail\n* Send an email to people and schedule meetings with them.",
            ["Mail", "Send an email to people", "schedule meetings with them."],
            id="markup-and-clauses",
        ),
        pytest.param("Do it. Do it.", ["Do it."], id="repetitions-once"),
    ],
)
def test_topics_are_the_clauses_of_a_description(description: str, expected: list[str]) -> None:
    assert key_topics(description) == expected


def test_an_endless_description_gives_a_dozen_topics() -> None:
    assert len(key_topics(" ".join(f"Use number {n}." for n in range(10_000)))) == 12 + 20

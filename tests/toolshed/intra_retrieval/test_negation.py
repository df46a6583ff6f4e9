import pytest

from toolshed.intra_retrieval.decomposition import decompose


def forbidden(query: str) -> list[str]:
    return [one.text for one in decompose(query) if one.kind == "negated"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Open the ledger, don't change it", ["don't change it"]),
        ("Do not cancel the order, track it", ["Do not cancel the order"]),
        ("Archive the thread without notifying anyone", ["without notifying anyone"]),
        ("Rename the branch instead of deleting it", ["instead of deleting it"]),
        ("please don’t post it; just draft it", ["please don’t post it"]),
        ("Stop the pump but never restart the server", ["never restart the server"]),
    ],
)
def test_what_must_not_be_done_is_found(query: str, expected: list[str]) -> None:
    assert forbidden(query) == expected


@pytest.mark.parametrize(
    "query",
    [
        "Don't forget to water the plants",
        "I don't know her address, find it",
        "Why don't you book a table?",
        "A latte without sugar, please",
        "They never answer; call them",
        "I don't see the invoice, send it again",
    ],
)
def test_what_is_not_there_or_not_known_forbids_nothing(query: str) -> None:
    assert forbidden(query) == []


def test_many_negations_take_no_time() -> None:
    assert len(forbidden("don't stop it, " * 3_000)) <= 8

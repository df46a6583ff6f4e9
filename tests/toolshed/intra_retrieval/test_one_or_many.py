import pytest

from toolshed.intra_retrieval.one_or_many import is_plural, number_asked, number_of_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("list the desks of the office", "many"),
        ("show desks", "many"),
        ("show every desk", "many"),
        ("which desks are free?", "many"),
        ("show the desk by the window", "one"),
        ("show desk 4", "one"),
        ('show desks "north"', "one"),
        ("what is my balance?", "one"),
        ("delete the desk north-windows", "one"),
        ("delete the label receipts", "one"),
        ("delete all desks", "many"),
        ("show the desks north", ""),
        ("who sits at desk 4?", ""),
        ("find the desk by the window", ""),
        ("show me", ""),
        ("show", ""),
        ("", ""),
    ],
)
def test_a_request_asks_for_one_thing_or_for_many(text: str, expected: str) -> None:
    assert number_asked(text) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/desks", "many"),
        ("/v1/desks/{id}", "one"),
        ("/desks/:id", "one"),
        ("/api/v1/namespaces/{namespace}/pods", "many"),
        ("/containers/{id}/json", "one"),
        ("/desks.list", "many"),
        ("/desks/{id}/status", ""),
        ("/v1", ""),
        ("", ""),
    ],
)
def test_a_path_names_one_thing_or_all_of_a_kind(path: str, expected: str) -> None:
    assert number_of_path(path) == expected


def test_words_that_end_in_s_are_not_all_plurals() -> None:
    assert [word for word in ("pods", "status", "access", "gas", "its", "keys") if is_plural(word)] == [
        "pods",
        "keys",
    ]

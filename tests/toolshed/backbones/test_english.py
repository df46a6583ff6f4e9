"""Which texts are English."""

import pytest

from toolshed.backbones.english import is_english
from toolshed_evals.datasets import load_dataset
from toolshed_evals.languages import SMART_HOME


@pytest.mark.parametrize(
    "text",
    [
        "send an emial to Ana",
        "convret currancy",
        "unlok the dor",
        "pls snd an emial to ana",
        "calendar_create_event",
        "weather in Zürich",
        "q 7",
        "12345",
        "",
    ],
)
def test_misspelt_requests_and_names_show_no_other_language(text: str) -> None:
    assert is_english(text)


def test_short_requests_in_six_languages_are_told() -> None:
    queries = load_dataset(str(SMART_HOME)).queries
    dev = [text for query, text in queries.items() if "-dev-" in query]
    assert [text for text in dev if is_english(text)] == []


@pytest.mark.parametrize(
    "text", ["帮我查一下明天北京的天气", "احجز لي فندقا في دبي", "Annule ma réservation d'hôtel"]
)
def test_other_alphabets_and_accents(text: str) -> None:
    assert not is_english(text)

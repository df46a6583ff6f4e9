import json
import re
import sys

import pytest

from toolshed.catalog.visible_text import SEEN, SEEN_ALONE, hidden_character, visible, visible_json

HOSTILE = "a\x1b[31m\x07\x08\x7f\x9b2J\rb\u202e\u2066\u200b\u200dc\ufeff\u2028\U000e0041\ud800"


def test_what_would_steer_a_terminal_is_spelt() -> None:
    spelt = visible(HOSTILE)
    assert spelt.isascii()
    assert spelt.isprintable()
    assert spelt.startswith(r"a\x1b[31m\x07\x08\x7f\x9b2J\rb\u202e")


@pytest.mark.parametrize("text", ["two\nlines\tand a tab", "نامه\u200cها", "👩\u200d💻 ❤️", "天気 naïve"])
def test_what_people_write_stays(text: str) -> None:
    assert visible(text) == text
    assert hidden_character(text.replace("\n", "").replace("\t", "")) is None


def test_lines_may_end_as_on_windows() -> None:
    assert visible("a\r\nb") == "a\nb"


def test_json_keeps_its_value() -> None:
    text = visible_json(json.dumps({"a": [HOSTILE]}, indent=2, ensure_ascii=False))
    assert json.loads(text) == {"a": [HOSTILE]}
    assert text.isascii()
    assert text.replace("\n", "").isprintable()


def test_the_names_that_are_described_as_seen_are_those_that_are_taken() -> None:
    for number in (*range(0xD800), *range(0xE000, sys.maxunicode + 1)):
        name = f"a{chr(number)}b"
        is_seen = hidden_character(name) is None
        assert (re.search(f"^{SEEN_ALONE}$", name) is not None) == is_seen, hex(number)
        around = f"{chr(number)}b"
        is_taken = hidden_character(around.strip()) is None
        assert (re.search(f"^{SEEN}$", around) is not None) == is_taken, hex(number)


@pytest.mark.parametrize("name", ["نامه\u200cها", "👩\u200d💻", " a b "])
def test_joined_and_padded_names_are_described_as_seen(name: str) -> None:
    assert re.search(f"^{SEEN}$", name)


@pytest.mark.parametrize("name", ["", " ", "\u200d", "a\u200db"])
def test_names_of_which_a_part_is_not_seen_are_not(name: str) -> None:
    assert re.search(f"^{SEEN}$", name) is None

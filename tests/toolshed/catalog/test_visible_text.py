import json

import pytest

from toolshed.catalog.visible_text import hidden_character, visible, visible_json

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

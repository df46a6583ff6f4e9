"""What is asked for: the text that encoders can read, and its encodings one by one."""

import numpy as np
import pytest

from toolshed.backbones.lexical import query_words
from toolshed.errors import InvalidQueryError
from toolshed.options import SearchArguments, checked
from toolshed.queries import MAX_QUERY_CHARACTERS, Encodings, Query, checked_text


@pytest.mark.parametrize("text", ["x", " x ", "x" * MAX_QUERY_CHARACTERS, "天気 🧾", "\x00"])
def test_text_that_can_be_searched_stays_as_it_is(text: str) -> None:
    assert checked_text(text) == text


@pytest.mark.parametrize("text", ["", " \t\r\n", "\u2003\xa0"])
def test_white_space_of_any_kind_asks_for_nothing(text: str) -> None:
    with pytest.raises(InvalidQueryError, match="the query is empty; say what is wanted"):
        checked_text(text)


def test_one_character_too_many_is_refused_with_the_number_there_may_be() -> None:
    with pytest.raises(InvalidQueryError, match="has 200,001 characters; at most 200,000 are searched"):
        checked_text("x" * (MAX_QUERY_CHARACTERS + 1))


def test_lone_surrogates_give_way_and_move_nothing() -> None:
    # Sub-queries are spans of the text: what takes a surrogate's place is as long as it was.
    assert checked_text("a\ud800b\udfffc") == "a?b?c"


def test_a_row_of_the_encodings_is_one_sub_query() -> None:
    words = [query_words("send mail"), query_words("weather")]
    encodings = Encodings({"dense": np.eye(2, dtype=np.float32)}, words)
    one = encodings.of(1, "weather")
    assert (one.text, one.vectors["dense"].tolist(), one.words) == ("weather", [0.0, 1.0], words[1])


def test_a_query_has_every_option_and_shares_none_of_them() -> None:
    first, second = Query("a"), Query("b")
    assert first.options == checked(SearchArguments, {})
    first.options["max_tokens"] = 9
    assert second.options["max_tokens"] is None

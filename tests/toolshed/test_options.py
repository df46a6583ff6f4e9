"""Options are declared once, and every way in is held to the declaration."""

from typing import Any

import pytest

from toolshed.errors import ConfigurationError, InvalidQueryError
from toolshed.options import DocumentArguments, PassageArguments, SearchArguments, checked, declared_options


def test_what_is_not_given_has_its_default() -> None:
    options = checked(SearchArguments, {"max_tokens": 100})
    assert options["max_tokens"] == 100
    assert options["passages_per_need"] == 2
    assert set(options) == {one.name for one in declared_options(SearchArguments)}


@pytest.mark.parametrize(
    ("arguments", "given", "message"),
    [
        pytest.param(SearchArguments, {"min_confidence": 1.5}, "lies between 0 and 1", id="too-large"),
        pytest.param(SearchArguments, {"min_confidence": "high"}, "takes a number", id="text-for-a-number"),
        pytest.param(SearchArguments, {"max_tokens": True}, "takes a whole number", id="bool-for-a-number"),
        pytest.param(SearchArguments, {"min_confidence": float("nan")}, "lies between", id="nan"),
        pytest.param(SearchArguments, {"sources": "mail"}, "takes a list", id="text-for-a-list"),
        pytest.param(SearchArguments, {"min_confidence": None}, "leave it out", id="none"),
        pytest.param(PassageArguments, {"filters": ["page"]}, "takes a mapping", id="list-for-a-mapping"),
        pytest.param(DocumentArguments, {"segmenter": "spacy"}, "choose one of legal,", id="unknown-choice"),
    ],
)
def test_bad_values_are_refused(arguments: type[Any], given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidQueryError, match=message):
        checked(arguments, given)


def test_k_is_held_to_its_bounds() -> None:
    for k in (0, 1001, True):
        with pytest.raises(InvalidQueryError, match="k is"):
            checked(SearchArguments, {}, k=k)


def test_an_unknown_option_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"unknown option 'max_token'.*max_tokens"):
        checked(SearchArguments, {"max_token": 3})

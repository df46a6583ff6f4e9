import re
import time

import pytest

from toolshed.calling.patterns import is_quick


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\d{4}-\d{2}-\d{2}$",
        r"^[a-z]+$",
        r"^[^@\s]+@[^@\s]+$",
        r"^(GET|POST|PUT)$",
        r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        r"^(?:https?)://\S+$",
        r"^(\+\d{1,3})?\d{6,12}$",
    ],
)
def test_patterns_in_use_are_tried(pattern: str) -> None:
    assert is_quick(pattern, 64)


@pytest.mark.parametrize(
    "pattern",
    [
        "^(a+)+$",
        "^(a*)*$",
        "^(a|aa)+$",
        "^(a?){50}$",
        "(.*)*x",
        "a{1,31}" * 20,
        "a?" * 40,
        "(a|b|ab)" * 30,
        r"(a+)\1",
        "(?P<x>a+)(?P=x)",
        "([",
        "a" * 3_000,
        "(" * 500 + ")" * 500,
    ],
)
def test_others_are_not(pattern: str) -> None:
    assert not is_quick(pattern, 64)


def test_a_long_text_is_too_long_for_several_repetitions() -> None:
    assert is_quick(".*a.*b", 100)
    assert not is_quick(".*a.*b", 100_000)


@pytest.mark.parametrize("pattern", ["a*a*b", "a*b", "[ab]*a[ab]*c", "(a|b)(a|b)(a|b)c"])
def test_what_is_quick_ends_soon(pattern: str) -> None:
    length = max(n for n in range(1, 5_000, 7) if is_quick(pattern, n))
    begin = time.process_time()
    re.search(pattern, "a" * length)
    assert time.process_time() - begin < 2

"""Limits of the service, and pages of ids."""

import pytest

from toolshed.errors import InvalidQueryError
from toolshed.settings import Settings
from toolshed_api.limits import Page, check_limits, page_of

SETTINGS = Settings(max_query_characters=10, max_k=3)


def test_what_the_limits_allow_passes() -> None:
    check_limits("x" * 10, 3, SETTINGS, of="tools")


@pytest.mark.parametrize(
    ("query", "k", "message"),
    [
        pytest.param("x" * 11, 1, "the query has 11 characters; at most 10 are taken", id="too-long"),
        pytest.param("x", 4, "k is 4; at most 3 tools are returned at once", id="too-many"),
    ],
)
def test_what_is_larger_is_refused_with_the_limit(query: str, k: int, message: str) -> None:
    with pytest.raises(InvalidQueryError, match=f"^{message}$"):
        check_limits(query, k, SETTINGS, of="tools")


@pytest.mark.parametrize(
    ("limit", "after", "expected"),
    [
        pytest.param(2, "", Page(["a", "c"], 3, "c"), id="first"),
        pytest.param(2, "c", Page(["e"], 3, None), id="last"),
        pytest.param(3, "", Page(["a", "c", "e"], 3, None), id="all-at-once"),
        pytest.param(2, "b", Page(["c", "e"], 3, None), id="after-an-id-that-is-gone"),
        pytest.param(2, "z", Page([], 3, None), id="after-the-end"),
    ],
)
def test_pages_follow_each_other_and_the_last_one_says_so(limit: int, after: str, expected: Page) -> None:
    assert page_of(["a", "c", "e"], limit=limit, after=after) == expected


def test_no_ids_are_one_empty_page() -> None:
    assert page_of([], limit=5, after="") == Page([], 0, None)

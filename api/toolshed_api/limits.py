"""Limits of the service, and lists page by page."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from toolshed.errors import InvalidQueryError
from toolshed.settings import Settings


def check_limits(query: str, k: int, settings: Settings, *, of: str) -> None:
    """Refuse what is larger than the service takes.

    Raises:
        InvalidQueryError: If the query is too long or too much is asked for at once.
    """
    if len(query) > settings.max_query_characters:
        raise InvalidQueryError(
            f"the query has {len(query):,} characters; at most {settings.max_query_characters:,} are taken"
        )
    if k > settings.max_k:
        raise InvalidQueryError(f"k is {k}; at most {settings.max_k} {of} are returned at once")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of ids, the number of all ids, and the id to go on from, if there are more."""

    ids: list[str]
    total: int
    next_after: str | None


def page_of(ids: Sequence[str], *, limit: int, after: str) -> Page:
    """The ids after one, in order."""
    start = bisect_right(ids, after)
    page = list(ids[start : start + limit])
    return Page(page, len(ids), page[-1] if start + limit < len(ids) else None)

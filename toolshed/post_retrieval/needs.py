"""Needs: the sub-queries that each ask for something of their own."""

from collections.abc import Sequence

from toolshed.presets import MIN_NEED_WEIGHT
from toolshed.rankings import WeighedSubQuery


def need_texts(query: str, sub_queries: Sequence[WeighedSubQuery]) -> list[str]:
    """The sub-queries that are needs of their own; the whole query where there are none.

    A sentence with several needs stands for none itself; one with a single need stands for it.
    """
    own = [one.text for one in sub_queries if one.kind != "whole" and one.weight >= MIN_NEED_WEIGHT]
    texts = list(dict.fromkeys(own))
    inner = {text: [other for other in texts if other != text and other in text] for text in texts}
    covered = {other for within in inner.values() if len(within) == 1 for other in within}
    return [text for text in texts if len(inner[text]) < 2 and text not in covered] or [query]


def need_of(sub_query: str, texts: Sequence[str]) -> str:
    """The need that a sub-query belongs to: itself, the one around or within it, or the first."""
    around = next((text for text in texts if sub_query in text), None)
    return around or next((text for text in texts if text in sub_query), texts[0])

"""One rule for the parts of a usage that do not add up: the provider's total is right."""

from collections.abc import Mapping
from typing import Any

from toolshed.metering.usage import ServiceTier, Usage


def reconciled(counts: Mapping[str, int], total: int | None, **described: Any) -> Usage:
    """The usage of counts whose parts may lie inside or beside their wholes.

    The provider's total is taken. What it has beyond prompt and output is reasoning, or the cached part of
    the prompt, where the count is that of either; otherwise it is taken as output, the dearest it can be, and
    kept in ``unexplained_tokens``. Without a total, a part larger than its whole was counted beside it.

    Args:
        counts: Fields of :class:`.Usage` by name; what is missing is 0.
        total: All tokens of the call, as the provider says; None or 0 where it says nothing.
        described: Fields that are no counts of tokens, such as ``service_tier``.
    """
    whole = dict(counts)
    into, out = whole.get("input_tokens", 0), whole.get("output_tokens", 0)
    reasoning = whole.get("reasoning_tokens", 0)
    cached = whole.get("cached_tokens", 0) + whole.get("cache_write_tokens", 0)
    unexplained = 0
    if not total:
        into += cached if cached > into else 0
        out += reasoning if reasoning > out else 0
    elif (missing := total - into - out) > 0:
        into, out, unexplained = _with_missing(into, out, missing, reasoning=reasoning, cached=cached)
    elif missing < 0:
        into, out, unexplained = _without_surplus(into, out, -missing, reasoning=reasoning, cached=cached)
    whole.update(input_tokens=into, output_tokens=out)
    described = {**_clipped(whole), **described}
    return Usage(unexplained_tokens=unexplained, **described)


def _with_missing(into: int, out: int, missing: int, *, reasoning: int, cached: int) -> tuple[int, int, int]:
    if missing == reasoning:
        return into, out + reasoning, 0
    if missing == cached:
        return into + cached, out, 0
    if missing == cached + reasoning:
        return into + cached, out + reasoning, 0
    return into, out + missing, missing


def _without_surplus(
    into: int, out: int, surplus: int, *, reasoning: int, cached: int
) -> tuple[int, int, int]:
    if surplus == cached:
        # The total leaves out what the cache gave or took; it is billed all the same.
        return into, out, 0
    if surplus == reasoning and reasoning <= out:
        return into, out - reasoning, 0
    if surplus <= out:
        return into, out - surplus, -surplus
    # A total below the prompt alone explains nothing.
    return into, out, -surplus


def _clipped(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts with no part larger than what is left of its whole."""
    kept = dict(counts)

    def clip(whole: str, *parts: str) -> None:
        left = kept.get(whole, 0)
        for part in parts:
            kept[part] = min(kept.get(part, 0), left)
            left -= kept[part]

    clip("input_tokens", "cached_tokens", "cache_write_tokens")
    clip("cache_write_tokens", "cache_write_1h_tokens")
    clip("input_tokens", "input_audio_tokens", "input_image_tokens", "input_video_tokens")
    clip("input_tokens", "tool_tokens")
    clip("cached_tokens", "cached_audio_tokens", "cached_image_tokens", "cached_video_tokens")
    for kind in ("audio", "image", "video"):
        clip(f"input_{kind}_tokens", f"cached_{kind}_tokens")
    clip("output_tokens", "reasoning_tokens")
    clip("output_tokens", "output_audio_tokens", "output_image_tokens")
    return kept


def service_tier(named: object) -> ServiceTier:
    """The tier that a provider's name stands for; the standard one for what is not known."""
    text = str(getattr(named, "value", named) or "").lower().removeprefix("on_demand_")
    tiers: dict[str, ServiceTier] = {
        "batch": "batch",
        "batches": "batch",
        "flex": "flex",
        "priority": "priority",
        "fast": "fast",
    }
    return tiers.get(text, "")

"""The public price list, dated and offline: the one place that knows genai-prices."""

import difflib
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from toolshed.economics.prices.names import price_names
from toolshed.economics.prices.rates import PricedCall, Rates, to_nano
from toolshed.errors import InvalidRecordError, UnknownModelError, missing_extra
from toolshed.metering.usage import ServiceTier, Usage

# How the list calls the conditions of a service tier.
_CONTEXTS: dict[ServiceTier, dict[str, str]] = {
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "fast": {"service_tier": "fast", "speed": "fast"},
}
# Who is meant by a name that several have: those who made the model, then who resells them all.
_FIRST = (
    "openai", "anthropic", "google", "mistral", "cohere", "deepseek", "x-ai", "voyageai", "moonshotai",
    "openrouter",
)  # fmt: skip
_UNITS = {
    "audio_hours": "hours of audio",
    "input_audio_hours": "hours of audio",
    "input_mchars": "characters",
    "input_document_kpages": "pages",
    "input_annotated_document_kpages": "pages",
    "input_text_messages_kcount": "messages",
}
# Fields of a usage, as the list calls them; given even when 0, for it guesses what is left out.
_FIELDS = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cached_tokens": "cache_read_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "cache_write_1h_tokens": "cache_write_1h_tokens",
    "reasoning_tokens": "output_reasoning_tokens",
    "output_audio_tokens": "output_audio_tokens",
    "output_image_tokens": "output_image_tokens",
    "tool_tokens": "input_tool_tokens",
    "web_searches": "web_searches",
    "audio_seconds": "audio_seconds",
}


def _price_list() -> Any:
    # Any: genai-prices is an optional dependency.
    try:
        from genai_prices import data_snapshot
    except ImportError as error:
        raise missing_extra("genai-prices", "economics") from error
    return data_snapshot.get_snapshot()


@lru_cache(maxsize=4096)
def _list_match(name: str) -> tuple[Any, Any]:
    """Provider and model of the public list, by any of the names that clouds give it."""
    listed = _price_list()
    known = frozenset(provider.id for provider in listed.providers)
    for provider, model in price_names(name, known):
        if (found := _found(listed, provider, model)) is not None:
            return found
    raise UnknownModelError(_unknown(name))


def _found(listed: Any, provider: str | None, model: str) -> tuple[Any, Any] | None:
    try:
        found: tuple[Any, Any] = listed.find_provider_model(model, None, provider, None)
        return found
    except LookupError:
        pass
    # Without a provider the list guesses one from the name and looks nowhere else.
    for same in (str, str.lower):
        for one in sorted(listed.providers, key=_rank):
            if provider in (None, one.id):
                for record in one.models:
                    if same(record.id) == same(model):
                        return one, record
    return None


def _rank(provider: Any) -> int:
    return _FIRST.index(provider.id) if provider.id in _FIRST else len(_FIRST)


def listed_model(name: str) -> Any:
    """The list's record of a model, named ``MODEL`` or ``PROVIDER:MODEL`` or as clouds write it.

    Raises:
        UnknownModelError: If it has none; the message names the nearest.
    """
    return _list_match(name)[1]


def _unknown(name: str) -> str:
    # The providers of a model first: a host that resells it has another price.
    of_model: dict[str, str] = {}
    for provider in sorted(_price_list().providers, key=_rank):
        for model in provider.models:
            of_model.setdefault(model.id, f"{provider.id}:{model.id}")
    bare = ":".join(name.split(":")[:2]) if name.startswith("ft:") else name.rpartition(":")[2]
    wanted = bare.rpartition("/")[2] or name
    near = difflib.get_close_matches(wanted.lower()[:100], sorted(of_model), n=3, cutoff=0.5)
    nearest = f"; the nearest known ones are {', '.join(repr(of_model[one]) for one in near)}" if near else ""
    return (
        f"no price is known for the model {name[:200]!r}{nearest}. Name it MODEL or PROVIDER:MODEL, such as "
        "'openai:gpt-4o', or give its price in a price file"
    )


def _is_free(model: Any) -> bool:
    return bool(model.id.endswith(":free") or model.id == "moderation")


def _prices(name: str, at: datetime, tier: ServiceTier) -> tuple[Any, Any, Any, bool]:
    """Provider, model, its prices at a time, and whether the tier has some of its own.

    Raises:
        UnknownModelError: If the list prices the model by something else than tokens, or not at all.
    """
    provider, model = _list_match(name)
    standard = model.get_prices(at)
    prices = model.get_prices(at, _CONTEXTS[tier]) if tier else standard
    keys = [key for key, price in vars(prices).items() if price is not None and not key.startswith("_")]
    if not any(key.endswith("_mtok") for key in keys) and not _is_free(model):
        by = sorted({_UNITS.get(key, key.replace("_", " ")) for key in keys})
        told = f"the public list prices it by {' and '.join(by)}" if by else "the public list leaves it empty"
        raise UnknownModelError(
            f"the model {name[:200]!r} has no price per token: {told}. Give its price in a price file"
        )
    return provider, model, prices, not tier or prices != standard


def list_price(name: str, usage: Usage, at: datetime) -> PricedCall:
    """What a call cost at the time it was made.

    Raises:
        UnknownModelError: If no price is known, or none for what the usage counts.
    """
    import genai_prices

    if usage.audio_seconds and not (usage.input_tokens or usage.output_tokens):
        provider, model = _list_match(name)
        prices, has_tier = model.get_prices(at), not usage.service_tier
    else:
        provider, model, prices, has_tier = _prices(name, at, usage.service_tier)
    marks = _marks(prices, usage)
    if not has_tier:
        marks.append(f"the standard rate, for the list has none for {usage.service_tier!r}")
    context = _CONTEXTS[usage.service_tier] if usage.service_tier and has_tier else None
    if not _is_free(model):
        _check_is_priced(name, prices, usage)
    counted = _counted(usage, prices)
    try:
        price = model.calc_price(counted, provider, genai_request_timestamp=at, price_context=context)
    except ValueError as error:
        raise InvalidRecordError(f"the usage {usage} of {name!r} cannot be priced: {error}") from error
    source = ", ".join([f"genai-prices {genai_prices.__version__}", *marks])
    return PricedCall(to_nano(price.total_price), source, _list_date(model, at))


def _check_is_priced(name: str, prices: Any, usage: Usage) -> None:
    """Refuse what would cost nothing only because the list has no price for it."""
    spoken, drawn = usage.output_audio_tokens, usage.output_image_tokens
    for counted, key, what in (
        (usage.input_tokens, "input_mtok", "tokens of a prompt"),
        (usage.output_tokens - spoken - drawn, "output_mtok", "tokens of a reply"),
        (spoken, "output_audio_mtok", "tokens of spoken replies"),
        (drawn, "output_image_mtok", "tokens of pictures"),
        (usage.audio_seconds, "audio_hours", "seconds of audio"),
    ):
        fallback = "output_mtok" if key.startswith("output_") else key
        if counted and getattr(prices, key) is None and getattr(prices, fallback) is None:
            raise UnknownModelError(
                f"the model {name[:200]!r} has no price for {what}, and the call has {counted:,}; give its "
                "price in a price file"
            )


def _marks(prices: Any, usage: Usage) -> list[str]:
    """What the list prices at another rate, or not at all."""
    marks = []
    for kind in ("audio", "image", "video"):
        for direction in ("input", "output"):
            counted = getattr(usage, f"{direction}_{kind}_tokens", 0)
            if counted and getattr(prices, f"{direction}_{kind}_mtok") is None:
                marks.append(f"{direction} {kind} at the rate of text")
    if usage.cache_write_1h_tokens and prices.cache_write_1h_mtok is None:
        marks.append("cache writes for an hour at the usual rate")
    if usage.web_searches and prices.web_searches_kcount is None:
        marks.append("web searches not priced")
    if usage.unexplained_tokens:
        marks.append(f"total differs from its parts by {usage.unexplained_tokens:,}")
    return marks


def _counted(usage: Usage, prices: Any) -> Any:
    """A usage as the list counts; what lies in two priced parts at once is given to one of them."""
    import genai_prices

    counts: dict[str, Any] = {theirs: getattr(usage, ours) for ours, theirs in _FIELDS.items()}
    counts["audio_seconds"] = counts["input_audio_seconds"] = usage.audio_seconds
    # Cached audio has a rate of its own, or it is cached like text.
    left = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
    for kind in ("audio", "image", "video"):
        cached, whole = getattr(usage, f"cached_{kind}_tokens"), getattr(usage, f"input_{kind}_tokens")
        fresh = min(whole - cached, left)
        left -= fresh
        has_cached_rate = getattr(prices, f"cache_{kind}_read_mtok") is not None
        counts[f"cache_{kind}_read_tokens"] = cached if has_cached_rate else 0
        counts[f"input_{kind}_tokens"] = fresh + (cached if has_cached_rate else 0)
    if prices.output_reasoning_mtok is not None:
        text = usage.output_tokens - usage.output_audio_tokens - usage.output_image_tokens
        counts["output_reasoning_tokens"] = min(usage.reasoning_tokens, text)
    return genai_prices.Usage(**counts)


def _list_date(model: Any, at: datetime) -> datetime | None:
    if not isinstance(model.prices, list):
        return None
    starts = [getattr(one.constraint, "start_date", None) for one in model.prices]
    past = [start for start in starts if start is not None and start <= at.astimezone(UTC).date()]
    return datetime.combine(max(past), datetime.min.time(), UTC) if past else None


def list_rates(name: str, at: datetime, tier: ServiceTier = "") -> Rates:
    """Dollars per token at a time; with off-peak hours it changes within a day.

    Raises:
        UnknownModelError: If no price per token is known.
    """
    # Prices change at whole minutes.
    return _list_rates(name, at.astimezone(UTC).replace(second=0, microsecond=0), tier)


@lru_cache(maxsize=8192)
def _list_rates(name: str, at: datetime, tier: ServiceTier) -> Rates:
    _, _, prices, _ = _prices(name, at, tier)
    starts = sorted({one.start for price in vars(prices).values() for one in getattr(price, "tiers", ())})
    return _rates(prices, 0, tuple((start, _rates(prices, start + 1)) for start in starts))


def _rates(prices: Any, input_tokens: int, tiers: tuple[tuple[int, Rates], ...] = ()) -> Rates:
    """The rates of a prompt of so many tokens."""

    def per_token(key: str) -> float | None:
        listed = getattr(prices, key, None)
        price = getattr(listed, "base", listed)
        for one in getattr(listed, "tiers", ()):
            if input_tokens > one.start:
                price = one.price
        return None if price is None else float(price) / 1e6

    into, out = per_token("input_mtok") or 0.0, per_token("output_mtok") or 0.0
    cached, fee = per_token("cache_read_mtok"), getattr(prices, "requests_kcount", None)
    others = ("output_audio_mtok", "output_image_mtok", "output_reasoning_mtok")
    return Rates(
        into,
        out,
        into if cached is None else cached,
        float(fee) / 1000 if fee else 0.0,
        written_usd=per_token("cache_write_mtok"),
        written_hour_usd=per_token("cache_write_1h_mtok"),
        audio_usd=per_token("input_audio_mtok"),
        most_output_usd=max(out, *(per_token(key) or 0.0 for key in others)),
        tiers=tiers,
    )

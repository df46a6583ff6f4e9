"""The public price list, dated and offline: the one place that knows genai-prices."""

import difflib
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from toolshed.economics.prices.rates import PricedCall, Rates, to_nano
from toolshed.errors import UnknownModelError, missing_extra
from toolshed.metering.usage import Usage


def _price_list() -> Any:
    # Any: genai-prices is an optional dependency.
    try:
        from genai_prices import data_snapshot
    except ImportError as error:
        raise missing_extra("genai-prices", "economics") from error
    return data_snapshot.get_snapshot()


@lru_cache(maxsize=4096)
def _list_match(name: str) -> tuple[Any, Any]:
    """Provider and model of the public list, by ``MODEL`` or ``PROVIDER:MODEL``."""
    listed = _price_list()
    provider, colon, model = name.partition(":")
    wanted = [provider] if colon and any(p.id == provider for p in listed.providers) else []
    try:
        found: tuple[Any, Any] = listed.find_provider_model(
            model if wanted else name, None, wanted[0] if wanted else None, None
        )
        return found
    except LookupError:
        pass
    # Without a provider the list guesses one from the name and looks nowhere else.
    if not wanted:
        for one in listed.providers:
            if any(m.id == name for m in one.models):
                return one, next(m for m in one.models if m.id == name)
    raise UnknownModelError(_unknown(name))


def listed_model(name: str) -> Any:
    """The list's record of a model, named ``MODEL`` or ``PROVIDER:MODEL``.

    Raises:
        UnknownModelError: If it has none; the message names the nearest.
    """
    return _list_match(name)[1]


def _unknown(name: str) -> str:
    names = sorted({m.id for p in _price_list().providers for m in p.models})
    near = difflib.get_close_matches(name.rpartition(":")[2].lower(), names, n=3, cutoff=0.5)
    nearest = f"; the nearest known ones are {', '.join(map(repr, near))}" if near else ""
    return f"no price is known for the model {name!r}{nearest}. Give its price in a price file"


def list_price(name: str, usage: Usage, at: datetime) -> PricedCall:
    """What a call cost at the date it was made."""
    import genai_prices

    provider, model = _list_match(name)
    counted = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        cache_read_tokens=usage.cached_tokens or None,
        cache_write_tokens=usage.cache_write_tokens or None,
        output_tokens=usage.output_tokens,
    )
    price = model.calc_price(counted, provider, genai_request_timestamp=at)
    source = f"genai-prices {genai_prices.__version__}"
    return PricedCall(to_nano(price.total_price), source, _list_date(model, at))


def _list_date(model: Any, at: datetime) -> datetime | None:
    if not isinstance(model.prices, list):
        return None
    starts = [getattr(one.constraint, "start_date", None) for one in model.prices]
    past = [start for start in starts if start is not None and start <= at.astimezone(UTC).date()]
    return datetime.combine(max(past), datetime.min.time(), UTC) if past else None


@lru_cache(maxsize=4096)
def list_rates(name: str, day: date) -> Rates:
    """Dollars per token on a day."""
    _, model = _list_match(name)
    prices = model.get_prices(datetime.combine(day, datetime.max.time(), UTC))

    def per_token(key: str) -> float | None:
        value = getattr(prices, key, None)
        base = getattr(value, "base", value)
        return None if base is None else float(base) / 1e6

    into, out = per_token("input_mtok") or 0.0, per_token("output_mtok") or 0.0
    cached = per_token("cache_read_mtok")
    fee = getattr(prices, "requests_kcount", None)
    return Rates(into, out, into if cached is None else cached, float(fee) / 1000 if fee else 0.0)

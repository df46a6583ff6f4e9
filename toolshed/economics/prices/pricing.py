"""What a model call costs: dated list prices, a deployment's own prices, self-hosted models by runtime."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from toolshed.errors import ConfigurationError, InvalidRecordError, UnknownModelError, missing_extra
from toolshed.metering.usage import Usage

# Money is exact to a billionth of a dollar: an embedding of twenty tokens costs less than a millionth.
NANO = Decimal("0.000000001")
_MILLION = Decimal(1_000_000)
_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Runtime:
    """How long a model takes: ``base + per_input_token * p + per_output_token * o`` seconds.

    The form of Narayanan et al. 2023 (arXiv 2305.02440, eq. 1), with their table of prompt-encoding times
    replaced by a line.
    """

    base_seconds: float
    input_token_seconds: float
    output_token_seconds: float

    def seconds(self, input_tokens: float, output_tokens: float) -> float:
        """Idealized seconds of a call."""
        return (
            self.base_seconds
            + self.input_token_seconds * input_tokens
            + self.output_token_seconds * output_tokens
        )


@dataclass(frozen=True, slots=True)
class Rates:
    """Dollars per token at a date, for looking ahead. Prices in tiers are those of the lowest tier."""

    input_usd: float
    output_usd: float
    cached_usd: float
    request_usd: float = 0.0

    def expected_usd(self, input_tokens: float, output_tokens: float, cached_tokens: float = 0.0) -> float:
        """Expected dollars of a call."""
        return (
            self.request_usd
            + self.input_usd * (input_tokens - cached_tokens)
            + self.cached_usd * cached_tokens
            + self.output_usd * output_tokens
        )


@dataclass(frozen=True, slots=True)
class PricedCall:
    """What a call cost and where the price is from.

    Attributes:
        cost_usd: Dollars, exact to a billionth.
        source: Price list, with its version, or name of the price file; how a self-hosted call was timed.
        effective_from: Since when that price holds, where the list says so.
    """

    cost_usd: Decimal
    source: str
    effective_from: datetime | None = None


class PriceEntry(BaseModel):
    """A price of a deployment from a date on: by tokens, or by the time of accelerators.

    Attributes:
        effective_from: First day of the price; always, when left out.
        input_mtok, output_mtok: Price of a million tokens.
        cache_read_mtok, cache_write_mtok: The same for cached parts of the prompt; as input when left out.
        reasoning_mtok: The same for hidden reasoning; as output when left out.
        request_fee: Price of a request, whatever its tokens.
        accelerators: How many a self-hosted model occupies.
        accelerator_hour: Price of an hour of one of them.
        runtime: Seconds of a call; fitted from the ledger's latencies when left out.
    """

    model_config = ConfigDict(extra="forbid")

    effective_from: date | None = None
    input_mtok: Decimal | None = Field(default=None, ge=0)
    output_mtok: Decimal | None = Field(default=None, ge=0)
    cache_read_mtok: Decimal | None = Field(default=None, ge=0)
    cache_write_mtok: Decimal | None = Field(default=None, ge=0)
    reasoning_mtok: Decimal | None = Field(default=None, ge=0)
    request_fee: Decimal = Field(default=Decimal(0), ge=0)
    accelerators: Decimal | None = Field(default=None, gt=0)
    accelerator_hour: Decimal | None = Field(default=None, ge=0)
    runtime: Runtime | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> "PriceEntry":
        by_tokens = (self.input_mtok, self.output_mtok)
        by_time = (self.accelerators, self.accelerator_hour)
        if None not in by_tokens and by_time == (None, None):
            return self
        if None not in by_time and by_tokens == (None, None):
            return self
        raise ValueError(
            "give input_mtok and output_mtok, or accelerators and accelerator_hour for a self-hosted model"
        )

    @property
    def is_self_hosted(self) -> bool:
        """Whether it is priced by time."""
        return self.accelerator_hour is not None


class PriceFile(BaseModel):
    """Prices of a deployment; they go before the public list.

    Attributes:
        currency: Of all amounts in the file.
        usd_per_unit: Dollars of one unit of it; needed when it is not USD.
        models: Prices by model, each with the day from which it holds.
    """

    model_config = ConfigDict(extra="forbid")

    currency: str = "USD"
    usd_per_unit: Decimal | None = Field(default=None, gt=0)
    models: dict[str, list[PriceEntry]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_a_rate(self) -> "PriceFile":
        if self.currency != "USD" and self.usd_per_unit is None:
            raise ValueError(f"currency is {self.currency!r}; give usd_per_unit, the dollars of one unit")
        return self

    @property
    def rate(self) -> Decimal:
        """Dollars of one unit of the currency."""
        return Decimal(1) if self.usd_per_unit is None else self.usd_per_unit


def read_price_file(path: str | Path) -> PriceFile:
    """Read prices from YAML or JSON.

    Raises:
        ConfigurationError: If it cannot be read, or a field is misspelt or out of range.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"the price file {str(path)!r} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"the price file {str(path)!r} must hold a mapping with the key 'models'")
    try:
        return PriceFile.model_validate(content)
    except ValidationError as error:
        raise ConfigurationError(f"the price file {str(path)!r} is wrong: {_told(error)}") from error


def _told(error: ValidationError) -> str:
    """The first problems of a price file, with the field that was probably meant."""
    problems = []
    for problem in error.errors()[:3]:
        place = ".".join(str(part) for part in problem["loc"]) or "file"
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            known = [*PriceEntry.model_fields, *PriceFile.model_fields]
            meant = difflib.get_close_matches(str(problem["loc"][-1]), known, n=1)
            message = f"unknown field; did you mean {meant[0]!r}?" if meant else "unknown field"
        problems.append(f"{place}: {message}")
    return "; ".join(problems)


@dataclass(frozen=True)
class PriceSheet:
    """Prices of models at dates: the deployment's own where it has some, the public list otherwise.

    Attributes:
        overrides: Prices of the deployment.
        name: What the overrides are called in records.
        runtimes: Runtime of self-hosted models, fitted from the ledger.
    """

    overrides: PriceFile = field(default_factory=PriceFile)
    name: str = "overrides"
    runtimes: Mapping[str, Runtime] = field(default_factory=dict)
    _rates: dict[tuple[str, date], Rates] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def from_file(cls, path: str | Path) -> "PriceSheet":
        """The public list with the prices of a file before it."""
        return cls(read_price_file(path), name=Path(path).name)

    def with_runtimes(self, runtimes: Mapping[str, Runtime]) -> "PriceSheet":
        """The same sheet with the runtimes that were fitted last."""
        return replace(self, runtimes=dict(runtimes))

    @property
    def self_hosted(self) -> list[str]:
        """Models that are priced by time, sorted."""
        return sorted(
            model
            for model, entries in self.overrides.models.items()
            if any(e.is_self_hosted for e in entries)
        )

    def price_call(
        self, model: str, usage: Usage, at: datetime, *, latency_seconds: float | None = None
    ) -> PricedCall:
        """The cost of a call at the date it was made.

        Args:
            model: ``MODEL`` or ``PROVIDER:MODEL``; a suffix ``@VERSION`` of ours is not part of the price.
            usage: Its tokens.
            at: When the call was made, with a time zone.
            latency_seconds: How long it took; prices a self-hosted model whose runtime is not fitted yet.

        Raises:
            UnknownModelError: If no price is known; the message names the nearest models.
            InvalidRecordError: If ``at`` has no time zone, or a self-hosted call has neither runtime nor
                latency.
        """
        if at.tzinfo is None:
            raise InvalidRecordError(f"the time of the call, {at}, has no time zone; use UTC")
        entry = self._entry(model, at)
        if entry is None:
            return _list_price(priced_name(model), usage, at)
        started = None
        if entry.effective_from is not None:
            started = datetime.combine(entry.effective_from, datetime.min.time(), UTC)
        if entry.is_self_hosted:
            cost, timing = self._runtime_cost(model, entry, usage, latency_seconds)
            return PricedCall(_nano(cost * self.overrides.rate), f"{self.name}, {timing}", started)
        return PricedCall(_nano(_token_cost(entry, usage) * self.overrides.rate), self.name, started)

    def rates(self, model: str, at: datetime) -> Rates:
        """Dollars per token of a model at a date.

        Raises:
            UnknownModelError: If no price is known, or a self-hosted model has no runtime yet.
        """
        key = (model, at.astimezone(UTC).date())
        if key not in self._rates:
            self._rates[key] = self._look_up_rates(model, at)
        return self._rates[key]

    def _look_up_rates(self, model: str, at: datetime) -> Rates:
        entry = self._entry(model, at)
        if entry is None:
            return _list_rates(priced_name(model), at.astimezone(UTC).date())
        per_unit = float(self.overrides.rate)
        if entry.is_self_hosted:
            runtime = self._runtime(model, entry)
            if runtime is None:
                raise UnknownModelError(
                    f"the runtime of {model!r} is not known yet; give 'runtime' in the price file, or record "
                    "some calls with their latency"
                )
            second = float(_per_second(entry)) * per_unit
            return Rates(
                runtime.input_token_seconds * second,
                runtime.output_token_seconds * second,
                runtime.input_token_seconds * second,
                runtime.base_seconds * second + float(entry.request_fee) * per_unit,
            )
        into, out = entry.input_mtok or Decimal(0), entry.output_mtok or Decimal(0)
        cached = into if entry.cache_read_mtok is None else entry.cache_read_mtok
        into_usd, out_usd, cached_usd = (float(price / _MILLION) * per_unit for price in (into, out, cached))
        return Rates(into_usd, out_usd, cached_usd, float(entry.request_fee) * per_unit)

    def context_window(self, model: str) -> int | None:
        """Tokens that fit into the model's context, where the public list says so."""
        try:
            window = _list_model(priced_name(model)).context_window
        except UnknownModelError:
            return None
        return int(window) if window else None

    def _entry(self, model: str, at: datetime) -> PriceEntry | None:
        entries = self.overrides.models.get(model) or self.overrides.models.get(priced_name(model)) or []
        day = at.astimezone(UTC).date()
        holding = [e for e in entries if e.effective_from is None or e.effective_from <= day]
        return max(holding, key=lambda e: e.effective_from or date.min, default=None)

    def _runtime(self, model: str, entry: PriceEntry) -> Runtime | None:
        return entry.runtime or self.runtimes.get(model)

    def _runtime_cost(
        self, model: str, entry: PriceEntry, usage: Usage, latency_seconds: float | None
    ) -> tuple[Decimal, str]:
        runtime = self._runtime(model, entry)
        if runtime is not None:
            seconds, timing = runtime.seconds(usage.input_tokens, usage.output_tokens), "idealized runtime"
        elif latency_seconds is not None:
            seconds, timing = latency_seconds, "measured latency"
        else:
            raise InvalidRecordError(
                f"{model!r} is priced by time, and neither its runtime nor this call's latency is known; "
                "record latency_seconds with the call"
            )
        return Decimal(seconds) * _per_second(entry) + entry.request_fee, timing


def priced_name(model: str) -> str:
    """The name a price list knows: without our ``@VERSION``."""
    return model.partition("@")[0]


def _per_second(entry: PriceEntry) -> Decimal:
    assert entry.accelerators is not None
    assert entry.accelerator_hour is not None
    return entry.accelerators * entry.accelerator_hour / _SECONDS_PER_HOUR


def _token_cost(entry: PriceEntry, usage: Usage) -> Decimal:
    into, out = entry.input_mtok or Decimal(0), entry.output_mtok or Decimal(0)
    cached = into if entry.cache_read_mtok is None else entry.cache_read_mtok
    written = into if entry.cache_write_mtok is None else entry.cache_write_mtok
    reasoning = out if entry.reasoning_mtok is None else entry.reasoning_mtok
    fresh = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
    visible = usage.output_tokens - usage.reasoning_tokens
    tokens = (
        fresh * into
        + usage.cached_tokens * cached
        + usage.cache_write_tokens * written
        + visible * out
        + usage.reasoning_tokens * reasoning
    )
    return tokens / _MILLION + entry.request_fee


def _nano(amount: Decimal) -> Decimal:
    return amount.quantize(NANO, rounding=ROUND_HALF_EVEN)


# What follows is the one place that knows genai-prices.


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


def _list_model(name: str) -> Any:
    return _list_match(name)[1]


def _unknown(name: str) -> str:
    names = sorted({m.id for p in _price_list().providers for m in p.models})
    near = difflib.get_close_matches(name.rpartition(":")[2].lower(), names, n=3, cutoff=0.5)
    nearest = f"; the nearest known ones are {', '.join(map(repr, near))}" if near else ""
    return f"no price is known for the model {name!r}{nearest}. Give its price in a price file"


def _list_price(name: str, usage: Usage, at: datetime) -> PricedCall:
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
    return PricedCall(_nano(price.total_price), source, _list_date(model, at))


def _list_date(model: Any, at: datetime) -> datetime | None:
    if not isinstance(model.prices, list):
        return None
    starts = [getattr(one.constraint, "start_date", None) for one in model.prices]
    past = [start for start in starts if start is not None and start <= at.astimezone(UTC).date()]
    return datetime.combine(max(past), datetime.min.time(), UTC) if past else None


@lru_cache(maxsize=4096)
def _list_rates(name: str, day: date) -> Rates:
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

"""What a model call costs: dated list prices, a deployment's own prices, self-hosted models by runtime."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from toolshed.economics.prices.price_file import PriceEntry, PriceFile, read_price_file
from toolshed.economics.prices.public_list import list_price, list_rates, listed_model
from toolshed.economics.prices.rates import PricedCall, Rates, Runtime, to_nano
from toolshed.errors import InvalidRecordError, UnknownModelError
from toolshed.metering.usage import ServiceTier, Usage

_MILLION = Decimal(1_000_000)
_SECONDS_PER_HOUR = 3600


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
            model: ``MODEL`` or ``PROVIDER:MODEL``, or as clouds write it: ``azure/gpt-4o``, an id of Bedrock;
                a suffix ``@VERSION`` of ours is not part of the price.
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
            return list_price(priced_name(model), usage, at)
        started = None
        if entry.effective_from is not None:
            started = datetime.combine(entry.effective_from, datetime.min.time(), UTC)
        if entry.is_self_hosted:
            cost, timing = self._runtime_cost(model, entry, usage, latency_seconds)
            return PricedCall(to_nano(cost * self.overrides.rate), f"{self.name}, {timing}", started)
        return PricedCall(to_nano(_token_cost(entry, usage) * self.overrides.rate), self.name, started)

    def rates(self, model: str, at: datetime, *, service_tier: ServiceTier = "") -> Rates:
        """Dollars per token of a model at a time.

        Args:
            model: As in :meth:`price_call`.
            at: When it is called, with a time zone.
            service_tier: The tier that the call asks for; a price file has one price for all.

        Raises:
            UnknownModelError: If no price is known, or a self-hosted model has no runtime yet.
        """
        entry = self._entry(model, at)
        if entry is None:
            return list_rates(priced_name(model), at, service_tier)
        key = (model, at.astimezone(UTC).date())
        if key not in self._rates:
            self._rates[key] = self._look_up_rates(model, entry)
        return self._rates[key]

    def _look_up_rates(self, model: str, entry: PriceEntry) -> Rates:
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
        return _entry_rates(entry, per_unit)

    def context_window(self, model: str) -> int | None:
        """Tokens that fit into the model's context, where the public list says so."""
        try:
            window = listed_model(priced_name(model)).context_window
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
    # Cloudflare's names begin with the mark.
    return model[:1] + model[1:].partition("@")[0]


def _per_second(entry: PriceEntry) -> Decimal:
    assert entry.accelerators is not None
    assert entry.accelerator_hour is not None
    return entry.accelerators * entry.accelerator_hour / _SECONDS_PER_HOUR


def _token_cost(entry: PriceEntry, usage: Usage) -> Decimal:
    into, out = entry.input_mtok or Decimal(0), entry.output_mtok or Decimal(0)
    hour = entry.cache_write_1h_mtok
    written = entry.price("cache_write_mtok", "input_mtok")
    text = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
    cost = (
        usage.cached_tokens * entry.price("cache_read_mtok", "input_mtok")
        + (usage.cache_write_tokens - usage.cache_write_1h_tokens) * written
        + usage.cache_write_1h_tokens * (written if hour is None else hour)
    )
    for kind in ("audio", "image"):
        # What was read from the cache has the price of the cache, whatever it shows.
        fresh = getattr(usage, f"input_{kind}_tokens") - getattr(usage, f"cached_{kind}_tokens")
        fresh = min(fresh, text)
        text -= fresh
        cost += fresh * entry.price(f"input_{kind}_mtok", "input_mtok")
        cost += getattr(usage, f"output_{kind}_tokens") * entry.price(f"output_{kind}_mtok", "output_mtok")
    said = usage.output_tokens - usage.output_audio_tokens - usage.output_image_tokens
    reasoning = min(usage.reasoning_tokens, said)
    cost += text * into + (said - reasoning) * out
    cost += reasoning * entry.price("reasoning_mtok", "output_mtok")
    return cost / _MILLION + entry.request_fee + usage.web_searches * entry.web_search_fee


def _entry_rates(entry: PriceEntry, usd_per_unit: float) -> Rates:
    def per_token(name: str, otherwise: str) -> float:
        return float(entry.price(name, otherwise) / _MILLION) * usd_per_unit

    hour = "cache_write_mtok" if entry.cache_write_1h_mtok is None else "cache_write_1h_mtok"
    kinds = ("output_mtok", "reasoning_mtok", "output_audio_mtok", "output_image_mtok")
    return Rates(
        per_token("input_mtok", "input_mtok"),
        per_token("output_mtok", "output_mtok"),
        per_token("cache_read_mtok", "input_mtok"),
        float(entry.request_fee) * usd_per_unit,
        written_usd=per_token("cache_write_mtok", "input_mtok"),
        written_hour_usd=per_token(hour, "input_mtok"),
        audio_usd=per_token("input_audio_mtok", "input_mtok"),
        most_output_usd=max(per_token(kind, "output_mtok") for kind in kinds),
    )

"""A deployment's own prices, as they are written in a file."""

import difflib
from datetime import date
from decimal import Decimal
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from toolshed.economics.prices.rates import Runtime
from toolshed.errors import ConfigurationError


class PriceEntry(BaseModel):
    """A price of a deployment from a date on: by tokens, or by the time of accelerators.

    Attributes:
        effective_from: First day of the price; always, when left out.
        input_mtok, output_mtok: Price of a million tokens.
        cache_read_mtok, cache_write_mtok: The same for cached parts of the prompt; as input when left out.
        cache_write_1h_mtok: The same for what is cached for an hour; as other cache writes when left out.
        reasoning_mtok: The same for hidden reasoning; as output when left out.
        input_audio_mtok, input_image_mtok: The same for audio and pictures in the prompt; as input when left
            out.
        output_audio_mtok, output_image_mtok: The same for audio and pictures given; as output when left out.
        web_search_fee: Price of a search that the provider makes.
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
    cache_write_1h_mtok: Decimal | None = Field(default=None, ge=0)
    reasoning_mtok: Decimal | None = Field(default=None, ge=0)
    input_audio_mtok: Decimal | None = Field(default=None, ge=0)
    input_image_mtok: Decimal | None = Field(default=None, ge=0)
    output_audio_mtok: Decimal | None = Field(default=None, ge=0)
    output_image_mtok: Decimal | None = Field(default=None, ge=0)
    web_search_fee: Decimal = Field(default=Decimal(0), ge=0)
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

    def price(self, name: str, otherwise: str) -> Decimal:
        """A price of a million tokens, or that of another kind where it is left out."""
        own: Decimal | None = getattr(self, name)
        if own is None:
            own = getattr(self, otherwise)
        return Decimal(0) if own is None else own

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

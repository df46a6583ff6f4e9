"""What a price says of calls: dollars per token looking ahead, dollars of a call looking back."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

# Money is exact to a billionth of a dollar: an embedding of twenty tokens costs less than a millionth.
_NANO = Decimal("0.000000001")


def to_nano(amount_usd: Decimal) -> Decimal:
    """Dollars, rounded to a billionth, halves to even."""
    return amount_usd.quantize(_NANO, rounding=ROUND_HALF_EVEN)


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

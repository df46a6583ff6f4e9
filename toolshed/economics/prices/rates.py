"""What a price says of calls: dollars per token looking ahead, dollars of a call looking back."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal

# Money is exact to a billionth of a dollar: an embedding of twenty tokens costs less than a millionth.
_NANO = Decimal("0.000000001")


def to_nano(amount_usd: Decimal) -> Decimal:
    """Dollars, rounded to a billionth, halves to even."""
    return amount_usd.quantize(_NANO, rounding=ROUND_HALF_EVEN)


def up_to_nano(amount_usd: float) -> Decimal:
    """The least whole billionths that are surely no less than an amount worked out in floating point."""
    # Ten sums and products of doubles are right to 1e-14 of their value, a thousandfold below this margin.
    return Decimal(repr(amount_usd * (1 + 1e-11))).quantize(_NANO, rounding=ROUND_CEILING)


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
    """Dollars per token at a time, for looking ahead.

    Attributes:
        input_usd, output_usd: Of a token of text.
        cached_usd: Of one read from the cache.
        request_usd: Of a request, whatever its tokens.
        written_usd, written_hour_usd: Of one written to the cache for five minutes, or an hour; as input
            where they have no price of their own.
        audio_usd: Of a token of audio in the prompt.
        most_output_usd: Of the dearest token that the model may give: text, reasoning, audio or picture.
        tiers: Rates of longer prompts, each with the tokens that the whole prompt must exceed, ascending.
    """

    input_usd: float
    output_usd: float
    cached_usd: float
    request_usd: float = 0.0
    written_usd: float | None = None
    written_hour_usd: float | None = None
    audio_usd: float | None = None
    most_output_usd: float | None = None
    tiers: "tuple[tuple[int, Rates], ...]" = ()

    def at(self, input_tokens: float) -> "Rates":
        """The rates of a prompt of this length: all of its call is paid at those of one tier."""
        holding = self
        for above, rates in self.tiers:
            if input_tokens > above:
                holding = rates
        return holding

    def expected_usd(self, input_tokens: float, output_tokens: float, cached_tokens: float = 0.0) -> float:
        """Expected dollars of a call."""
        rates = self.at(input_tokens)
        return (
            rates.request_usd
            + rates.input_usd * (input_tokens - cached_tokens)
            + rates.cached_usd * cached_tokens
            + rates.output_usd * output_tokens
        )

    def most_usd(
        self,
        input_tokens: float,
        output_tokens: float,
        *,
        audio_tokens: float = 0.0,
        for_an_hour: bool = False,
    ) -> float:
        """The most dollars that a call of so many tokens can cost.

        A provider may write any part of a prompt to its cache, and give any kind of output.

        Args:
            input_tokens: Of the prompt.
            output_tokens: Of the reply.
            audio_tokens: Part of the prompt that is audio.
            for_an_hour: Whether the prompt may be cached for an hour, which only a caller can ask for.
        """
        rates = self.at(input_tokens)
        written = [rates.input_usd, rates.written_usd or 0.0]
        if for_an_hour:
            written.append(rates.written_hour_usd or 0.0)
        audio = max(rates.audio_usd or 0.0, *written)
        return (
            rates.request_usd
            + max(written) * (input_tokens - audio_tokens)
            + audio * audio_tokens
            + max(rates.output_usd, rates.most_output_usd or 0.0) * output_tokens
        )


@dataclass(frozen=True, slots=True)
class PricedCall:
    """What a call cost and where the price is from.

    Attributes:
        cost_usd: Dollars, exact to a billionth.
        source: Price list, with its version, or name of the price file; how a self-hosted call was timed, and
            what had no rate of its own.
        effective_from: Since when that price holds, where the list says so.
    """

    cost_usd: Decimal
    source: str
    effective_from: datetime | None = None

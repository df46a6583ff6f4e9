"""Spending no faster than allowed: a price on dollars that rises while spending is too fast."""

from dataclasses import dataclass

_STEP = 0.05
_MAX_DUAL_PRICE = 5.0


@dataclass
class DualPrice:
    """The dual price of a budget, followed online (as in ParetoBandit, arXiv 2604.00136).

    ``ema = .95 ema + .05 cost; value = clip(value + .05 (ema / pace - 1), 0, 5)`` after every request. It
    steers and guarantees nothing; the hard cap is the ledger's reservation.

    Attributes:
        pace_usd: Dollars that a request may cost on average; None never steers.
        value: How much dearer than its price a dollar is held to be.
    """

    pace_usd: float | None
    value: float = 0.0
    _mean: float | None = None

    def observe(self, cost_usd: float) -> None:
        """Take a request's cost into account."""
        if self.pace_usd is None:
            return
        self._mean = cost_usd if self._mean is None else (1 - _STEP) * self._mean + _STEP * cost_usd
        shift = _STEP * (self._mean / self.pace_usd - 1)
        self.value = min(_MAX_DUAL_PRICE, max(0.0, self.value + shift))

"""The old place of :mod:`toolshed.economics.prices.pricing`, for code that was written before it moved."""

from toolshed.economics.prices.pricing import PriceSheet

__all__ = ["PriceSheet"]

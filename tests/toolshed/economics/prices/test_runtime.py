"""Runtimes of self-hosted models, fitted from latencies."""

import pytest

from toolshed.economics.prices.runtime import fit_runtime
from toolshed.errors import TooLittleEvidenceError


def test_too_few_latencies_are_no_fit() -> None:
    with pytest.raises(TooLittleEvidenceError, match="20"):
        fit_runtime([(1, 1, 1.0)])

"""Fitting how long a self-hosted model takes from the latencies that were booked."""

from collections.abc import Sequence

import numpy as np

from toolshed.economics.prices.rates import Runtime
from toolshed.errors import TooLittleEvidenceError, missing_extra

MIN_CALLS = 20


def fit_runtime(calls: Sequence[tuple[int, int, float]]) -> Runtime:
    """Fit ``base + a * input tokens + b * output tokens`` to seconds, robustly and without negative terms.

    Raw latencies hold queueing and hiccups, always upwards; a soft-L1 loss keeps them from the fit.

    Args:
        calls: Input tokens, output tokens and seconds of each call.

    Raises:
        TooLittleEvidenceError: If there are fewer than twenty calls.
    """
    if len(calls) < MIN_CALLS:
        raise TooLittleEvidenceError(
            f"{len(calls)} calls are too few to fit a runtime; book {MIN_CALLS} with their latency, or give "
            "'runtime' in the price file"
        )
    try:
        from scipy.optimize import least_squares
    except ModuleNotFoundError as error:
        raise missing_extra("scipy", "economics") from error
    table = np.array(calls, float)
    scale = np.maximum(table.mean(0), 1e-9)
    terms = np.column_stack([np.ones(len(table)), table[:, 0] / scale[0], table[:, 1] / scale[1]])
    seconds = table[:, 2] / scale[2]
    typical = max(float(np.median(np.abs(seconds - np.median(seconds)))) / 10, 1e-3)
    start = np.full(3, 1 / 3)
    fitted = least_squares(
        lambda x: terms @ x - seconds, start, bounds=(0, np.inf), loss="soft_l1", f_scale=typical
    ).x
    base, into, out = fitted * scale[2] / np.array([1.0, scale[0], scale[1]])
    return Runtime(float(base), float(into), float(out))

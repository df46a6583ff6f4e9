"""Fit what tells small talk from requests to tools, whatever the catalog.

All are our own texts in ``said``, by topic: small talk, requests, and needs that are told rather than asked,
which sound like small talk ("we are out of milk"). None of them is among the small talk of ``small_talk``,
which confidence is fitted on and judged with.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from toolshed.intra_retrieval.small_talk import WEIGHTS
from toolshed.shed.shed import Toolshed
from toolshed.vectors import Vectors
from toolshed_evals.fitting.confidence import Rows, fit_logistic

_SAID = Path(__file__).with_name("said")
TALK, REQUESTS, NEEDS = (_SAID / name for name in ("to_no_tool.txt", "to_tools.txt", "of_needs.txt"))
# Small talk counts as much as the rest, and of the rest needs count this share. Both numbers were chosen by
# leaving out one topic of small talk after the other, and one dev catalog.
_NEEDS = 0.3
_L2 = 3e-4


def texts_of(path: Path) -> dict[str, list[str]]:
    """The texts of a file by topic: lines under a heading that begins with ``#``."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            found[line[2:]] = []
        elif line:
            found[list(found)[-1]].append(line)
    return found


def fit_talk(talk: Vectors, requests: Vectors, needs: Vectors) -> Vectors:
    """Constant and weights of the log odds that a text is small talk, ``[dimension + 1]``.

    Args:
        talk: Vectors of small talk, ``[n_texts, dimension]``.
        requests: Those of requests.
        needs: Those of needs.
    """
    kinds = (talk, requests, needs)
    shares = (0.5, 0.5 * (1 - _NEEDS), 0.5 * _NEEDS)
    rows = Rows(
        np.concatenate(kinds).astype(np.float64),
        np.repeat([1.0, 0.0, 0.0], [len(one) for one in kinds]),
        np.concatenate(
            [np.full(len(one), share / len(one)) for one, share in zip(kinds, shares, strict=True)]
        ),
    )
    fitted = fit_logistic(rows, l2=_L2, is_standardised=False)
    return np.concatenate([[fitted.intercept], fitted.weights]).astype(np.float32)


def write_talk_head() -> None:
    """Fit for the default encoder and for static vectors, and write what ships."""
    with Toolshed("memory:", pipeline="default", multilingual=False) as shed:
        for name, encoder in shed.encoders.read.items():
            np.save(
                WEIGHTS[name], fit_talk(*(encoder.encode(_all(path)) for path in (TALK, REQUESTS, NEEDS)))
            )


def _all(path: Path) -> Sequence[str]:
    return [text for texts in texts_of(path).values() for text in texts]

"""Packages of the extra that are missing are one line that says what to install."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from toolshed.economics.learning.certification import certify
from toolshed.economics.learning.task_classes import RetrievalFeatures, TaskClasses
from toolshed.economics.ledger.export import export_ledger
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.prices.public_list import _list_match, list_rates
from toolshed.economics.prices.runtime import fit_runtime
from toolshed.economics.reporting.cost_of_pass import Trial, by_group
from toolshed.economics.reporting.intervals import mean_interval
from toolshed.economics.reporting.plots import plot_report
from toolshed.economics.reporting.report import CostReport
from toolshed.errors import ConfigurationError

_REPORT = CostReport("model", by_group([Trial("m", 0.1, True)]), None, (), {})


@pytest.mark.parametrize(
    ("module", "use"),
    [
        pytest.param("scipy.stats", lambda: certify(41, 97, 0.123, error=0.05, n_candidates=2), id="certify"),
        pytest.param("scipy.stats", lambda: mean_interval([1.0, 2.0]), id="interval"),
        pytest.param("scipy.optimize", lambda: fit_runtime([(1, 1, 1.0)] * 20), id="runtime"),
        pytest.param(
            "scipy.cluster.vq",
            lambda: TaskClasses.fit(np.eye(4, dtype=np.float32), [RetrievalFeatures()] * 4),
            id="classes",
        ),
        pytest.param("pyarrow", lambda: export_ledger(Ledger(), Path("unused"), kind="parquet"), id="export"),
        pytest.param("matplotlib.figure", lambda: plot_report(_REPORT, Path("unused")), id="plot"),
        pytest.param("genai_prices", lambda: list_rates("never asked for", datetime.now(UTC)), id="prices"),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(
    module: str, use: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    _list_match.cache_clear()
    for name in [name for name in sys.modules if name.startswith(f"{module}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    extra = "parquet" if module == "pyarrow" else "economics"
    with pytest.raises(ConfigurationError, match=rf"is not installed; .* pip install '\.\[{extra}\]'$"):
        use()

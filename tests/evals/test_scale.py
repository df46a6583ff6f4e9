import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from toolshed.catalog.definitions import Catalog
from toolshed.commands.main import main
from toolshed.shed.shed import Toolshed
from toolshed_evals import scale
from toolshed_evals.datasets import load_dataset
from toolshed_evals.scale import AtSize


def test_a_size_is_measured_by_searches_of_the_data_set(tmp_path: Path) -> None:
    dataset = load_dataset(scale.BASE)
    needed = set().union(*list(dataset.qrels.values())[:10])
    tools = [tool for tool in dataset.catalog.tools if tool.name in needed]
    with Toolshed(tmp_path / "shed", pipeline="instant") as shed:
        shed.add_catalogs([Catalog("eval", tools)])
    found = scale._measured(tmp_path / "shed", "instant", 10)
    assert found.n_tools == len(tools)
    assert found.recall > 0.8
    assert found.p50_ms > 0
    assert found.opening_cpu_s > 0


def test_sizes_are_compared_with_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(n_tools: int, _pipeline: str, _queries: int, _cache: Path) -> AtSize:
        return AtSize(n_tools, n_tools / 1_000, 1.0, n_tools * 100, n_tools * 60, 0.9)

    monkeypatch.setattr(scale, "measure_size", measure)
    arguments = ["eval", "scale", "--tools", "5000", "--tools", "20000", "--pipeline", "instant"]
    figures = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).stdout)["instant"]
    assert figures["20,000 tools: p50 / that of 5,000 tools"] == 4
    assert figures["20,000 tools: resident bytes a tool"] == 100
    shown = CliRunner().invoke(main, arguments).stdout
    assert "instant  20,000 tools: Recall@5" in shown

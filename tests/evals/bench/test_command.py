"""``toolshed bench``: parts of one file of results, as tables and plots."""

import json
from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner

from toolshed.commands.main import main
from toolshed_evals import scale
from toolshed_evals.bench import cold
from toolshed_evals.bench.peers import PeerFigures
from toolshed_evals.bench.results import peers_part, record, sizes_part
from toolshed_evals.scale import AtSize

FAST = PeerFigures(20, 0.5, 0.0, 0.8, 0.1, {"default": 10.0, "instant": 2.0}, 3.0)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results" / "bench.json"


def test_every_command_replaces_its_own_part(monkeypatch: pytest.MonkeyPatch, results: Path) -> None:
    seconds = iter(range(1, 100))
    monkeypatch.setattr(cold, "enlarged", lambda _n, _cache: nullcontext())
    monkeypatch.setattr(cold, "_cpu_seconds", lambda _command: float(next(seconds)))
    record(results, "cold", {"cpu_s": {}})
    record(results, "peers", peers_part({"fast": FAST}, {}, {"default": 0.9, "instant": 0.9}))
    done = CliRunner().invoke(main, ["bench", "cold", "--runs", "1", "--results", str(results)])
    assert done.exit_code == 0, done.output
    found = json.loads(results.read_text(encoding="utf-8"))
    # The first three starts are not counted.
    assert found["cold"]["cpu_s"] == {"floor": 4.0, "default": 5.0, "instant": 6.0}
    assert found["peers"]["peers"]["fast"]["recall"] == 0.8
    assert "| `instant` | 6.00 | 1.5 |" in done.output


def test_sizes_are_measured_with_both_pipelines(monkeypatch: pytest.MonkeyPatch, results: Path) -> None:
    def measure(n_tools: int, _pipeline: str, _queries: int, _cache: Path) -> AtSize:
        return AtSize(n_tools, n_tools / 1_000, 1.0, n_tools * 100, n_tools * 60, 0.9)

    monkeypatch.setattr(scale, "measure_size", measure)
    arguments = ["bench", "sizes", "--tools", "5000", "--tools", "20000", "--results", str(results)]
    done = CliRunner().invoke(main, arguments)
    assert "| 20,000 | `instant` | 4.0 | 0.900 | 100 | 60 |" in done.output
    assert len(json.loads(results.read_text(encoding="utf-8"))["sizes"]["default"]) == 2


def test_results_are_drawn(results: Path, tmp_path: Path) -> None:
    record(results, "peers", peers_part({"fast": FAST}, {"slow": "no"}, {"default": 0.9, "instant": 0.8}))
    sizes = [AtSize(n, n, 1.0, n, 0, 0.9) for n in (1, 9)]
    record(results, "sizes", sizes_part({"default": sizes, "instant": sizes}, 1.0))
    done = CliRunner().invoke(main, ["bench", "draw", str(results), "--out", str(tmp_path / "pictures")])
    assert done.exit_code == 0, done.output
    assert "| fast | 0.800 | 0.05 | 0.25 | 20 | 3 |" in done.output
    assert "- slow: no" in done.output
    assert {one.name for one in (tmp_path / "pictures").iterdir()} == {"bench-peers.png", "bench-sizes.png"}


def test_a_file_of_something_else_is_refused(results: Path) -> None:
    results.parent.mkdir()
    results.write_text("[]", encoding="utf-8")
    done = CliRunner().invoke(main, ["bench", "draw", str(results), "--out", str(results.parent)])
    assert done.exit_code == 2
    assert "holds no results of toolshed bench" in done.stderr

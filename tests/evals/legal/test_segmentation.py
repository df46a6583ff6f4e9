"""``toolshed eval sentences``: real gold, real baselines."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from toolshed.commands.main import main
from toolshed_evals.datasets import data_folder
from toolshed_evals.legal import training
from toolshed_evals.legal.baselines import BASELINES
from toolshed_evals.legal.segmentation import evaluate_segmenters


@pytest.fixture(autouse=True)
def _few_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights that are not shipped need a few passes over the examples only."""
    monkeypatch.setattr(training, "_EPOCHS", 6)


def test_the_report_has_every_segmenter_and_the_documented_form(tmp_path: Path) -> None:
    first = (
        (data_folder() / "legal" / "multilegalsbd_scotus_test.jsonl")
        .read_text(encoding="utf-8")
        .split("\n")[3]
    )
    gold = tmp_path / "one.jsonl"
    gold.write_text(first, encoding="utf-8")
    done = CliRunner().invoke(main, ["eval", "sentences", str(gold), "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["dataset"] == "one"
    assert (report["n_documents"], report["n_sentences"]) == (1, 62)
    # The document was used for fitting, so it is scored by weights fitted without it.
    assert report["n_refitted"] == 1
    assert "fitted without it" in done.stderr
    assert set(report["segmenters"]) >= {"legal", "legal:precise", "nupunkt", "regex", *BASELINES}
    for result in report["segmenters"].values():
        assert set(result) == {"precision", "recall", "f1", "ends_f1", "cut", "chars_per_cpu_second"}
        assert result["chars_per_cpu_second"] > 0
    legal, nltk = report["segmenters"]["legal"], report["segmenters"]["nltk"]
    assert legal["f1"] > 0.95 > nltk["f1"] > 0.4


def test_documents_used_for_fitting_are_scored_without_the_official_folder_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    official = (data_folder() / "legal" / "multilegalsbd_scotus_test.jsonl").read_text(encoding="utf-8")
    gold = tmp_path / "gold.jsonl"
    gold.write_text("\n".join(official.split("\n")[2:4]), encoding="utf-8")
    monkeypatch.setenv("TOOLSHED_DATA", str(tmp_path / "nothing"))
    report = evaluate_segmenters(gold, ["legal"])
    assert report.n_refitted == 2
    # Fitted on one other decision and the sentences that we wrote.
    assert report.segmenters["legal"].scores.f1 > 0.9

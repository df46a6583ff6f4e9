"""``toolshed eval legalbench-rag``."""

import json
from pathlib import Path

from click.testing import CliRunner

from toolshed.commands.main import main


def test_the_command_reports_every_pipeline() -> None:
    done = CliRunner().invoke(
        main, ["eval", "legalbench-rag", "--benchmark", "dev", "--pipeline", "instant", "--json"]
    )
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert (report["benchmark"], report["n_queries"]) == ("dev", 122)
    assert set(report["results"]) == {"instant/legal", "instant/recursive"}
    legal, recursive = report["results"].values()
    assert legal["recall"]["1"] >= recursive["recall"]["1"] - 0.05
    assert legal["quote_precision"]["1"] > recursive["quote_precision"]["1"]


def test_a_folder_without_the_public_layout_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["eval", "legalbench-rag", str(tmp_path)])
    assert done.exit_code == 1
    assert str(tmp_path) in done.stderr

"""``toolshed eval report``."""

from pathlib import Path

from click.testing import CliRunner, Result

from toolshed.commands.main import main

SAMPLE = str(Path(__file__).parents[3] / "evals" / "toolshed_evals" / "sample")


def report(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["eval", "report", *arguments])


def test_the_report_holds_the_table_and_draws_the_plots(tmp_path: Path) -> None:
    runs, reports = tmp_path / "runs", tmp_path / "reports"
    CliRunner().invoke(
        main, ["eval", "compare", SAMPLE, "bm25", "bm25-paper", "--limit", "5", "--out", str(runs)]
    )
    reported = report(str(runs), "--out", str(reports))
    assert reported.exit_code == 0
    assert reported.stdout.strip() == str(reports / "report.md")
    text = (reports / "report.md").read_text()
    assert "| sample | 156 |" in text
    for plot in ("recall-over-k.png", "quality-over-latency.png"):
        assert f"({plot})" in text
        assert (reports / plot).read_bytes().startswith(b"\x89PNG")


def test_a_folder_without_runs_says_how_to_make_some() -> None:
    result = report(SAMPLE)
    assert result.exit_code == 1
    assert "holds no runs; make some with: toolshed eval compare" in result.stderr

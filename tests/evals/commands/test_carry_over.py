"""``toolshed eval carry-over``."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from toolshed.commands.main import main
from toolshed_evals.carry_over import CONTENDERS
from toolshed_evals.commands.carry_over import CATALOG_NAMES, CONTENDER_NAMES
from toolshed_evals.dev_catalogs import DEV_CATALOGS


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["eval", "carry-over", *arguments])


def test_the_second_run_says_the_same_without_indexing_again(tmp_path: Path) -> None:
    arguments = ("--catalog", "sample", "--pipeline", "bm25", "--cache", str(tmp_path), "--json")
    first, second = run(*arguments), run(*arguments)
    assert first.exit_code == second.exit_code == 0
    assert first.stderr.startswith("sample: 156 tools")
    (cached,) = tmp_path.glob("sample-requests-int8.npz")
    assert cached.stat().st_size
    found = json.loads(second.stdout)
    assert found == json.loads(first.stdout)
    assert found["catalogs"]["sample"]["n_queries"] == 74
    assert set(found["means"]) == {"bm25", "hybrid"}
    assert found["gains"]["bm25"]["recall@5"]["worst_catalog"] == "sample"


def test_the_names_on_offer_are_those_there_are() -> None:
    assert tuple(CONTENDERS) == CONTENDER_NAMES
    assert tuple(catalog.name for catalog in DEV_CATALOGS) == CATALOG_NAMES


def test_missing_files_are_named(tmp_path: Path) -> None:
    result = CliRunner(env={"TOOLSHED_DATA": str(tmp_path)}).invoke(
        main, ["eval", "carry-over", "--catalog", "apibank_lv12", "--cache", str(tmp_path)]
    )
    assert result.exit_code == 2
    assert "TOOLSHED_DATA" in result.stderr


def test_an_unknown_catalog_is_misuse() -> None:
    assert run("--catalog", "elsewhere").exit_code == 2

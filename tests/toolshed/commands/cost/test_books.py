"""Where the books of a command are; errors in words."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from toolshed.commands.cost.books import ledger_location
from toolshed.commands.main import main
from toolshed.errors import ConfigurationError


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["cost", *arguments])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("report",), "there is no ledger"),
        (("report", "--table", "nope"), "no outcome table"),
        (("explain", "nope"), "there is no ledger"),
        (("report", "--ledger", "nonsense://x"), "postgresql+psycopg"),
    ],
)
def test_errors_are_told_in_words(arguments: tuple[str, ...], told: str, tmp_path: Path) -> None:
    where = () if "--ledger" in arguments else ("--kb", str(tmp_path))
    done = invoke(*arguments, *where)
    assert done.exit_code in (1, 2)
    assert told in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize("kb", ["http://host:6333", "https://qdrant.example/"])
def test_a_server_keeps_no_ledger_and_it_says_to_give_one(kb: str) -> None:
    done = invoke("report", "--kb", kb)
    assert done.exit_code == 2
    assert "keeps no ledger" in done.output
    assert "--ledger" in done.output
    assert "postgresql+psycopg://user@host/name" in done.output
    with pytest.raises(ConfigurationError, match="keeps no ledger"):
        ledger_location(kb, None)
    assert ledger_location(kb, "postgresql+psycopg://user@host/name").startswith("postgresql")


def test_a_table_is_reported_on_wherever_the_knowledge_base_is(own_table: Path) -> None:
    done = invoke("report", "--kb", "http://host:6333", "--table", str(own_table))
    assert done.exit_code == 0, done.output


def test_the_ledger_of_a_folder_lies_in_it(tmp_path: Path) -> None:
    assert ledger_location(str(tmp_path), None) == str(tmp_path / "ledger.db")
    assert ledger_location(str(tmp_path), "other.db") == "other.db"

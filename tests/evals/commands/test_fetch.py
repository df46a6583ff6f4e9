"""``toolshed eval fetch``."""

from pathlib import Path

from click.testing import CliRunner, Result

from toolshed.commands.main import main


def fetch(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["eval", "fetch", *arguments])


def test_an_unknown_data_set_is_refused() -> None:
    result = fetch("imagenet")
    assert result.exit_code == 2
    assert "'imagenet' is not one of" in result.stderr


def test_a_mirror_that_does_not_answer_is_named(tmp_path: Path) -> None:
    # Nothing listens on the port of the discard service.
    result = fetch("toole", "--to", str(tmp_path), "--base-url", "http://127.0.0.1:9")
    assert result.exit_code == 1
    assert "127.0.0.1:9" in result.stderr
    assert not list(tmp_path.rglob("*.json*"))

"""The group ``toolshed cost``."""

from click.testing import CliRunner, Result

from toolshed.commands.main import main


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["cost", *arguments])


def test_help_of_every_command_shows_examples() -> None:
    for command in ("report", "explain", "select", "outcome", "export", "replay"):
        assert "toolshed cost" in invoke(command, "--help").output

"""The command line, run in this process."""

from typing import Any

from click.testing import CliRunner, Result

from toolshed.commands.main import main


def run(*arguments: str, **options: Any) -> Result:
    """What a command printed and how it ended; an error that nobody foresaw fails the test."""
    done = CliRunner().invoke(main, arguments, **options)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done

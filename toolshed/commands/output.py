"""What commands print: text for people, JSON for machines, a bar for those who wait.

All of it quotes tools and documents that others wrote, so nothing in it may steer the terminal.
"""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from toolshed.catalog.visible_text import visible, visible_json
from toolshed.errors import ConfigurationError


@contextmanager
def progress_bar(label: str, *, show: bool = True) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, where that is a terminal; yields what to call with the done and the total."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not show or not console.is_terminal) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def say(text: object, *, err: bool = False) -> None:
    """Write a text for people to standard output, or to stderr; what would steer the terminal is spelt."""
    click.echo(visible(str(text)), err=err)


def print_json(value: object) -> None:
    """Write JSON for a machine to standard output; numbers that JSON does not have become null."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if "NaN" in text or "Infinity" in text:
        plain = json.loads(text, parse_constant=lambda _: None)
        text = json.dumps(plain, indent=2, ensure_ascii=False)
    click.echo(visible_json(text))


def confirm_removal(question: str, *, is_confirmed: bool) -> None:
    """Ask on the terminal whether to remove something, unless that was said.

    Raises:
        ConfigurationError: If there is nobody to ask.
        click.Abort: If the answer is no.
    """
    if is_confirmed:
        return
    if not sys.stdin.isatty():
        raise ConfigurationError("nothing was removed: nobody is there to confirm it; say so with --yes")
    click.confirm(visible(question), abort=True, err=True)


class VisibleFormatter(logging.Formatter):
    """Formats log records for a terminal, which those that quote others shall not steer."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record, and spell what would steer the terminal."""
        return visible(super().format(record))

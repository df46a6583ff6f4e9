"""What commands print: text for people, JSON for machines, a bar for those who wait.

All of it quotes tools and documents that others wrote, so nothing in it may steer the terminal.
"""

import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from toolshed.catalog.visible_text import visible, visible_json
from toolshed.errors import ConfigurationError

# How often a log is told how far something is.
LINE_SECONDS = 5.0


@contextmanager
def progress_bar(label: str, *, show: bool = True) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, or a line every few seconds where that is no terminal but a log.

    Yields what to call with the done and the total.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    if show and not console.is_terminal:
        yield _ProgressLines(label)
        return
    with Progress(*columns, console=console, disable=not show) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class _ProgressLines:
    """Says in a line how far something is, every few seconds and at its end, if it takes as long."""

    def __init__(self, label: str) -> None:
        self._label, self._started = label, time.monotonic()
        self._said = self._started

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        has_said = self._said > self._started
        if now - self._said < LINE_SECONDS and not (has_said and done == total):
            return
        self._said = now
        say(f"{self._label}: {done:,} of {total:,} after {now - self._started:.0f} s", err=True)


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

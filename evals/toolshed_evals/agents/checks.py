"""Checks of tasks: what must be so in the world, and in the answer, when an agent is done."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from toolshed_evals.agents.world import Row, World

# Whether a world and the agent's answer are as they should be.
Check = Callable[[World, str], bool]
# What an agent answers where no tool does what is asked.
NO_TOOL = "NO_TOOL"
# An answer is said, not hidden in a listing of everything.
_MAX_ANSWER = 600
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Holds:
    """Stands for every text that has these words in it."""

    words: str

    def fits(self, value: object) -> bool:
        """Whether a value is such a text."""
        return self.words.casefold() in str(value).casefold()


def has(table: str, **values: object) -> Check:
    """There is a row with these values; texts may differ in case, and by :class:`Holds` in all but words."""
    return lambda world, _: any(_fits(row, values) for row in world.rows(f"SELECT * FROM {table}"))  # noqa: S608  # our own tables


def gone(table: str, **values: object) -> Check:
    """There is no row with these values."""
    return lambda world, answer: not has(table, **values)(world, answer)


def file_is(path: str, text: str | Holds) -> Check:
    """A file has this content, but for white space at its end."""

    def check(world: World, _: str) -> bool:
        file = world.path(path)
        if not file.is_file():
            return False
        return _equals(file.read_text(encoding="utf-8").strip(), text)

    return check


def no_file(path: str) -> Check:
    """There is nothing under a path."""
    return lambda world, _: not world.path(path).exists()


def folder_is(path: str) -> Check:
    """There is a folder."""
    return lambda world, _: world.path(path).is_dir()


def answers(*wanted: str | float) -> Check:
    """The answer says each of these: a text in any case, a number however it is written."""

    def check(_: World, answer: str) -> bool:
        if len(answer) > _MAX_ANSWER or NO_TOOL in answer:
            return False
        # 1,234.5 is one number.
        said = re.sub(r"(?<=\d),(?=\d{3}\b)", "", answer)
        numbers = [float(number) for number in _NUMBER.findall(said)]
        return all(
            one.casefold() in said.casefold()
            if isinstance(one, str)
            else any(abs(number - one) < 0.006 for number in numbers)
            for one in wanted
        )

    return check


def _fits(row: Row, values: dict[str, object]) -> bool:
    return all(_equals(row[name], value) for name, value in values.items())


def _equals(value: object, wanted: object) -> bool:
    if isinstance(wanted, Holds):
        return wanted.fits(value)
    if isinstance(wanted, str):
        return str(value).casefold().strip(" .") == wanted.casefold().strip(" .")
    return value == wanted

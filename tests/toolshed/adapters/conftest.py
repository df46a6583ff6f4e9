"""A thousand tools with a real effect each, for the agents of real frameworks."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder

VERBS = ["create", "delete", "list", "update", "archive", "export", "share", "print", "rename", "measure"]
THINGS = ["invoice", "parcel", "garden", "ticket", "violin", "museum", "battery", "novel", "recipe", "photo"]
PLACES = ["northa", "southb", "eastc", "westd", "innere", "outerf", "upperg", "lowerh", "fari", "nearj"]
TASK = "Please archive the violin in the district westd."
WANTED = "archive_violin_westd"


@dataclass
class Office:
    """A knowledge base of 1,000 functions; ``done`` holds the calls that were made."""

    shed: Toolshed
    done: list[tuple[str, str]] = field(default_factory=list)


def _functions(office_done: list[tuple[str, str]]) -> list[Callable[[str], str]]:
    def function(verb: str, thing: str, place: str) -> Callable[[str], str]:
        name = f"{verb}_{thing}_{place}"

        def act(who: str) -> str:
            if who == "nobody":
                raise ValueError("nobody cannot have it done")
            office_done.append((name, who))
            return f"done for {who}"

        act.__name__ = act.__qualname__ = name
        act.__doc__ = f"{verb.title()} a {thing} in the district {place}."
        return act

    return [function(*words) for words in itertools.product(VERBS, THINGS, PLACES)]


@pytest.fixture(scope="module")
def _opened() -> Iterator[Office]:
    done: list[tuple[str, str]] = []
    with Toolshed("memory:", encoder=HashingEncoder(512)) as shed:
        shed.add_tools(_functions(done), source_name="office")
        assert len(shed.list_tools()) == 1_000
        yield Office(shed, done)


@pytest.fixture
def office(_opened: Office) -> Office:
    _opened.done.clear()
    return _opened

"""A thousand tools with a real effect each, for the agents of real frameworks."""

import itertools
import sys
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


# Never closed, as in LangChain's own cache; the loops that some of them were opened in have ended.
_clients: list[object] = []


@pytest.fixture(autouse=True)
def _clients_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """LangChain keeps clients by URL for good, and a port of loopback comes again for another test."""
    module = sys.modules.get("langchain_openai.chat_models._client_utils")
    for kind in () if module is None else ("sync", "async"):
        monkeypatch.setattr(
            module, f"_cached_{kind}_httpx_client", _keeping(getattr(module, f"_build_{kind}_httpx_client"))
        )


def _keeping(build: Callable[..., object]) -> Callable[..., object]:
    def build_and_keep(*given: object) -> object:
        _clients.append(build(*given))
        return _clients[-1]

    return build_and_keep


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

from dataclasses import replace

import pytest

from toolshed_api.callers import Caller
from toolshed_api.mcp.handles import SearchHandles, UnknownSearchError

ANA = Caller("ana", tenant="acme")


class Clock:
    now = 1_000_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_handle_is_read_by_any_process_with_the_secret() -> None:
    given = SearchHandles(b"secret").new(ANA)
    assert SearchHandles(b"secret").read(given.text, ANA) == given
    assert len(given.text) < 40


def test_no_two_handles_are_alike() -> None:
    handles = SearchHandles(b"secret")
    assert len({handles.new(ANA).text for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    "other",
    [
        replace(ANA, name="ben"),
        replace(ANA, tenant="other"),
        # The same text where the two stand side by side.
        Caller("na", tenant="acmea"),
    ],
)
def test_a_handle_is_good_for_its_caller_only(other: Caller) -> None:
    handles = SearchHandles(b"secret")
    with pytest.raises(UnknownSearchError):
        handles.read(handles.new(ANA).text, other)


def test_a_handle_expires() -> None:
    clock = Clock()
    handles = SearchHandles(b"secret", seconds=60, clock=clock)
    given = handles.new(ANA)
    clock.now += 59
    handles.read(given.text, ANA)
    clock.now += 2
    with pytest.raises(UnknownSearchError, match="search again"):
        handles.read(given.text, ANA)


def test_a_changed_handle_is_refused_whichever_character_it_is() -> None:
    handles = SearchHandles(b"secret")
    text = handles.new(ANA).text
    for at in range(len(text)):
        changed = text[:at] + ("B" if text[at] == "A" else "A") + text[at + 1 :]
        with pytest.raises(UnknownSearchError):
            handles.read(changed, ANA)


@pytest.mark.parametrize("text", ["", "s-", "s-" + "A" * 36, "s-" + "é" * 36, "x" * 10**6, "s-" + "=" * 36])
def test_what_is_no_handle_is_refused(text: str) -> None:
    with pytest.raises(UnknownSearchError) as refused:
        SearchHandles(b"secret").read(text, ANA)
    assert len(str(refused.value)) < 300

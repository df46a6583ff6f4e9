"""Hostile strings: what is told of a place that takes long with one, or fails."""

import time

import pytest

from toolshed.catalog.visible_text import visible
from toolshed.errors import ConfigurationError
from toolshed_evals.endurance import strings as subject


def test_strings_are_of_their_length_and_begin_as_they_say() -> None:
    assert subject.hostile("|") == "|" * 100_000
    assert subject.hostile("§ 1|:1").startswith("§ 1:1:1")
    assert {len(subject.hostile(unit)) for unit in subject.UNITS} == {100_000}


def test_what_takes_or_refuses_a_string_soon_loses_nothing() -> None:
    def refuse(_text: str) -> None:
        raise ConfigurationError("no")

    taken, refused = subject.given(visible, "a"), subject.given(refuse, "a")
    assert (taken.answers["taken"], taken.lost) == (1, [])
    assert (refused.answers["refused"], refused.lost) == (1, [])


def test_an_error_of_another_kind_and_a_long_time_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_text: str) -> None:
        raise RecursionError("deep")

    clock = iter([0.0, 1.5])
    monkeypatch.setattr(time, "process_time", lambda: next(clock))
    assert subject.given(fail, "(").lost == ["'(': raised RecursionError('deep')", "'(': 1.50 s"]

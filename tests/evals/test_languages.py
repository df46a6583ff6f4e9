"""Requests in other languages, without the extra and with it."""

import pytest
from click.testing import CliRunner

from toolshed.commands.main import main
from toolshed_evals import languages


def test_the_table(other_languages: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "VARIANTS", (("bm25", False), ("instant", True)))
    spanish = languages.by_language("dev")["es"]
    monkeypatch.setattr(languages, "by_language", lambda half: {"es": spanish})
    done = CliRunner().invoke(main, ["eval", "languages", "--half", "dev"])
    assert done.exit_code == 0, done.output
    head, _, row = done.stdout.splitlines()
    assert head == "| language | requests | `bm25` | `instant` + multilingual |"
    without, read = (float(cell.split("/")[0]) for cell in row.split("|")[3:5])
    assert read > 0.7 > without


def test_without_the_extra_it_is_named() -> None:
    done = CliRunner().invoke(main, ["eval", "languages"])
    assert done.exit_code == 2
    assert "multilingual" in done.stderr


def test_each_half_asks_in_six_languages() -> None:
    halves = [languages.by_language(half) for half in ("dev", "test")]
    assert [[*half] for half in halves] == [["de", "fr", "es", "it", "pt", "ja"]] * 2
    assert [len(half["de"].queries) for half in halves] == [41, 41]

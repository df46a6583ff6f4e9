"""What commands print: JSON for machines, and a bar that is nobody's output."""

import json

import pytest

from toolshed.commands.output import print_json, progress_bar


@pytest.mark.parametrize("value", [{"name": "créer 發票 🧾", "n": 2**70}, [], "a\nb", None], ids=repr)
def test_json_is_one_value_in_its_own_characters(value: object, capsys: pytest.CaptureFixture[str]) -> None:
    print_json(value)
    printed = capsys.readouterr()
    assert json.loads(printed.out) == value
    assert (printed.out.endswith("\n"), printed.err) == (True, "")
    assert "\\u" not in printed.out


@pytest.mark.parametrize("show", [True, False])
def test_a_bar_is_drawn_on_terminals_only(show: bool, capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("tools", show=show) as progress:
        progress(1, 2)
        progress(2, 2)
    printed = capsys.readouterr()
    assert (printed.out, printed.err.strip()) == ("", "")


def test_on_a_terminal_a_bar_counts_and_is_no_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar("tools") as progress:
        progress(1, 2)
        progress(2, 2)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "2/2" in shown.err
    with progress_bar("tools", show=False) as progress:
        progress(1, 2)
    assert "1/2" not in capsys.readouterr().err

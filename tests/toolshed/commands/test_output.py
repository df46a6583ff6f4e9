"""What commands print: JSON for machines, a bar that is nobody's output, and nothing raw."""

import json
import logging
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import toolshed.commands
from toolshed.commands import output
from toolshed.commands.main import main
from toolshed.commands.output import VisibleFormatter, print_json, progress_bar, say

HOSTILE = "Send mail\x1b[2J\x07\x9b31m\u202emoc.live\u200b"
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]")


def test_nothing_a_source_says_steers_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOOLSHED_PIPELINE", "instant")
    tools = [{"name": "send", "description": HOSTILE}, {"name": f"bad{HOSTILE}"}, {"type": HOSTILE}]
    Path("t.json").write_text(json.dumps(tools))
    runs = [
        ["index", "tools", "t.json"],
        ["index", "tools", "t.json", "--skip-invalid"],
        ["index", "tools", f"gone{HOSTILE}.json"],
        ["search", "send mail"],
        ["search", "send mail", "--explain"],
        ["search", "send mail", "--json"],
        ["--verbose", "search", f"send mail {HOSTILE}", "--explain"],
        ["doctor"],
    ]
    results = [CliRunner().invoke(main, run) for run in runs]
    for result in results:
        assert result.output
        assert not RAW.search(result.output), result.output
    assert r"Send mail\x1b[2J\x07\x9b31m\u202emoc.live\u200b" in results[3].output
    # What is stored, and what a machine reads, is what the source said.
    assert json.loads(results[5].stdout)["tools"][0]["description"] == HOSTILE


def test_json_has_no_numbers_that_json_does_not_have(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"cost": float("inf"), "loss": [float("nan"), 1.5], "text": "NaN is no number"})
    printed = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert printed == {"cost": None, "loss": [None, 1.5], "text": "NaN is no number"}


def test_said_and_logged_text_is_spelt(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE, err=True)
    record = logging.LogRecord("n", logging.ERROR, "f", 1, "failed: %s", (HOSTILE,), None)
    for text in (capsys.readouterr().err, VisibleFormatter("%(message)s").format(record)):
        assert not RAW.search(text)


def test_commands_print_through_one_place() -> None:
    folder = Path(toolshed.commands.__path__[0])
    others = [path for path in folder.rglob("*.py") if path.name != "output.py"]
    assert len(others) > 10
    assert [
        path.name for path in others if re.search(r"\b(click\.secho|click\.echo|print)\(", path.read_text())
    ] == []


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


def test_a_log_gets_a_line_every_few_seconds_and_one_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [100.0]
    monkeypatch.setattr(output.time, "monotonic", lambda: now[0])
    with progress_bar("passages") as progress:
        for done in range(1, 9):
            now[0] += 2
            progress(done, 8)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        "passages: 3 of 8 after 6 s",
        "passages: 6 of 8 after 12 s",
        "passages: 8 of 8 after 16 s",
    ]


def test_what_is_not_to_be_shown_is_not_told_to_a_log_either(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "LINE_SECONDS", 0.0)
    with progress_bar("passages", show=False) as progress:
        progress(1, 2)
    assert capsys.readouterr().err == ""


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

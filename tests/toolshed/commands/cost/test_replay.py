"""``toolshed cost replay``: a table or JSON; wrong options are named."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from toolshed.commands.main import main


def test_the_command_prints_a_table_and_json(own_table: Path) -> None:
    arguments = ["cost", "replay", str(own_table), "--requests", "50", "--seeds", "2"]
    shown = CliRunner().invoke(main, arguments)
    assert shown.exit_code == 0, shown.output
    assert "best_single" in shown.output
    machine = CliRunner().invoke(main, [*arguments, "--policies", "ours,best-single", "--json"])
    read = json.loads(machine.stdout)
    assert (read["table"], read["requests"], read["failure_price"]) == ("own", 50, 0.05)
    assert set(read["scenarios"]) == {"stationary", "drift"}
    ours = read["scenarios"]["drift"]["ours"]
    assert {len(ours[key]) for key in ("dollars_per_1000", "pass_rate", "spend")} == {2}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--policies", "theirs"], "unknown policy 'theirs'"),
        (["--scenarios", "flood"], "unknown scenario"),
        (["--golden", "200"], "200 queries"),
        (["--price-change", "cheap=-1"], "not a number above 0"),
        (["--price-change", "other=2"], "not among the arms"),
        (["--drift", "cheap"], "ARM=VALUE"),
    ],
)
def test_wrong_options_are_named(own_table: Path, options: list[str], told: str) -> None:
    done = CliRunner().invoke(main, ["cost", "replay", str(own_table), "--seeds", "1", *options])
    assert done.exit_code in (1, 2)
    assert told in done.output
    assert "Traceback" not in done.output

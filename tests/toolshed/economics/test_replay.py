"""Replay: the same streams for every policy, on official and own tables."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from toolshed.commands.main import main
from toolshed.economics.replay.simulation import StreamOptions, run_stream
from toolshed.economics.replay.tables import OutcomeTable, named_table, read_table, with_arms
from toolshed.errors import SourceError


@pytest.fixture
def own_table(tmp_path: Path) -> Path:
    """Two models on 200 queries of two classes: the dear one passes all, the cheap one every second."""
    lines = ["query_id,task_class,model,passed,cost_usd"]
    for query in range(200):
        lines.append(f"q{query},c{query % 2},cheap,{int(query % 4 < 2)},0.001")
        lines.append(f"q{query},c{query % 2},dear,1,0.01")
    path = tmp_path / "own.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def table(path: Path) -> OutcomeTable:
    return read_table(path)


def test_fixed_policies_cost_what_is_worked_out_by_hand(own_table: Path) -> None:
    options = StreamOptions(requests=400, failure_usd=0.05)
    cheap = run_stream(table(own_table), "cheapest", 0, "stationary", options)
    # .001 + .05 x half = .026 a request
    assert cheap.usd_per_1000 == pytest.approx(26)
    assert (cheap.pass_rate, cheap.spend_usd) == (0.5, pytest.approx(0.4))
    best = run_stream(table(own_table), "best_single", 0, "stationary", options)
    assert (best.usd_per_1000, best.pass_rate) == (pytest.approx(10), 1.0)
    # From half time the dear one passes what the cheap one does.
    drifted = run_stream(table(own_table), "best_single", 0, "drift", options)
    assert drifted.usd_per_1000 == pytest.approx((10 + 35) / 2)


def test_our_policy_learns_which_one_is_better_and_follows_a_price_change(own_table: Path) -> None:
    options = StreamOptions(requests=2000, failure_usd=0.05, delay=20)
    learnt = run_stream(table(own_table), "ours", 1, "stationary", options)
    assert learnt.usd_per_1000 < 14
    dearer = StreamOptions(requests=2000, failure_usd=0.05, delay=20, price_change=("dear", 10))
    changed = run_stream(table(own_table), "ours", 1, "stationary", dearer)
    # At $.10 a call the cheap one is better (.026), and the switch costs nothing.
    assert changed.usd_per_1000 < (14 + 27) / 2


def test_a_check_lets_our_policy_try_the_dear_arm_after_the_cheap_one(own_table: Path) -> None:
    options = StreamOptions(requests=2000, failure_usd=0.02, has_check=True)
    checked = run_stream(table(own_table), "ours", 1, "stationary", options)
    # .001 and, for every second, .01 more; the dear one alone would cost 10.
    assert checked.usd_per_1000 < 8
    assert checked.pass_rate > 0.99


def test_golden_queries_are_charged(own_table: Path) -> None:
    options = StreamOptions(requests=10, golden=50, failure_usd=1e-9)
    assert run_stream(table(own_table), "ours", 0, "stationary", options).spend_usd >= 50 * 0.011


def test_equal_seeds_give_equal_results(own_table: Path) -> None:
    runs = [
        run_stream(table(own_table), policy, 3, "drift", StreamOptions(requests=300))
        for policy in ("ours", "thompson", "random", "paretobandit")
        for _ in range(2)
    ]
    assert runs[::2] == runs[1::2]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param("query_id,model\nq,m", "needs the columns", id="no-outcome"),
        pytest.param("query_id,model,passed", "no rows", id="empty"),
        pytest.param("query_id,model,passed,cost_usd\nq,m,1,1\nq,m,1,1", "two rows", id="twice"),
        pytest.param("query_id,model,passed,cost_usd\nq,m,1,1\nr,n,1,1", "not every model", id="holes"),
        pytest.param("query_id,model,passed,cost_usd\nq,m,1,much", "no outcome table", id="no-number"),
    ],
)
def test_unusable_tables_say_what_is_wrong(content: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match=told):
        read_table(path)


def test_unknown_tables_and_arms_name_what_there_is(own_table: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no outcome table 'nope'"):
        named_table("nope", tmp_path)
    with pytest.raises(SourceError, match="cheap, dear"):
        with_arms(table(own_table), ["cheep"])


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


def test_the_bfcl_stream_is_the_documented_one_and_its_bars_hold() -> None:
    folder = Path(os.environ.get("TOOLSHED_DATA", "data")) / "outcomes" / "bfcl_2024-08-11"
    if not folder.is_dir():
        pytest.skip("no official outcome tables")
    bfcl = read_table(folder)
    assert (len(bfcl.queries), len(bfcl.classes), len(bfcl.arms)) == (1700, 12, 8)
    fixed = run_stream(bfcl, "best_single", 0, "stationary", StreamOptions())
    assert fixed.usd_per_1000 == pytest.approx(6.407, abs=0.001)
    assert run_stream(bfcl, "best_single", 0, "drift", StreamOptions()).usd_per_1000 == pytest.approx(
        19.44, abs=0.01
    )
    # Seeds by which no setting was chosen; four of the twelve of `toolshed cost replay`.
    totals = {
        scenario: np.mean(
            [run_stream(bfcl, "ours", s, scenario, StreamOptions()).usd_per_1000 for s in range(4)]
        )
        for scenario in ("stationary", "drift")
    }
    assert totals["stationary"] <= 6.9
    assert totals["drift"] <= 7.7

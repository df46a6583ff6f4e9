"""Our policy on streams: it learns, follows prices, and escalates."""

from pathlib import Path

from toolshed.economics.replay.simulation import StreamOptions, run_stream
from toolshed.economics.replay.tables import read_table


def test_our_policy_learns_which_one_is_better_and_follows_a_price_change(own_table: Path) -> None:
    options = StreamOptions(requests=2000, failure_usd=0.05, delay=20)
    learnt = run_stream(read_table(own_table), "ours", 1, "stationary", options)
    assert learnt.usd_per_1000 < 14
    dearer = StreamOptions(requests=2000, failure_usd=0.05, delay=20, price_change=("dear", 10))
    changed = run_stream(read_table(own_table), "ours", 1, "stationary", dearer)
    # At $.10 a call the cheap one is better (.026), and the switch costs nothing.
    assert changed.usd_per_1000 < (14 + 27) / 2


def test_a_check_lets_our_policy_try_the_dear_arm_after_the_cheap_one(own_table: Path) -> None:
    options = StreamOptions(requests=2000, failure_usd=0.02, has_check=True)
    checked = run_stream(read_table(own_table), "ours", 1, "stationary", options)
    # .001 and, for every second, .01 more; the dear one alone would cost 10.
    assert checked.usd_per_1000 < 8
    assert checked.pass_rate > 0.99

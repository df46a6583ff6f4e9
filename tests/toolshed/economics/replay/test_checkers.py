"""Checkers: what errors and prices do to a cascade, and when a check is worth its price."""

from pathlib import Path

import pytest

from toolshed.economics.replay.checkers import compare_checkers
from toolshed.economics.replay.simulation import StreamOptions, run_stream
from toolshed.economics.replay.tables import OutcomeTable, read_table
from toolshed.errors import InvalidQueryError

OPTIONS = StreamOptions(requests=600, failure_usd=0.05)


@pytest.fixture
def table(tmp_path: Path) -> OutcomeTable:
    """The cheap model passes seven of ten, the dear one all."""
    lines = ["query_id,model,passed,cost_usd"]
    for query in range(50):
        lines += [f"q{query},cheap,{int(query % 10 < 7)},0.001", f"q{query},dear,1,0.02"]
    path = tmp_path / "own.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_table(path)


def test_a_good_cheap_checker_is_worth_its_price_and_a_dear_or_blind_one_is_not(table: OutcomeTable) -> None:
    found = compare_checkers(
        table, false_accept=[0.0, 1.0], check_usd=[0.0, 0.04], seeds=range(3), options=OPTIONS
    )
    unchecked, exact, exact_dear, blind, _ = found
    assert unchecked.saved_usd is None
    assert (
        exact.pass_rate.value > unchecked.pass_rate.value or exact.spend_usd.value < unchecked.spend_usd.value
    )
    assert exact.is_worth_it
    assert 0 < exact.worth_usd < 0.04
    assert not exact_dear.is_worth_it
    assert not blind.is_worth_it, "what lets everything pass is no check"


def test_what_a_checker_costs_is_spent_and_what_it_lets_pass_counts_as_it_was(table: OutcomeTable) -> None:
    options = StreamOptions(requests=500, has_check=True, check_usd=0.003, check_false_accept=1.0)
    blind = run_stream(table, "cheapest", 1, "stationary", options)
    assert blind.checks == 500
    assert blind.spend_usd == pytest.approx(500 * (0.001 + 0.003))
    assert blind.pass_rate == pytest.approx(0.7)
    strict = StreamOptions(requests=500, has_check=True, check_false_reject=1.0)
    assert run_stream(table, "cheapest", 1, "stationary", strict).pass_rate == 0, "refused for good"


@pytest.mark.parametrize(
    ("rates", "prices"), [([], [0.0]), ([0.0], []), ([1.5], [0.0]), ([-0.1], [0.0]), ([0.1], [-1.0])]
)
def test_what_is_no_checker_is_refused(table: OutcomeTable, rates: list[float], prices: list[float]) -> None:
    with pytest.raises(InvalidQueryError):
        compare_checkers(table, false_accept=rates, check_usd=prices, seeds=[0], options=OPTIONS)

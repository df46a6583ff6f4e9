"""How many requests a caller may make."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.threads import switching_at_every_turn
from toolshed.state.database import Database
from toolshed_api.auth.rates import Rates
from toolshed_api.callers import Caller
from toolshed_api.problems import TooManyRequestsError
from toolshed_api.state import open_state


def admitted(rates: Rates, caller: Caller, n: int) -> int:
    def ask(_: int) -> bool:
        try:
            asyncio.run(rates.check(caller))
        except TooManyRequestsError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(ask, range(n)))


def test_no_more_are_let_in_than_may_be_and_each_caller_has_his_own(database: Database) -> None:
    rates = Rates(None, database)
    caller = Caller("key:a", requests_per_minute=2)
    with switching_at_every_turn():
        assert 2 <= admitted(rates, caller, 60) <= 4, "one comes back every half minute"
    assert admitted(rates, Caller("key:a", "acme", requests_per_minute=5), 5) == 5
    assert admitted(rates, Caller("key:b"), 50) == 50


async def test_who_is_refused_is_told_when_to_come_again(database: Database) -> None:
    rates = Rates(1, database)
    await rates.check(Caller("key:a"))
    with pytest.raises(TooManyRequestsError) as refused:
        await rates.check(Caller("key:a"))
    assert 1 <= refused.value.retry_after_seconds <= 60


def test_replicas_on_a_server_count_together(database: Database, location: str) -> None:
    other = open_state(location)
    caller = Caller("key:a", requests_per_minute=5)
    each = [admitted(Rates(None, one), caller, 10) for one in (database, other)]
    if location.startswith("postgresql"):
        assert each[0] >= 5 > each[1]
    else:
        assert min(each) >= 5
    other.close()

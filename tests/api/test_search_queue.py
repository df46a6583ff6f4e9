"""Searches wait for their turn, or are refused before they would wait for too long."""

import asyncio
import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import httpx
import pytest

from tests.api.serving import TOOLS, problem, running
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed_api.app import create_app
from toolshed_api.caller_shed import CallerShed
from toolshed_api.callers import ANYBODY
from toolshed_api.problems import OverloadedError
from toolshed_api.search_queue import SearchQueue


class Gate:
    """A search that takes until it is let through."""

    def __init__(self) -> None:
        self.opened, self.begun = threading.Event(), threading.Semaphore(0)

    def search(self, n: int) -> int:
        self.begun.release()
        assert self.opened.wait(60)
        return n


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.opened.set()


def queue(*, max_wait_ms: int, queue_at_least: int) -> SearchQueue:
    settings = Settings(max_wait_ms=max_wait_ms, queue_at_least=queue_at_least)
    made = SearchQueue(settings, n_threads=1)
    made.latest_seconds = 0.1
    return made


async def test_a_search_is_refused_before_it_would_wait_longer_than_allowed(gate: Gate) -> None:
    searches = queue(max_wait_ms=250, queue_at_least=0)
    # At a tenth of a second each, the fourth would wait for three.
    waiting = [asyncio.create_task(searches.run(1, gate.search, n)) for n in range(3)]
    await asyncio.to_thread(gate.begun.acquire)
    with pytest.raises(OverloadedError, match="would wait 300 ms now, longer than 250 ms"):
        await searches.run(1, gate.search, 3)
    gate.opened.set()
    assert await asyncio.gather(*waiting) == [0, 1, 2]
    assert searches.wait_seconds == 0
    searches.close()


async def test_as_many_as_always_may_wait_do(gate: Gate) -> None:
    searches = queue(max_wait_ms=1, queue_at_least=8)
    waiting = [asyncio.create_task(searches.run(1, gate.search, n)) for n in range(8)]
    await asyncio.to_thread(gate.begun.acquire)
    with pytest.raises(OverloadedError):
        await searches.run(1, gate.search, 8)
    gate.opened.set()
    assert await asyncio.gather(*waiting) == [*range(8)]
    searches.close()


async def test_searches_of_one_request_count_each(gate: Gate) -> None:
    searches = queue(max_wait_ms=250, queue_at_least=0)
    waiting = asyncio.create_task(searches.run(3, gate.search, 0))
    await asyncio.to_thread(gate.begun.acquire)
    with pytest.raises(OverloadedError):
        await searches.run(1, gate.search, 1)
    gate.opened.set()
    assert await waiting == 0
    searches.close()


async def test_what_a_search_takes_is_learnt_from_those_that_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    # Each looks twice.
    clock = SimpleNamespace(perf_counter=itertools.count(0.0, 0.02).__next__)
    monkeypatch.setattr("toolshed_api.search_queue.time", clock)
    searches = queue(max_wait_ms=250, queue_at_least=0)
    learnt = [searches.latest_seconds]
    for _ in range(200):
        await searches.run(1, str, 1)
        learnt.append(searches.latest_seconds)
    assert learnt == sorted(learnt, reverse=True)
    assert learnt[-1] == pytest.approx(0.02, rel=1e-3)
    searches.close()


async def test_a_search_that_nobody_waits_for_any_more_gives_up_its_place(gate: Gate) -> None:
    searches = queue(max_wait_ms=250, queue_at_least=0)
    first, second = (asyncio.create_task(searches.run(1, gate.search, n)) for n in range(2))
    await asyncio.to_thread(gate.begun.acquire)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    assert searches.wait_seconds == pytest.approx(0.1)
    gate.opened.set()
    assert await first == 0
    searches.close()


def test_only_searches_are_refused_and_told_when_to_come_back(shed: Toolshed) -> None:
    shed.add_tools(*TOOLS)
    app = create_app(Settings(max_wait_ms=250, queue_at_least=0), shed=shed)
    with running(app) as client:
        client.post("/v1/tools/search", json={"query": "weather"}).raise_for_status()
        before = n_refused(client)
        # As if the one before were a slow one that has not ended.
        app.state.searches.latest_seconds = 100.0
        app.state.searches.add(4)
        refused = client.post("/v1/tools/search", json={"query": "weather"})
        assert (problem(refused), refused.headers["retry-after"]) == ((503, "overloaded"), "1")
        passages = client.post("/v1/passages/search", json={"query": "weather"})
        assert (problem(passages), passages.headers["retry-after"]) == ((503, "overloaded"), "1")
        assert client.post("/v1/tools/search/batch", json={"searches": [{"query": "a"}]}).status_code == 503
        open_still = ["/healthz", "/readyz", "/v1/tools", "/v1/keys", "/v1/audit"]
        assert [client.get(path).status_code for path in open_still] == [200] * 5
        assert n_refused(client) - before == 3
        described = client.get("/openapi.json").json()["paths"]["/v1/tools/search"]["post"]["responses"][
            "503"
        ]
        assert "overloaded" in described["description"]
        assert described["headers"]["Retry-After"]["schema"] == {"type": "integer", "minimum": 1}


def n_refused(client: httpx.Client) -> float:
    told = client.get("/metrics").text
    return float(told.rpartition("toolshed_searches_refused_total ")[2].partition("\n")[0])


@pytest.mark.parametrize("verb", ["search", "search_passages"])
def test_whoever_serves_a_caller_has_his_searches_wait_for_their_turn(shed: Toolshed, verb: str) -> None:
    shed.add_tools(*TOOLS)
    searches = queue(max_wait_ms=250, queue_at_least=0)
    impatient = CallerShed(shed, ANYBODY, turns=searches)
    assert getattr(impatient, verb)("weather") is not None
    searches.latest_seconds = 100.0
    searches.add(4)
    with pytest.raises(OverloadedError):
        getattr(impatient, verb)("weather")
    # What was paid for is done all the same.
    assert getattr(replace(impatient, is_patient=True), verb)("weather") is not None
    searches.close()

"""What is measured of the gateway's delay, and the model that it is measured before."""

import time

import httpx
import pytest

from toolshed_evals.gateway.delay import Seen, _stamp, summary
from toolshed_evals.gateway.model import PATH, Pace, scripted_model


async def test_the_model_stamps_each_word_with_the_time_that_it_says_it() -> None:
    began = time.monotonic_ns()
    async with scripted_model(Pace(n_events=3, event_seconds=0)) as url, httpx.AsyncClient() as client:
        answer = await client.post(url.removesuffix("/v1") + PATH, json={"stream": True})
    stamps = [stamp for line in answer.text.splitlines() if (stamp := _stamp(line)) is not None]
    assert len(stamps) == 3
    assert began < stamps[0] <= stamps[1] <= stamps[2] < time.monotonic_ns()
    assert answer.text.endswith("data: [DONE]\n\n")


def test_a_delay_is_the_first_token_less_the_models_own_and_compared_with_a_search() -> None:
    seen = {
        "search": Seen([10.0] * 4, [], 40.0),
        "model": Seen([2.0] * 4, [1.0], 0.0),
        "gateway": Seen([14.0] * 4, [1.5], 60.0),
    }
    figures = summary(seen)
    assert figures["gateway's own delay p50, ms"] == pytest.approx(12.0)
    assert figures["gateway's own delay / search, p50"] == pytest.approx(1.2)
    assert figures["an event held back p50, ms"] == pytest.approx(0.5)
    assert figures["stream, CPU ms of the service"] == pytest.approx(15.0)

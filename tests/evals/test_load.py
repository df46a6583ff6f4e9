from collections import Counter

import pytest

from tests.api.serving import TOOLS, served
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed_evals.load import Load, _measured, _Phase
from toolshed_evals.load_clients import Asked, ask, request_of


def test_clients_ask_again_when_they_have_their_answer_and_tell_what_came(shed: Toolshed) -> None:
    shed.add_tools(*TOOLS)
    with served(Settings(), shed) as client:
        requests = [request_of("weather"), request_of("send mail"), request_of(" ")]
        told = ask(client.base_url.port or 0, requests, n_clients=3, seconds=1.0)
    assert set(told.statuses) == {200, 422}
    assert len(told.milliseconds) == told.statuses.total() > 3
    assert 0 < told.cpu_seconds < told.seconds


def test_refusals_are_told_apart_from_errors_and_clients_from_the_service() -> None:
    asked = Asked([*range(1, 101)], Counter({200: 90, 503: 6, 500: 3, 0: 1}), seconds=9.0, cpu_seconds=1.8)
    single = Asked([1.0] * 25, Counter({200: 25}), seconds=5.0, cpu_seconds=0.1)
    told = _measured("instant", _Phase(asked, 18.0), _Phase(single, 5.0), 1.01)
    assert (told.refused, told.errors, told.per_second, told.one_core_per_second) == (6, 4, 10.0, 5.0)
    assert (told.p50_ms, told.p99_ms) == (50.5, pytest.approx(99.01))
    assert (told.clients_cores, told.service_cores) == (pytest.approx(0.2), 2.0)
    assert (told.cpu_ms, told.one_core_cpu_ms) == (200.0, 200.0)


def test_throughput_is_told_in_that_of_one_core() -> None:
    told = Load("instant", 2, 90.0, 50.0, 1, 2, 0, 0, 0.2, 1.8, 20, 20, 1.0, 0.0)
    assert told.share_of_cores == pytest.approx(0.9)
    assert told.share_of_free_cores == pytest.approx(1.0)

"""What the service counts."""

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.api.serving import TOOLS, problem, served
from tests.conftest import OpenShed
from toolshed.settings import Settings
from toolshed_api.observability.metrics import counted_call

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(client: httpx.Client) -> Samples:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for f in families for one in f.samples}


def grown(before: Samples, after: Samples, name: str, **labels: str) -> float:
    key = (name, tuple(sorted(labels.items())))
    return after[key] - before.get(key, 0.0)


def test_requests_searches_and_stages_are_counted(client: httpx.Client) -> None:
    before = samples(client)
    for _ in range(3):
        client.post("/v1/tools/search", json={"query": "send an email to Ana"})
    client.get("/v1/tools/mail:send_email")
    client.get("/v1/tools/nobody:knows")
    client.post("/v1/tools/search", json={"query": ""})
    after = samples(client)
    searched = {"method": "POST", "route": "/v1/tools/search"}
    assert grown(before, after, "toolshed_http_requests_total", **searched, status="200") == 3
    assert grown(before, after, "toolshed_http_requests_total", **searched, status="422") == 1
    assert grown(before, after, "toolshed_http_request_seconds_count", **searched) == 4
    one = {"method": "GET", "route": "/v1/tools/{tool_id}"}
    assert grown(before, after, "toolshed_http_requests_total", **one, status="200") == 1
    assert grown(before, after, "toolshed_http_requests_total", **one, status="404") == 1
    statuses = ("ok", "unsure", "no_match")
    n_searches = sum(after.get(("toolshed_searches_total", (("status", s),)), 0.0) for s in statuses)
    n_before = sum(before.get(("toolshed_searches_total", (("status", s),)), 0.0) for s in statuses)
    assert n_searches - n_before == 3
    assert grown(before, after, "toolshed_search_stage_seconds_count", stage="Search") >= 3
    assert after["toolshed_tools", (("tenant", "default"),)] == len(TOOLS)
    assert after["toolshed_http_requests_running", ()] == 1


def test_what_strangers_make_up_is_no_series_of_its_own(client: httpx.Client) -> None:
    before = samples(client)
    for number in range(20):
        client.request(f"ODD{number}", f"/{number}/nothing")
    after = samples(client)
    assert not any("ODD" in str(key) or "nothing" in str(key) for key in after)
    new = {key for key in after.keys() - before.keys() if key[0] == "toolshed_http_requests_total"}
    assert len(new) <= 2


def test_metrics_are_for_administrators(open_shed: OpenShed) -> None:
    settings = Settings(api_keys=["one"])  # type: ignore[list-item]  # pydantic makes them secrets
    with served(settings, open_shed()) as client:
        assert problem(client.get("/metrics")) == (401, "unauthorized")
        client.headers["x-api-key"] = "one"
        assert samples(client)


def test_calls_are_counted_by_what_they_came_to(client: httpx.Client) -> None:
    before = samples(client)
    with counted_call() as failed:
        failed.append(False)
    with counted_call() as failed:
        failed.append(True)
    with pytest.raises(ZeroDivisionError), counted_call():
        _ = 1 // 0
    client.post("/v1/tools/mail:send_email/call", json={"arguments": {}})
    after = samples(client)
    for outcome in ("ok", "failed", "error", "not_callable"):
        assert grown(before, after, "toolshed_tool_calls_total", outcome=outcome) == 1

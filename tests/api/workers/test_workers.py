"""A service of several processes does what one process does."""

import contextlib
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from tests.api.following import done
from tests.api.workers.conftest import ADMIN, N_SEARCHING, Service, children, eventually, running
from toolshed.commands.main import main

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
TIDES = {"name": "get_tides", "description": "Tide tables of a harbour."}


def test_what_was_written_is_found_and_gone_at_once_whoever_answers(service: Service) -> None:
    for writer in service.clients:
        writer.put("/v1/tools/sea:get_tides", json=TIDES).raise_for_status()
        assert all("sea:get_tides" in service.found(one, "tides of a harbour") for one in service.clients)
        writer.delete("/v1/tools/sea:get_tides").raise_for_status()
        assert not any("sea:get_tides" in service.found(one, "tides of a harbour") for one in service.clients)


def test_each_process_answers_as_many_clients_as_the_others(service: Service) -> None:
    before = searches(service)
    for client in service.clients:
        service.found(client, "weather")
    assert searches(service) - before == len(service.clients)
    assert len(service.members()) == N_SEARCHING + 1


def searches(service: Service) -> float:
    told = service.one.get("/metrics").raise_for_status().text
    return sum(
        sample.value
        for family in text_string_to_metric_families(told)
        for sample in family.samples
        if sample.name == "toolshed_searches_total"
    )


def test_a_revoked_key_lets_nobody_in_whichever_process_is_asked(service: Service) -> None:
    made = (
        service.one.post("/v1/keys", json={"name": "agent", "scopes": ["search"]}).raise_for_status().json()
    )
    shown = {"x-api-key": made["key"]}
    asked = {"query": "weather"}
    statuses = [c.post("/v1/tools/search", json=asked, headers=shown).status_code for c in service.clients]
    assert statuses == [200] * len(service.clients)
    service.one.delete(f"/v1/keys/{made['key_id']}").raise_for_status()
    statuses = [c.post("/v1/tools/search", json=asked, headers=shown).status_code for c in service.clients]
    assert statuses == [401] * len(service.clients)


def test_all_processes_count_the_requests_of_a_key_together(service: Service) -> None:
    body = {"name": "few", "scopes": ["search"], "requests_per_minute": 6}
    shown = {"x-api-key": service.one.post("/v1/keys", json=body).raise_for_status().json()["key"]}
    statuses = [
        client.post("/v1/tools/search", json={"query": "weather"}, headers=shown).status_code
        for _ in range(2)
        for client in service.clients
    ]
    assert statuses == [200] * 6 + [429] * 2


def test_the_outcome_of_a_search_is_told_to_any_process(service: Service) -> None:
    asked = {"query": "will it rain", "abstain_below": 0}
    query_ids = [c.post("/v1/tools/search", json=asked).json()["query_id"] for c in service.clients]
    for client, query_id in zip(reversed(service.clients), query_ids, strict=True):
        told = {"query_id": query_id, "tools_used": ["weather:get_forecast"], "passed": True}
        report = client.post("/v1/outcomes/search", json=told).raise_for_status().json()
        assert report["n_new"] + report["n_repeated"] == 1
    unknown = {"query_id": "nobody", "tools_used": ["weather:get_forecast"], "passed": True}
    assert service.one.post("/v1/outcomes/search", json=unknown).status_code == 404


def test_jobs_streams_and_refusals_are_passed_on_as_they_are(service: Service) -> None:
    tools = [{"name": f"get_{n}", "description": f"Gets thing {n}."} for n in range(40)]
    accepted = service.one.post("/v1/sources", json={"name": "many", "tools": tools})
    assert done(service.clients[1], accepted)["status"] == "succeeded"
    with service.clients[2].stream("GET", f"{accepted.headers['location']}/events") as events:
        assert "succeeded" in "".join(events.iter_text())
    assert service.clients[3].get("/v1/tools?limit=1").json()["total"] >= len(tools)
    refused = service.one.post("/v1/tools", content=b"{" * 20 * 2**20)
    assert (refused.status_code, refused.headers["content-type"]) == (413, "application/problem+json")
    assert service.clients[1].get("/v1/tools/a%2Fb%20c:d").json()["code"] == "unknown_tool"
    assert service.clients[2].head("/healthz").status_code == 200


def test_another_tenant_is_searched_beside_the_process_that_writes_it(service: Service) -> None:
    service.one.post("/v1/tenants", json={"name": "acme"}).raise_for_status()
    body = {"name": "acme", "scopes": ["search", "index"]}
    made = service.one.post("/v1/keys?tenant=acme", json=body).raise_for_status().json()
    shown = {"x-api-key": made["key"]}
    service.one.put("/v1/tools/sea:get_tides", json=TIDES, headers=shown).raise_for_status()
    for client in service.clients:
        found = client.post("/v1/tools/search", json={"query": "tides"}, headers=shown).json()
        assert [tool["tool_id"] for tool in found["tools"]] == ["sea:get_tides"]
        assert "sea:get_tides" not in service.found(client, "tides")


def test_a_process_that_dies_is_started_again_and_none_outlives_the_first(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        for role in ("writer", "search"):
            replaced(service, role)
            eventually(partial(is_put, service, role))
            eventually(partial(finds, service, f"sea:{role}"))
        assert finds(service, "weather:get_forecast", "weather")
        members = children(service.process.pid)
        folder = folder_of_the_run(service)
        service.process.kill()
        eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in members))
        assert not folder.exists()


def folder_of_the_run(service: Service) -> Path:
    mapped = Path(f"/proc/{service.process.pid}/maps").read_text()
    return Path(next(line.split()[-1] for line in mapped.splitlines() if "toolshed-run-" in line)).parent


def replaced(service: Service, role: str) -> None:
    killed = next(pid for name, pid in service.members().items() if name.startswith(role))
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: len(service.members()) == 3 and killed not in service.members().values())


def is_put(service: Service, role: str) -> bool:
    """Whether it is written again: while the process that writes is away, the others say that it is busy."""
    try:
        with fresh(service) as client:
            assert client.get("/healthz").raise_for_status().json() == {"status": "ok"}
            answer = client.put(f"/v1/tools/sea:{role}", json={**TIDES, "name": role})
    except httpx.TransportError:
        return False
    assert answer.status_code in (200, 503)
    return answer.is_success


def finds(service: Service, tool_id: str, query: str = "tides of a harbour") -> bool:
    with contextlib.suppress(httpx.HTTPError), fresh(service) as client:
        return tool_id in service.found(client, query)
    return False


def fresh(service: Service) -> httpx.Client:
    return httpx.Client(base_url=service.url, headers=ADMIN, timeout=60)


def test_many_clients_at_once_are_all_answered(service: Service) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = [*pool.map(lambda n: service.found(service.clients[n % 4], "weather"), range(64))]
    assert all("weather:get_forecast" in one for one in found)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--kb", "http://qdrant:6333"], "TOOLSHED_STATE", id="no-state"),
        pytest.param(["--kb", "memory:"], "TOOLSHED_STATE", id="in-memory"),
        pytest.param(["--host", "192.0.2.1"], "cannot be bound to", id="no-address"),
    ],
)
def test_what_cannot_be_shared_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOOLSHED_API_KEYS", '["root"]')
    # Set for the processes that are started, and for none here.
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR")
    ended = CliRunner().invoke(main, ["serve", "--workers", "2", "--pipeline", "instant", *arguments])
    assert ended.exit_code == 2
    assert said in ended.stderr


def test_a_folder_whose_name_is_too_long_for_sockets_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 25)
    folder.mkdir()
    command = [sys.executable, "-m", "toolshed", "serve", "--workers", "2", "--pipeline", "instant"]
    environment = {**os.environ, "TMPDIR": str(folder), "TOOLSHED_API_KEYS": '["root"]'}
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "set TMPDIR to a shorter one" in ended.stderr

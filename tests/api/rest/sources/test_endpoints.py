"""The endpoints of sources: list, index, sync, remove."""

import json
import threading

import httpx
import pytest

from tests.api.following import done
from tests.api.serving import TOOLS, problem, served
from tests.conftest import OpenShed, Pages
from tests.waiting import PATIENCE_SECONDS, eventually
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed

OPENAPI = {
    "openapi": "3.1.0",
    "info": {"title": "Tides", "version": "1"},
    "servers": [{"url": "https://tides.example"}],
    "paths": {"/tides": {"get": {"operationId": "get_tides", "summary": "Tide tables."}}},
}


def test_a_document_is_indexed_brought_in_step_and_removed(client: httpx.Client) -> None:
    job = done(client, client.post("/v1/sources", json={"name": "sea", "document": OPENAPI}))
    assert (job["status"], job["result"]["added"]) == ("succeeded", ["sea:get_tides"])
    assert client.get("/v1/tools/sea:get_tides").json()["binding"] == {"kind": "openapi"}
    other = [{"name": "whales", "description": "Whale sightings."}]
    job = done(client, client.post("/v1/sources", json={"name": "sea", "tools": other}))
    assert (job["result"]["added"], job["result"]["removed"]) == (["sea:whales"], ["sea:get_tides"])
    kept = [{"name": "ships", "description": "Ships."}]
    job = done(client, client.post("/v1/sources", json={"name": "sea", "tools": kept, "keep_removed": True}))
    listed = client.get("/v1/sources", params={"limit": 1, "after": "odd"}).json()
    assert listed == {
        "sources": [{"name": "sea", "n_tools": 2, "locations": []}],
        "total": 4,
        "next_after": "sea",
    }
    assert client.delete("/v1/sources/sea").json() == {"name": "sea", "n_tools": 2}
    assert problem(client.delete("/v1/sources/sea")) == (404, "unknown_source")


def test_many_tools_are_written_turn_by_turn_and_others_write_between(client: httpx.Client) -> None:
    tools = [{"name": f"tool_{n}", "description": f"Does thing {n}."} for n in range(600)]
    accepted = client.post("/v1/sources", json={"name": "many", "tools": tools})
    assert client.put("/v1/tools/one:x", json={"name": "x"}).status_code == 200
    job = done(client, accepted)
    assert (job["done"], job["total"], len(job["result"]["added"])) == (600, 600, 600)


def test_a_url_is_read_by_the_service_and_again_when_it_is_synced(
    open_shed: OpenShed, serve_pages: object
) -> None:
    pages: Pages = {"/api.json": (200, "application/json", json.dumps(OPENAPI).encode())}
    settings = Settings(allowed_sources=["127.0.0.1"])
    with serve_pages(pages) as url, served(settings, open_shed()) as client:  # type: ignore[operator]  # a fixture
        place = {"name": "sea", "url": f"{url}/api.json"}
        assert done(client, client.post("/v1/sources", json=place))["result"]["added"] == ["sea:get_tides"]
        again = done(client, client.post("/v1/sources/sea/sync", json={}))
        assert again["result"]["unchanged"] == 1
        gone = done(client, client.post("/v1/sources", json={"name": "none", "url": f"{url}/none.json"}))
        assert (gone["status"], gone["error"]["code"]) == ("failed", "unreadable_source")


@pytest.mark.parametrize(
    "url",
    [
        "mcp+stdio:touch /tmp/x",
        "/etc/passwd",
        "file:///etc/passwd",
        "mcp.json#server",
        "registry+https://example.com",
    ],
)
def test_files_and_programs_of_the_service_are_refused_at_once(client: httpx.Client, url: str) -> None:
    refused = client.post("/v1/sources", json={"name": "sea", "url": url})
    assert problem(refused) == (403, "forbidden_source")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "mcp+http://127.0.0.1/x",
        "mcp+sse:http://127.0.0.1/x",
        "mcp+http://127.0.0.1/${HOME}",
        "http://2130706433/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest",
    ],
)
def test_private_addresses_are_refused_when_they_are_to_be_fetched(client: httpx.Client, url: str) -> None:
    job = done(client, client.post("/v1/sources", json={"name": "sea", "url": url}))
    assert job["status"] == "failed"
    assert "TOOLSHED_ALLOWED_SOURCES" in job["error"]["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "sea"},
        {"name": "sea", "url": "https://example.com", "tools": [{"name": "x"}]},
        {"name": "a:b", "tools": [{"name": "x"}]},
        {"name": "sea", "tools": []},
    ],
    ids=str,
)
def test_sources_that_make_no_sense_are_refused(client: httpx.Client, body: dict[str, object]) -> None:
    assert problem(client.post("/v1/sources", json=body))[0] == 422


def test_what_is_wrong_with_a_document_is_told_by_its_job(client: httpx.Client) -> None:
    job = done(client, client.post("/v1/sources", json={"name": "sea", "document": {"colour": "red"}}))
    assert (job["status"], job["error"]["code"]) == ("failed", "unreadable_source")
    conflict = done(
        client, client.post("/v1/sources", json={"name": "mail", "tools": [{"name": "x"}], "origin": "there"})
    )
    assert conflict["error"] is not None
    assert client.get("/v1/tools/mail:send_email").status_code == 200


def test_what_was_uploaded_is_synced_by_uploading_it_again(client: httpx.Client) -> None:
    client.put("/v1/tools/sea:x", json={"name": "x"})
    assert problem(client.post("/v1/sources/sea/sync", json={})) == (403, "forbidden_source")
    assert problem(client.post("/v1/sources/none/sync", json={})) == (404, "unknown_source")


def test_events_tell_of_a_job_until_it_has_ended_and_go_on_where_they_were_left(client: httpx.Client) -> None:
    tools = [{"name": f"tool_{n}", "description": f"Does thing {n}."} for n in range(300)]
    url = client.post("/v1/sources", json={"name": "many", "tools": tools}).headers["location"] + "/events"
    with client.stream("GET", url) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = list(stream.iter_lines())
    told = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    assert told[-1]["status"] == "succeeded"
    assert [job["version"] for job in told] == sorted({job["version"] for job in told})
    last = str(told[-1]["version"])
    with client.stream("GET", url, headers={"last-event-id": last}) as stream:
        assert not [line for line in stream.iter_lines() if line.startswith("data: ")]
    assert problem(client.get("/v1/jobs/none/events")) == (404, "unknown_job")


def test_jobs_are_listed_and_cancelled(client: httpx.Client, shed: Toolshed) -> None:
    gate = threading.Event()
    held = threading.Thread(target=lambda: _hold(shed, gate))
    held.start()
    accepted = client.post("/v1/sources", json={"name": "many", "tools": [{"name": "x"}]}).json()
    waiting = client.post("/v1/sources", json={"name": "more", "tools": [{"name": "y"}]}).json()
    assert client.post(f"/v1/jobs/{waiting['job_id']}/cancel").json()["status"] == "cancelled"
    first = client.post(f"/v1/jobs/{accepted['job_id']}/cancel").json()
    assert first["status"] in ("running", "cancelled")
    gate.set()
    held.join()
    assert problem(client.post(f"/v1/jobs/{waiting['job_id']}/cancel")) == (409, "job_ended")
    listed = client.get("/v1/jobs", params={"limit": 1}).json()
    assert [job["job_id"] for job in listed["jobs"]] == [waiting["job_id"]]
    rest = client.get("/v1/jobs", params={"after": listed["next_after"]}).json()
    assert [job["job_id"] for job in rest["jobs"]] == [accepted["job_id"]]
    assert problem(client.get("/v1/jobs/none")) == (404, "unknown_job")


def _hold(shed: Toolshed, gate: threading.Event) -> None:
    """Keep writers waiting."""
    with shed.tools._sync_lock:
        assert gate.wait(PATIENCE_SECONDS)


def test_a_job_that_was_begun_goes_on_in_the_next_service(open_shed: OpenShed, tmp_path: object) -> None:
    shed = open_shed()
    shed.add_tools(*TOOLS)
    settings = Settings(state=f"{tmp_path}/state.db")
    tools = [{"name": f"tool_{n}", "description": f"Does thing {n}."} for n in range(2_000)]
    with served(settings, shed) as client:
        url = client.post("/v1/sources", json={"name": "many", "tools": tools}).headers["location"]
        eventually(lambda: client.get(url).json()["done"])
    with served(settings, shed) as client:
        eventually(lambda: client.get(url).json()["finished_at"])
        assert client.get(url).json()["status"] == "succeeded"
        assert len(shed.list_tools()) == 2_003

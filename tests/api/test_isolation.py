"""Every route x two tenants x each scope: nothing of another tenant is told or done, nor without a scope."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts

from tests.api.administered import Administered, administered
from tests.api.serving import TOOLS
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed_api.app import create_app
from toolshed_api.callers import SCOPES
from toolshed_api.scopes import declared_scopes

SECRET = "zanzibar"
OPEN = {"open", "any caller"}
# Values for the parameters of paths: what the other tenant has.
THEIRS = {"tool_id": f"{SECRET}:{SECRET}_tool", "name": "globex", "path": "v1"}


def routes() -> list[tuple[str, str, frozenset[str]]]:
    found = []
    for route in iter_route_contexts(create_app(Settings()).routes):
        scopes = declared_scopes(route.dependant) if hasattr(route, "dependant") else set()
        found += [
            (method, str(route.path), frozenset(scopes))
            for method in sorted(route.methods or ("GET", "POST"))
        ]
    return found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Administered]:
    folder = tmp_path_factory.mktemp("service") / "shed"
    with Toolshed(folder, pipeline="instant") as shed:
        shed.add_tools(*TOOLS)
    secret = [{"name": f"{SECRET}_tool", "description": f"Sails to {SECRET}."}]
    (folder.parent / f"{SECRET}.json").write_text(json.dumps(secret))
    with Toolshed(folder / "tenants" / "globex", pipeline="instant") as shed:
        shed.add_tools(folder.parent / f"{SECRET}.json")
    with administered(Settings(kb=str(folder), pipeline="instant")) as opened:
        for tenant in ("acme", "globex"):
            opened.tenant(tenant)
        opened.grant("globex", f"group:{SECRET}", "source", SECRET)
        yield opened


@pytest.fixture(scope="module")
def theirs(service: Administered) -> dict[str, str]:
    """Ids of things of the other tenant, for the parameters of paths."""
    key = service.key("globex", *SCOPES, name=SECRET)
    grant = service.grant("globex", f"group:{SECRET}", "tool", f"{SECRET}:x")
    return {**THEIRS, "key_id": key["key_id"], "grant_id": grant, "key": key["key"]}


@pytest.fixture(scope="module")
def mine(service: Administered) -> dict[str, str]:
    """A key of our tenant for each scope alone."""
    return {scope: service.key("acme", scope)["key"] for scope in sorted(SCOPES)}


def _id(value: object) -> str:
    """The same in every process: sets have no order."""
    return "+".join(sorted(value)) if isinstance(value, frozenset) else str(value)


def filled(path: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", value).replace(f"{{{name}:path}}", value)
    return path


def body_for(path: str) -> dict[str, object]:
    if path.endswith("/search"):
        return {"query": f"sail to {SECRET}"}
    return {"overlap_seconds": 60} if path.endswith("/rotate") else {}


def test_the_other_tenant_finds_what_nobody_else_may(service: Administered, theirs: dict[str, str]) -> None:
    assert service.found(theirs["key"]) == [THEIRS["tool_id"]]


@pytest.mark.parametrize(("method", "path", "scopes"), routes(), ids=_id)
def test_nothing_of_another_tenant_is_told_or_done(
    service: Administered,
    theirs: dict[str, str],
    mine: dict[str, str],
    method: str,
    path: str,
    scopes: frozenset[str],
) -> None:
    for scope, key in mine.items():
        for query in ({}, {"tenant": "globex"}):
            answer = service.ask(method, filled(path, theirs), key, params=query, json=body_for(path))
            told = answer.text.replace(THEIRS["tool_id"], "").replace(f"sail to {SECRET}", "")
            assert SECRET not in told, f"{scope}: {answer.text}"
            assert theirs["key_id"] not in told.replace(f"key '{theirs['key_id']}'", "").replace(
                f"no key {theirs['key_id']!r}", ""
            )
            if not scopes & OPEN and scopes - {scope} and path not in ("/mcp",):
                assert answer.status_code == 403, f"{scope}: {answer.text}"
                assert answer.json()["code"] == "missing_scope"
            assert answer.status_code < 500, answer.text
    left = service.ask("GET", "/v1/keys", params={"tenant": "globex"}).json()["keys"]
    assert {one["key_id"]: one["status"] for one in left}[theirs["key_id"]] == "active"
    grants = service.ask("GET", "/v1/grants", params={"tenant": "globex"}).json()["grants"]
    assert theirs["grant_id"] in [one["grant_id"] for one in grants]


@pytest.mark.parametrize(("method", "path", "scopes"), routes(), ids=_id)
def test_nothing_is_told_to_who_shows_no_key(
    service: Administered, theirs: dict[str, str], method: str, path: str, scopes: frozenset[str]
) -> None:
    answer = service.client.request(method, filled(path, theirs), json=body_for(path))
    if "open" in scopes:
        assert answer.status_code in (200, 404)
        assert "n_tools" not in answer.text
        assert SECRET not in answer.text
    else:
        assert answer.status_code == 401, answer.text


@pytest.mark.parametrize("tenant", ["default", "globex", "nowhere"])
def test_an_administrator_of_a_tenant_manages_no_other(
    service: Administered, mine: dict[str, str], tenant: str
) -> None:
    asked = [
        ("POST", "/v1/keys", {"name": "x", "scopes": ["admin"]}),
        ("POST", "/v1/grants", {"subject": "group:x", "kind": "tool", "object": "x"}),
        ("GET", "/v1/keys", None),
        ("GET", "/v1/grants", None),
        ("GET", "/v1/audit", None),
        ("GET", "/metrics", None),
    ]
    for method, path, body in asked:
        answer = service.ask(method, path, mine["admin"], params={"tenant": tenant}, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    changed = service.ask("PATCH", f"/v1/tenants/{tenant}", mine["admin"], json={"is_restricted": True})
    assert changed.status_code == 403
    listed = service.ask("GET", "/v1/tenants", mine["admin"]).json()["tenants"]
    assert [one["name"] for one in listed] == ["acme"]


def test_the_audit_log_tells_who_was_refused(service: Administered, mine: dict[str, str]) -> None:
    service.ask("GET", "/v1/tools", mine["index"], headers={"x-request-id": "refused-1"})
    events: list[dict[str, str]] = []
    while not events:
        page = service.ask("GET", "/v1/audit", mine["admin"], params={"action": "refused"}).json()["events"]
        events = [event for event in page if event["request_id"] == "refused-1"]
    assert (events[0]["target"], events[0]["outcome"]) == ("GET /v1/tools", "missing_scope")


def test_where_the_state_is_kept_no_key_can_be_read(
    service: Administered, theirs: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = next(Path(tmp_path_factory.getbasetemp()).glob("service*/shed"))
    stored = b"".join(path.read_bytes() for path in folder.glob("state.*"))
    assert theirs["key_id"].encode() in stored
    assert theirs["key"].split("_", 2)[2].encode() not in stored

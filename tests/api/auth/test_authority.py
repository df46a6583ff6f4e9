"""Who is let in, what he finds, and how soon a change counts."""

import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.api.administered import ADMIN, Administered, administered
from tests.api.serving import TOOLS, problem, served
from tests.conftest import OpenShed
from tests.threads import switching_at_every_turn
from tests.waiting import eventually
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed_api.auth.authority import _environment_name
from toolshed_api.auth.known import LOOK_SECONDS

MAIL, ODD, WEATHER = "mail:send_email", "odd:a/b c", "weather:get_forecast"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Toolshed(tmp_path / "shed", pipeline="instant") as shed:
        shed.add_tools(*TOOLS)
    return tmp_path / "shed"


@pytest.fixture
def service(folder: Path) -> Iterator[Administered]:
    with administered(Settings(kb=str(folder), pipeline="instant")) as opened:
        yield opened


def test_a_key_lets_in_at_once_and_not_when_it_is_revoked(service: Administered) -> None:
    made = service.key("default", "search")
    assert len(service.found(made["key"])) == 3
    assert service.ask("DELETE", f"/v1/keys/{made['key_id']}").json()["status"] == "revoked"
    refused = service.ask("GET", "/v1/tools", made["key"])
    assert problem(refused) == (401, "unauthorized")
    assert refused.headers["www-authenticate"] == "Bearer"


def test_a_rotated_key_lets_in_during_the_overlap(service: Administered) -> None:
    old = service.key("default", "search")
    new = service.ask("POST", f"/v1/keys/{old['key_id']}/rotate", json={"overlap_seconds": 60}).json()
    assert service.found(old["key"]) == service.found(new["key"])
    again = service.ask("POST", f"/v1/keys/{new['key_id']}/rotate", json={"overlap_seconds": 0}).json()
    assert service.ask("GET", "/v1/tools", new["key"]).status_code == 401
    assert len(service.found(again["key"])) == 3


def test_an_expired_key_lets_nobody_in(service: Administered) -> None:
    made = service.key("default", "search", lifetime_seconds=1)
    eventually(lambda: service.ask("GET", "/v1/tools", made["key"]).status_code != 200)
    assert problem(service.ask("GET", "/v1/tools", made["key"])) == (401, "unauthorized")


def test_a_key_that_is_not_quite_it_is_none(service: Administered) -> None:
    key = service.key("default", "search")["key"]
    other_end = key[:-1] + ("A" if key[-1] != "A" else "B")
    other_id = "tsk_0000000000000000_" + key.split("_", 2)[2]
    for shown in (other_end, f"{key}A", key.upper(), other_id):
        assert service.ask("GET", "/v1/tools", shown).status_code == 401


def test_a_restricted_tenant_finds_what_its_groups_were_granted(service: Administered) -> None:
    one = service.key("default", "search", groups=["finance"])["key"]
    two = service.key("default", "search", groups=["finance", "sales"])["key"]
    none = service.key("default", "search")["key"]
    admin = service.key("default", "search", "admin")["key"]
    service.grant("default", "group:finance", "source", "mail")
    grant = service.grant("default", "group:sales", "tool", WEATHER)
    assert [len(service.found(key)) for key in (one, two, none)] == [3, 3, 3], "not restricted yet"
    service.restrict("default")
    assert [service.found(key) for key in (one, two, none)] == [[MAIL], [MAIL, WEATHER], []]
    assert len(service.found(admin)) == 3, "who grants must see what there is"
    assert problem(service.ask("GET", f"/v1/tools/{WEATHER}", one)) == (404, "unknown_tool")
    service.grant("default", "group:*", "tool", ODD)
    assert [service.found(key) for key in (one, none)] == [[MAIL, ODD], [ODD]]
    assert service.ask("DELETE", f"/v1/grants/{grant}").status_code == 204
    assert service.found(two) == [MAIL, ODD]
    service.restrict("default", is_restricted=False)
    assert len(service.found(none)) == 3


_REVOKE = """
import sys
from toolshed_api.auth.authority import _environment_name
from toolshed_api.auth.keys import Keys
from toolshed_api.state import open_state
keys = Keys(open_state(sys.argv[1]), None)
keys.revoke(sys.argv[2])
"""


def test_what_another_process_changes_counts_within_a_second(service: Administered, folder: Path) -> None:
    made = service.key("default", "search")
    assert len(service.found(made["key"])) == 3
    command = [sys.executable, "-c", _REVOKE, str(folder / "state.db"), made["key_id"]]
    subprocess.run(command, check=True, timeout=120)
    assert LOOK_SECONDS <= 1
    eventually(lambda: service.ask("GET", "/v1/tools", made["key"]).status_code == 401)


def test_a_suspended_tenant_lets_nobody_in(service: Administered) -> None:
    service.tenant("acme")
    key = service.key("acme", "search")["key"]
    assert service.found(key) == []
    service.ask("PATCH", "/v1/tenants/acme", json={"is_suspended": True})
    assert problem(service.ask("GET", "/v1/tools", key)) == (403, "forbidden_tenant")
    service.ask("PATCH", "/v1/tenants/acme", json={"is_suspended": False})
    assert service.found(key) == []
    refused = service.ask("PATCH", "/v1/tenants/default", json={"is_suspended": True})
    assert problem(refused) == (409, "access_conflict")


def test_an_administrator_sees_what_a_caller_sees_and_may_do_no_more(service: Administered) -> None:
    made = service.key("default", "search", "call", "admin", groups=["finance"])
    caller = service.key("default", "search", groups=["finance"])
    service.grant("default", "group:finance", "source", "mail")
    service.restrict("default")
    for eyes in (f"key:{caller['key_id']}", "groups:finance", "groups: finance ,nobody"):
        assert service.found(ADMIN, **{"x-toolshed-view-as": eyes}) == [MAIL]
        for path in ("/v1/keys", "/v1/audit", "/v1/tenants"):
            answer = service.ask("GET", path, headers={"x-toolshed-view-as": eyes})
            assert problem(answer) == (403, "missing_scope")
    assert len(service.found(made["key"])) == 3
    refused = service.ask("GET", "/v1/tools", caller["key"], headers={"x-toolshed-view-as": "groups:x"})
    assert problem(refused) == (403, "missing_scope")
    for eyes in ("", "key:", "finance", "key:x,groups:y:", "groups:" + "x" * 3_000):
        answer = service.ask("GET", "/v1/tools", headers={"x-toolshed-view-as": eyes})
        assert answer.status_code in (404, 422), eyes


def test_looking_through_the_eyes_of_another_is_written_down(service: Administered) -> None:
    service.found(ADMIN, **{"x-toolshed-view-as": "groups:finance"})
    events: list[dict[str, str]] = []
    while not events:
        page = service.ask("GET", "/v1/audit", params={"action": "tools.list"}).json()["events"]
        events = [event for event in page if event["viewed_as"] == "groups:finance"]
    assert re.fullmatch(r"environment:[0-9a-f]{16}", events[0]["caller"])


def test_another_tenants_callers_cannot_be_looked_through(service: Administered) -> None:
    service.tenant("acme")
    theirs = service.key("default", "search")
    admin = service.key("acme", "search", "admin")["key"]
    answer = service.ask("GET", "/v1/tools", admin, headers={"x-toolshed-view-as": f"key:{theirs['key_id']}"})
    assert problem(answer) == (404, "unknown_key")


def test_a_key_has_a_rate_of_its_own(service: Administered) -> None:
    key = service.key("default", "search", requests_per_minute=2)["key"]
    answers = [service.ask("GET", "/v1/tools", key) for _ in range(4)]
    assert [answer.status_code for answer in answers][:2] == [200, 200]
    refused = answers[-1]
    assert problem(refused) == (429, "too_many_requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert service.ask("GET", "/v1/tools").status_code == 200


def test_the_last_use_is_written_down(service: Administered) -> None:
    made = service.key("default", "search")
    service.found(made["key"])

    def last_used() -> object:
        listed = service.ask("GET", "/v1/keys").json()["keys"]
        return {key["key_id"]: key["last_used_at"] for key in listed}[made["key_id"]]

    eventually(last_used)


def test_keys_stay_after_a_restart_and_pages_of_them_end(folder: Path) -> None:
    settings = Settings(kb=str(folder), pipeline="instant")
    with administered(settings) as service:
        made = [service.key("default", "search") for _ in range(5)]
    with administered(settings) as service:
        assert all(len(service.found(one["key"])) == 3 for one in made)
        first = service.ask("GET", "/v1/keys", params={"limit": 3}).json()
        last = service.ask("GET", "/v1/keys", params={"limit": 3, "after": first["next_after"]}).json()
        seen = [one["key_id"] for one in (*first["keys"], *last["keys"])]
        assert sorted(seen) == sorted(one["key_id"] for one in made)
        assert last["next_after"] is None
        assert "key" not in first["keys"][0]


def test_the_first_key_closes_an_open_service(open_shed: OpenShed) -> None:
    with served(Settings(), open_shed()) as client:
        assert client.get("/v1/tools").status_code == 200
        weak = client.post("/v1/keys", json={"name": "x", "scopes": ["search"]})
        assert problem(weak) == (409, "access_conflict")
        made = client.post("/v1/keys", json={"name": "x", "scopes": ["admin", "search"]})
        assert made.headers["cache-control"] == "no-store"
        assert client.get("/v1/tools").status_code == 401
        shown = {"authorization": f"Bearer {made.json()['key']}"}
        assert client.get("/v1/tools", headers=shown).status_code == 200
        # Pages from elsewhere are kept out by the key now, not by their names.
        assert client.get("/v1/tools", headers={**shown, "host": "tools.example.com"}).status_code == 200


def test_many_who_make_and_revoke_keys_at_once_are_each_let_in_and_out(service: Administered) -> None:
    def live(which: int) -> list[int]:
        made = service.key("default", "search", name=f"key {which}")
        seen = [service.ask("GET", "/v1/tools", made["key"]).status_code]
        new = service.ask("POST", f"/v1/keys/{made['key_id']}/rotate", json={"overlap_seconds": 600}).json()
        seen += [service.ask("GET", "/v1/tools", key).status_code for key in (made["key"], new["key"])]
        service.ask("DELETE", f"/v1/keys/{made['key_id']}")
        return [
            *seen,
            *(service.ask("GET", "/v1/tools", key).status_code for key in (made["key"], new["key"])),
        ]

    with switching_at_every_turn(), ThreadPoolExecutor(32) as pool:
        assert list(pool.map(live, range(32))) == [[200, 200, 200, 401, 200]] * 32


HOSTILE = [
    [b"Bearer \xff\xfe"],
    [b"Bearer tsk_0123456789abcdef_" + b"\xc3" * 43],
    [b"Bearer tsk_0123456789abcdef_" + b"a" * 43],
    [b"Bearer " + b"a" * 40_000],
    [b"Bearer " + b"." * 40_000],
    [b"Bearer a.b.c"],
    [b"Bearer" + b" Bearer" * 1_000],
    [b"Bearer one", b"Bearer two"],
    [b"Bearer " + str(i).encode() for i in range(400)],
    [f"Bearer {ADMIN}".encode(), b"Bearer other"],
    [f"Bearer  {ADMIN}x".encode()],
    [f"Basic {ADMIN}".encode()],
    [ADMIN.encode()],
    [b"Bearer"],
    [b""],
]


def test_hostile_headers_let_nobody_in(service: Administered) -> None:
    for shown in HOSTILE:
        headers = [(b"host", b"localhost"), *((b"authorization", value) for value in shown)]
        answer = service.client.get("/v1/tools", headers=headers)
        assert problem(answer) in [(401, "unauthorized"), (431, "headers_too_large")], shown[0][:40]


def test_a_key_of_the_environment_keeps_its_name_wherever_it_stands() -> None:
    first, second = (
        [_environment_name(b"key", place, pepper) for place in (1, 2)] for pepper in (b"p" * 32, b"q" * 32)
    )
    assert first[0] == first[1] != second[0]
    assert _environment_name(b"key", 1, b"p" * 32) != _environment_name(b"other", 1, b"p" * 32)
    assert _environment_name(b"key", 2, None) == "environment:2"

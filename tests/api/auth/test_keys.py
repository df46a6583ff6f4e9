"""API keys: what is stored, what lets in, and many who change them at once."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.threads import switching_at_every_turn
from toolshed.errors import ConfigurationError
from toolshed.state.database import Database
from toolshed_api.auth.changes import utc_now, version_of
from toolshed_api.auth.errors import (
    AccessConflictError,
    InvalidAccessError,
    UnknownKeyError,
    UnknownTenantError,
)
from toolshed_api.auth.keys import Keys, KeyWishes, NewKey, key_id_of
from toolshed_api.callers import SCOPES

WISHES = KeyWishes("agent", frozenset({"search"}), ("finance",), 60, 3600)


def lets_in(database: Database, keys: Keys, shown: str) -> bool:
    key_id = key_id_of(shown)
    with database.reading() as connection:
        stored = keys.stored(connection, key_id) if key_id else None
    return stored is not None and keys.is_same(shown, stored.digest) and stored.record.status == "active"


def test_of_a_key_only_a_digest_with_the_pepper_is_stored(database: Database, keys: Keys) -> None:
    made = keys.create("default", WISHES, created_by="boss")
    assert len(made.text) == 4 + 16 + 1 + 43
    with database.reading() as connection:
        stored = str(connection.execute(text("SELECT * FROM api_key")).mappings().one())
    assert made.text.split("_", 2)[2] not in stored
    assert lets_in(database, keys, made.text)
    assert not lets_in(database, Keys(database, b"q" * 32), made.text)


def test_a_key_is_as_it_was_wished_for(keys: Keys) -> None:
    record = keys.create("default", replace(WISHES, name=" agent "), created_by="boss").record
    assert (record.name, record.scopes, record.groups) == ("agent", ("search",), ("finance",))
    assert (record.requests_per_minute, record.created_by, record.status) == (60, "boss", "active")
    assert record.expires_at == record.created_at + timedelta(hours=1)
    assert keys.list_keys("default") == [record]
    assert keys.list_keys("other") == []


@pytest.mark.parametrize(
    "change",
    [
        {"name": " "},
        {"name": "x" * 201},
        {"name": "a\x1b[31m"},
        {"scopes": frozenset()},
        {"scopes": frozenset({"root"})},
        {"groups": ("",)},
        {"groups": tuple(map(str, range(101)))},
        {"requests_per_minute": 0},
        {"lifetime_seconds": 0},
        {"lifetime_seconds": float("inf")},
        {"lifetime_seconds": float("nan")},
    ],
    ids=str,
)
def test_what_can_be_no_key_is_refused(keys: Keys, change: dict[str, object]) -> None:
    with pytest.raises(InvalidAccessError):
        keys.create("default", replace(WISHES, **change), created_by="boss")  # type: ignore[arg-type]  # of any type
    assert keys.list_keys("default") == []


def test_a_tenant_must_be_there(keys: Keys) -> None:
    with pytest.raises(UnknownTenantError, match="toolshed tenants create"):
        keys.create("acme", WISHES, created_by="boss")


def test_a_rotated_key_lets_in_for_the_overlap_only(
    database: Database, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = keys.create("default", WISHES, created_by="boss")
    new = keys.rotate(old.record.key_id, overlap_seconds=600, created_by="boss")
    assert (new.record.scopes, new.record.groups) == (("search",), ("finance",))
    assert lets_in(database, keys, old.text)
    assert lets_in(database, keys, new.text)
    assert keys.get(old.record.key_id).replaced_by == new.record.key_id
    monkeypatch.setattr("toolshed_api.auth.keys.utc_now", lambda: utc_now() + timedelta(seconds=601))
    assert not lets_in(database, keys, old.text)
    assert lets_in(database, keys, new.text)
    with pytest.raises(AccessConflictError, match="was replaced"):
        keys.rotate(old.record.key_id, overlap_seconds=1, created_by="boss")


def test_a_revoked_key_stays_in_the_list_and_lets_nobody_in(database: Database, keys: Keys) -> None:
    made = keys.create("default", WISHES, created_by="boss")
    first = keys.revoke(made.record.key_id)
    assert keys.revoke(made.record.key_id) == first
    assert not lets_in(database, keys, made.text)
    assert [record.status for record in keys.list_keys("default")] == ["revoked"]
    with pytest.raises(AccessConflictError, match="revoked"):
        keys.rotate(made.record.key_id, overlap_seconds=0, created_by="boss")


def test_keys_of_another_tenant_are_not_there(keys: Keys) -> None:
    key_id = keys.create("default", WISHES, created_by="boss").record.key_id
    for act in (
        lambda: keys.get(key_id, tenant="acme"),
        lambda: keys.revoke(key_id, tenant="acme"),
        lambda: keys.rotate(key_id, tenant="acme", overlap_seconds=0, created_by="x"),
        lambda: keys.get("0" * 16),
    ):
        with pytest.raises(UnknownKeyError):
            act()
    assert keys.get(key_id).status == "active"


def test_another_pepper_is_noticed(database: Database, keys: Keys) -> None:
    Keys(database, None).check_pepper()
    keys.create("default", WISHES, created_by="boss")
    keys.check_pepper()
    for pepper in (b"q" * 32, None):
        with pytest.raises(ConfigurationError, match="another pepper"):
            Keys(database, pepper).check_pepper()
    with pytest.raises(ConfigurationError, match="TOOLSHED_PEPPER"):
        Keys(database, None).create("default", WISHES, created_by="boss")


def test_the_last_use_never_goes_back(keys: Keys) -> None:
    key_id = keys.create("default", WISHES, created_by="boss").record.key_id
    now = utc_now()
    for at in (now, now - timedelta(minutes=5)):
        keys.note_used({key_id: at})
        assert keys.get(key_id).last_used_at == now


@pytest.mark.parametrize(
    "shown", ["", "tsk_", "tsk_0123456789abcdef", "tsk_0123456789abcdeF_" + "a" * 43, "x" * 64, "tsk_é_ß"]
)
def test_what_is_no_key_has_no_id(shown: str) -> None:
    assert key_id_of(shown) is None
    assert key_id_of(f"tsk_0123456789abcdef_{'a' * 43}\n") is None


_WORK = """
import sys
from toolshed_api.auth.changes import utc_now
from toolshed_api.auth.keys import Keys, KeyWishes
from toolshed_api.state import open_state
database = open_state(sys.argv[1])
keys = Keys(database, b"p" * 32)
keys.create_first()
for i in range(10):
    made = keys.create("default", KeyWishes(f"{sys.argv[2]}-{i}", frozenset({"search"})), created_by="x")
    new = keys.rotate(made.record.key_id, overlap_seconds=600, created_by="x")
    keys.revoke(new.record.key_id)
    print(made.text, new.text, flush=True)
"""


def test_many_threads_and_two_processes_change_keys_at_once(
    database: Database, keys: Keys, location: str
) -> None:
    def work(which: int) -> tuple[NewKey, NewKey, bool]:
        made = keys.create("default", replace(WISHES, name=f"t{which}"), created_by="x")
        assert lets_in(database, keys, made.text)
        new = keys.rotate(made.record.key_id, overlap_seconds=600, created_by="x")
        keys.revoke(made.record.key_id)
        return made, new, lets_in(database, keys, made.text) or not lets_in(database, keys, new.text)

    with database.reading() as connection:
        before = version_of(connection)
    command = [sys.executable, "-c", _WORK, location]
    others = [
        subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in ("one", "two")
    ]
    with switching_at_every_turn(), ThreadPoolExecutor(32) as pool:
        done = list(pool.map(work, range(32)))
    printed = [other.communicate(timeout=120)[0].split() for other in others]
    assert [other.returncode for other in others] == [0, 0]
    assert not any(is_wrong for _, _, is_wrong in done)
    for shown in printed:
        assert len(shown) == 20
        assert [lets_in(database, keys, key) for key in shown] == [True, False] * 10
    records = keys.list_keys("default")
    n_first = sum(record.name == "first key" for record in records)
    assert n_first <= 1, "there is one first key, or others came first"
    assert len(records) == 2 * 32 + 2 * 20 + n_first
    with database.reading() as connection:
        assert version_of(connection) >= before + 3 * 32 + 3 * 20


def test_who_comes_first_makes_the_first_key(database: Database, keys: Keys) -> None:
    with switching_at_every_turn(), ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: keys.create_first(), range(16)))
    (first,) = [one for one in made if one is not None]
    assert frozenset(first.record.scopes) == SCOPES
    keys.revoke(first.record.key_id)
    assert keys.create_first() is None, "a service whose keys were revoked stays closed"

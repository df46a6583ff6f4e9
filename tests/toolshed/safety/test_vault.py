"""Credentials at rest: sealed, told apart by whose they are, and opened for nobody else."""

import json
import sqlite3
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolshed.errors import (
    ConfigurationError,
    InvalidRecordError,
    MissingCredentialsError,
    StateError,
)
from toolshed.safety.sealing import Sealed, SecretKeys, new_key
from toolshed.safety.vault import Scope, Slot, Vault
from toolshed.state.database import Database

SECRET = "s3cret-of-ana-4711"
USER = Slot("user", "acme", "ana", "crm")
OWN = ["https://crm.example"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    opened = Database.open(str(file), "state", StateError)
    yield opened
    opened.close()


def vault(database: Database, key: str | None = None) -> Vault:
    return Vault(database, SecretKeys.parse(key or new_key()))


def test_nothing_of_a_credential_is_in_the_file_or_in_what_is_shown(database: Database, file: Path) -> None:
    kept = vault(database).put(USER, SECRET, by="ana", origins=OWN)
    everything = b"".join(path.read_bytes() for path in file.parent.iterdir())
    assert SECRET.encode() not in everything
    assert SECRET not in repr(kept) + str(kept.to_json())


def test_the_users_comes_before_the_tenants_before_the_services(database: Database) -> None:
    one = vault(database)
    assert one.for_call("crm", tenant="acme", owner="ana", origin="https://crm.example") is None
    one.put(Slot("service", "", "", "crm"), "of-service", by="x", origins=OWN)
    assert one.for_call("crm", tenant="acme", owner="ana", origin="https://crm.example") == "of-service"
    one.put(Slot("tenant", "acme", "", "crm"), "of-tenant", by="x", origins=OWN)
    assert one.for_call("crm", tenant="acme", owner="ana", origin="https://crm.example") == "of-tenant"
    one.put(USER, ("ana", "of-user"), by="x", origins=OWN)
    assert one.for_call("crm", tenant="acme", owner="ana", origin="https://crm.example") == ("ana", "of-user")
    assert one.for_call("crm", tenant="acme", owner="bob", origin="https://crm.example") == "of-tenant"
    assert one.for_call("crm", tenant="other", owner="ana", origin="https://crm.example") == "of-service"
    assert one.for_call("mail", tenant="acme", owner="ana", origin="https://crm.example") is None


def test_schemes_of_all_levels_are_sent_together(database: Database) -> None:
    one = vault(database)
    one.put(Slot("service", "", "", "crm", "X-Region"), "eu", by="x", origins=OWN)
    one.put(Slot("tenant", "acme", "", "crm", "X-Key"), "of-tenant", by="x", origins=OWN)
    one.put(Slot("user", "acme", "ana", "crm", "X-Key"), "of-user", by="x", origins=OWN)
    found = one.for_call("crm", tenant="acme", owner="ana", origin="https://crm.example")
    assert found == {"X-Region": "eu", "X-Key": "of-user"}


def test_a_row_that_was_moved_to_another_user_does_not_open(database: Database, file: Path) -> None:
    one = vault(database)
    one.put(USER, SECRET, by="ana", origins=OWN)
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE upstream_credential SET owner = 'eve'")
    with pytest.raises(ConfigurationError, match="was changed"):
        one.for_call("crm", tenant="acme", owner="eve", origin="https://crm.example")


def test_a_changed_secret_does_not_open(database: Database, file: Path) -> None:
    one = vault(database)
    one.put(USER, SECRET, by="ana", origins=OWN)
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE upstream_credential SET sealed = zeroblob(length(sealed))")
    with pytest.raises(ConfigurationError, match="was changed"):
        one.for_call("crm", tenant="acme", owner="ana", origin="https://crm.example")


def test_keys_are_changed_without_losing_what_was_sealed(database: Database) -> None:
    old, new = new_key(), new_key()
    vault(database, old).put(USER, SECRET, by="ana", origins=OWN)
    with pytest.raises(ConfigurationError, match="add that key behind the new one"):
        vault(database, new).for_call("crm", tenant="acme", owner="ana", origin="https://crm.example")
    both = vault(database, f"{new},{old}")
    assert both.for_call("crm", tenant="acme", owner="ana", origin="https://crm.example") == SECRET
    assert (both.rotate(), both.rotate()) == (1, 0)
    assert (
        vault(database, new).for_call("crm", tenant="acme", owner="ana", origin="https://crm.example")
        == SECRET
    )


@pytest.mark.parametrize(
    "text", ["short", "a" * 43, "é", f"{new_key()},x", ","], ids=["short", "long", "é", "one of two", "comma"]
)
def test_a_key_that_is_none_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ConfigurationError, match="new-key") as caught:
        SecretKeys.parse(text)
    assert text.partition(",")[0] not in str(caught.value).replace("key", "") or text == ","


@pytest.mark.parametrize("value", ["", ("", "x"), "x" * 20_000])
def test_what_is_no_credential_is_refused(database: Database, value: str) -> None:
    with pytest.raises(InvalidRecordError):
        vault(database).put(USER, value, by="x", origins=OWN)


def test_who_asks_sees_and_removes_his_own_only(database: Database) -> None:
    one = vault(database)
    slots = [
        Slot("service", "", "", "crm"),
        Slot("tenant", "acme", "", "crm"),
        USER,
        Slot("user", "acme", "bob", "crm"),
        Slot("user", "other", "ana", "crm"),
    ]
    for slot in slots:
        one.put(slot, SECRET, by="x", origins=OWN)
    assert [kept.slot for kept in one.kept(Scope("acme", "ana"))] == [USER]
    assert {kept.slot for kept in one.kept(Scope("acme"))} == set(slots[1:4])
    assert {kept.slot for kept in one.kept(Scope("acme", with_service=True))} == set(slots[:4])
    assert len(one.kept(Scope())) == 5
    assert not one.remove(slots[3].credential_id, within=Scope("acme", "ana"))
    assert one.remove(USER.credential_id, within=Scope("acme", "ana"))
    assert len(one.kept(Scope())) == 4


def test_thirty_two_threads_are_each_given_their_own(database: Database) -> None:
    one = vault(database)
    wrong: list[object] = []
    barrier = threading.Barrier(32)
    interval = sys.getswitchinterval()

    def use(n: int) -> None:
        owner, secret = f"user-{n}", f"secret-{n}"
        one.put(Slot("user", "acme", owner, "crm"), secret, by=owner, origins=OWN)
        barrier.wait(60)
        for _ in range(20):
            found = one.for_call("crm", tenant="acme", owner=owner, origin="https://crm.example")
            if found != secret:
                wrong.append(found)

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=use, args=(n,)) for n in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    finally:
        sys.setswitchinterval(interval)
    assert not wrong
    assert len(one.kept(Scope())) == 32


def test_a_credential_is_sent_to_no_other_server_than_its_own(database: Database) -> None:
    one = vault(database)
    one.put(Slot("service", "", "", "crm"), "of-service", by="x", origins=OWN)
    evil = "https://evil.example"
    for tenant in ("other", "default"):
        assert one.for_call("crm", tenant=tenant, owner="eve", origin=evil) is None
        assert one.for_call("crm", tenant=tenant, owner="eve", origin="") is None
        assert one.for_call("crm", tenant=tenant, owner="eve", origin=OWN[0]) == "of-service"


def test_a_credential_whose_server_nobody_knows_is_refused(database: Database) -> None:
    with pytest.raises(InvalidRecordError, match="index the source first"):
        vault(database).put(USER, SECRET, by="ana", origins=[])


def test_one_that_was_kept_without_its_server_is_not_sent(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = vault(database)
    monkeypatch.setattr(Vault, "_sealed", _sealed_as_before)
    one.put(USER, SECRET, by="ana", origins=OWN)
    with pytest.raises(MissingCredentialsError, match="keep it anew"):
        one.for_call("crm", tenant="acme", owner="ana", origin=OWN[0])


def _sealed_as_before(self: Vault, slot: Slot, credential: object, _: object) -> Sealed:
    return self._keys.seal(json.dumps(credential), slot.credential_id)

"""What is held back and what is sealed, in SQLite and in PostgreSQL, by many at once."""

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.databases import location, postgres
from toolshed.errors import StateError
from toolshed.safety.changes import change_of
from toolshed.safety.quarantine import Quarantine
from toolshed.safety.sealing import SecretKeys, new_key
from toolshed.safety.vault import Scope, Slot, Vault
from toolshed.state.database import Database
from toolshed.types import ToolDefinition

__all__ = ["location", "postgres"]

FIND = ToolDefinition("find", "Finds a customer.", source="crm", annotations={"readOnlyHint": True})


@pytest.fixture
def database(location: str) -> Iterator[Database]:
    opened = Database.open(location, "state", StateError)
    yield opened
    opened.close()


def test_what_is_held_is_a_tenants_own(database: Database) -> None:
    ours, theirs = Quarantine(database, "ours"), Quarantine(database, "theirs")
    worse = replace(FIND, annotations={})
    assert ours.hold([(worse, change_of(FIND, worse))]) == {"crm:find": "pending"}
    assert [one.tool for one in ours.held()] == [worse]
    assert theirs.held() == []
    ours.set_policy("quarantine")
    assert (ours.policy, theirs.policy) == ("quarantine", None)
    ours.decide(ours.one("crm:find"), "rejected", by="ana")
    assert ours.hold([(worse, change_of(FIND, worse))]) == {"crm:find": "rejected"}
    (decided,) = ours.held("rejected")
    assert decided.decided_by == "ana"


def test_credentials_are_sealed_opened_and_sealed_anew(database: Database) -> None:
    old, new = new_key(), new_key()
    slot = Slot("user", "acme", "ana", "crm")
    Vault(database, SecretKeys.parse(old)).put(slot, "s3cret", by="ana", origins=["https://crm.example"])
    both = Vault(database, SecretKeys.parse(f"{new},{old}"))
    assert both.rotate() == 1
    assert both.for_call("crm", tenant="acme", owner="ana", origin="https://crm.example") == "s3cret"
    assert [one.slot for one in both.kept(Scope())] == [slot]


def test_many_that_hold_the_same_definition_hold_it_once(database: Database) -> None:
    worse = replace(FIND, annotations={})
    change = change_of(FIND, worse)
    failed: list[BaseException] = []
    barrier = threading.Barrier(16)
    interval = sys.getswitchinterval()

    def hold() -> None:
        barrier.wait(60)
        try:
            for _ in range(5):
                Quarantine(database, "ours").hold([(worse, change)])
        except BaseException as error:
            failed.append(error)

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=hold) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    finally:
        sys.setswitchinterval(interval)
    assert not failed
    assert len(Quarantine(database, "ours").held()) == 1

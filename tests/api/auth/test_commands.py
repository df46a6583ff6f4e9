"""``toolshed keys``, ``tenants`` and ``grants``, on the state that a service uses."""

import json
from pathlib import Path

import pytest

from tests.api.administered import administered
from tests.command_line import run
from tests.databases import new_database
from toolshed.settings import Settings


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOOLSHED_PIPELINE", "instant")


def test_a_key_that_a_command_makes_lets_in_and_is_shown_once() -> None:
    made = run(
        *("keys", "create", "billing agent", "--expires-in", "90d"),
        *("--scope", "search", "--scope", "chat", "--scope", "admin"),
    )
    assert made.exit_code == 0, made.stderr
    assert "shown once" in made.stderr
    key = made.stdout.strip()
    listed = run("keys", "list").stdout
    assert "billing agent: admin, chat, search" in listed
    assert "never used" in listed
    assert key not in listed
    with administered(Settings(pipeline="instant")) as service:
        assert service.found(key) == []
        assert service.ask("GET", "/v1/keys", key).json()["keys"][0]["created_by"] == "command line"
        revoked = run("keys", "revoke", key.split("_")[1])
        assert revoked.stdout == f"revoked {key.split('_')[1]}\n"
        while service.ask("GET", "/v1/tools", key).status_code == 200:
            pass
        actions = [event["action"] for event in service.ask("GET", "/v1/audit").json()["events"]]
    assert {"keys.create", "keys.revoke"} <= set(actions)


def test_a_key_is_rotated_with_an_overlap() -> None:
    old = json.loads(run("keys", "create", "ci", "--json").stdout)
    new = json.loads(run("keys", "rotate", old["key_id"], "--overlap", "12h", "--json").stdout)
    assert new["scopes"] == ["search"]
    listed = {one["key_id"]: one for one in json.loads(run("keys", "list", "--json").stdout)}
    assert listed[old["key_id"]]["replaced_by"] == new["key_id"]
    assert listed[old["key_id"]]["status"] == "active"
    assert listed[new["key_id"]]["expires_at"] is None


def test_tenants_and_grants_are_made_changed_and_listed() -> None:
    assert "keys create NAME --tenant acme" in run("tenants", "create", "acme").stdout
    granted = run("grants", "add", "--tenant", "acme", "--group", "a", "--claim", "b=c", "--source", "crm")
    assert granted.stdout.count("finds the source crm") == 2
    assert "tenants change acme --restricted" in granted.stderr
    assert "only what is granted" in run("tenants", "change", "acme", "--restricted").stdout
    assert "restricted to grants" in run("tenants", "list").stdout
    listed = json.loads(run("grants", "list", "--tenant", "acme", "--json").stdout)
    assert {one["subject"] for one in listed} == {"group:a", "claim:b=c"}
    ids = [one["grant_id"] for one in listed]
    assert run("grants", "remove", "--tenant", "acme", *ids).exit_code == 0
    assert "nothing is granted" in run("grants", "list", "--tenant", "acme").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("keys", "create", "x", "--tenant", "nowhere"), "toolshed tenants create"),
        (("keys", "create", " "), "the name"),
        (("keys", "create", "x", "--scope", "root"), "is not one of"),
        (("keys", "create", "x", "--expires-in", "soon"), "give 90d"),
        (("keys", "create", "x", "--expires-in", "99999999d"), "36,500 days"),
        (("keys", "revoke", "nothing"), "there is no key"),
        (("tenants", "create", "A/B"), "no name of a tenant"),
        (("tenants", "create", "default"), "already"),
        (("tenants", "change", "default"), "say what to change"),
        (("tenants", "change", "default", "--suspended"), "cannot be suspended"),
        (("grants", "add", "--group", "a"), "may find what"),
        (("grants", "add", "--claim", "b", "--source", "crm"), "claim:NAME=VALUE"),
        (("grants", "remove", "nothing"), "there is no grant"),
        (("keys", "list", "--kb", "http://qdrant:6333"), "give --state"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_told_in_words(arguments: tuple[str, ...], told: str) -> None:
    refused = run(*arguments)
    assert refused.exit_code in (1, 2)
    assert told in refused.stderr


def test_on_a_server_the_pepper_is_asked_for(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLSHED_STATE", new_database(postgres))
    refused = run("keys", "create", "x")
    assert (refused.exit_code, "TOOLSHED_PEPPER" in refused.stderr) == (2, True)
    monkeypatch.setenv("TOOLSHED_PEPPER", "x" * 32)
    assert run("keys", "create", "x").exit_code == 0
    monkeypatch.setenv("TOOLSHED_PEPPER", "y" * 32)
    assert "another pepper" in run("keys", "list").stderr

"""``toolshed credentials``."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from toolshed.commands.main import main
from toolshed.safety.sealing import new_key
from toolshed.shed.location import Location
from toolshed.shed.safekeeping import CredentialVault, StateFile

SECRET = "s3cret-4711"
SERVER = ("--server", "https://crm.example")


def run(*arguments: str, kb: Path, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["credentials", *arguments, "--kb", str(kb)], input=stdin)


def test_credentials_are_kept_from_standard_input_listed_rotated_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = new_key(), new_key()
    monkeypatch.setenv("TOOLSHED_SECRETS_KEY", old)
    assert run("set", "crm", *SERVER, kb=tmp_path, stdin=f"{SECRET}\n").exit_code == 0
    done = run(
        "set",
        "crm",
        *SERVER,
        "--scheme",
        "X-Key",
        "--tenant",
        "acme",
        "--user",
        "ana",
        kb=tmp_path,
        stdin=SECRET,
    )
    assert done.output == "kept for crm, user\n"
    told = run("list", kb=tmp_path).output
    assert "user acme ana" in told
    assert SECRET not in told
    monkeypatch.setenv("TOOLSHED_SECRETS_KEY", f"{new},{old}")
    assert run("rotate", kb=tmp_path).output == "2 credentials are sealed anew\n"
    (first, _) = json.loads(run("list", "--json", kb=tmp_path).output)["credentials"]
    assert run("remove", first["credential_id"], kb=tmp_path).exit_code == 0
    assert run("remove", first["credential_id"], kb=tmp_path).exit_code == 1


def test_without_a_key_it_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOOLSHED_SECRETS_KEY", raising=False)
    refused = run("set", "crm", *SERVER, kb=tmp_path, stdin=SECRET)
    assert refused.exit_code == 2
    assert "credentials new-key" in refused.output
    assert len(CliRunner().invoke(main, ["credentials", "new-key"]).output.strip()) == 44


def test_a_user_is_one_of_a_tenant(tmp_path: Path) -> None:
    assert (
        "give --tenant too" in run("set", "crm", *SERVER, "--user", "ana", kb=tmp_path, stdin=SECRET).output
    )


def test_a_credential_is_kept_for_the_server_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_key()
    monkeypatch.setenv("TOOLSHED_SECRETS_KEY", key)
    refused = run("set", "crm", "--server", "crm.example", kb=tmp_path, stdin=SECRET)
    assert "write https://HOST" in refused.output
    assert run("set", "crm", "--server", "https://crm.example/v1", kb=tmp_path, stdin=SECRET).exit_code == 0
    state = StateFile(Location.of(str(tmp_path)), None, None)
    vault = CredentialVault(state, key).opened
    evil, own = "https://evil.example", "https://crm.example"
    assert vault.for_call("crm", tenant="default", owner="ana", origin=evil) is None
    assert vault.for_call("crm", tenant="acme", owner="bob", origin=own) == SECRET
    state.close()

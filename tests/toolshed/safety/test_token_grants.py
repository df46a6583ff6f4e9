"""Tokens that are got with a grant: once for many callers, kept while good, and each for its own user."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.servers.token_issuer import Issuer, token_issuer
from tests.threads import switching_at_every_turn
from toolshed.catalog.reach import LOCAL, Reach
from toolshed.errors import (
    ForbiddenSourceError,
    InvalidRecordError,
    MissingCredentialsError,
    SourceError,
    StateError,
    ToolshedError,
)
from toolshed.safety.sealing import SecretKeys, new_key
from toolshed.safety.token_grants import KeptGrant, TokenGrant, TokenKeeper
from toolshed.safety.vault import Slot, Vault, VaultGrant
from toolshed.state.database import Database

SLOT = Slot("tenant", "acme", "", "crm")
SERVER = "https://crm.example"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with token_issuer() as opened:
        yield opened


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    database = Database.open(str(tmp_path / "state.db"), "state", StateError)
    yield Vault(database, SecretKeys.parse(new_key()))
    database.close()


def kept(vault: Vault, issuer: Issuer, slot: Slot = SLOT, **said: str) -> VaultGrant:
    grant = {"client_id": "us", "client_secret": "s3cret:of us", "token_url": issuer.url, **said}
    vault.put(slot, TokenGrant.checked(grant), by="x", origins=[SERVER])
    found = vault.for_call("crm", tenant="acme", owner=slot.owner, origin=SERVER)
    assert isinstance(found, VaultGrant)
    return found


def token(keeper: TokenKeeper, grant: KeptGrant, subject: str | None = None, reach: Reach = LOCAL) -> str:
    return keeper.token(grant, subject_token=subject, reach=reach)


def test_a_token_is_asked_for_once_and_kept(vault: Vault, issuer: Issuer) -> None:
    grant, keeper = kept(vault, issuer, grant_type="client_credentials", scope="crm.read"), TokenKeeper()
    assert [token(keeper, grant) for _ in range(3)] == ["access-1"] * 3
    assert issuer.forms == [
        {"grant_type": "client_credentials", "scope": "crm.read", "shown": "us:s3cret%3Aof+us"}
    ]


def test_a_public_client_names_itself_in_the_form(vault: Vault, issuer: Issuer) -> None:
    token(TokenKeeper(), kept(vault, issuer, grant_type="client_credentials", client_secret=""))
    assert issuer.forms == [{"grant_type": "client_credentials", "client_id": "us"}]


def test_a_token_is_asked_for_again_before_its_end(vault: Vault, issuer: Issuer) -> None:
    issuer.lifetime = 30
    grant, keeper = kept(vault, issuer, grant_type="client_credentials"), TokenKeeper()
    assert [token(keeper, grant) for _ in range(2)] == ["access-1", "access-2"]


@pytest.mark.parametrize("lifetime", ["3600", None, "soon", [], 1e400, True])
def test_an_odd_lifetime_is_a_short_one(vault: Vault, issuer: Issuer, lifetime: object) -> None:
    issuer.lifetime = lifetime
    assert token(TokenKeeper(), kept(vault, issuer, grant_type="client_credentials")) == "access-1"


def test_a_refresh_token_is_kept_when_it_changes(vault: Vault, issuer: Issuer) -> None:
    issuer.refresh_tokens, issuer.lifetime = {"first"}, 0
    grant = kept(vault, issuer, grant_type="refresh_token", refresh_token="first")
    assert [token(TokenKeeper(), grant) for _ in range(3)] == ["access-1", "access-2", "access-3"]
    assert grant.grant().refresh_token == "refresh-3"


def test_processes_that_use_one_refresh_token_go_on_with_what_came_of_it(
    vault: Vault, issuer: Issuer
) -> None:
    issuer.refresh_tokens = {"first"}
    here = kept(vault, issuer, grant_type="refresh_token", refresh_token="first")

    stale = iter([here.grant(), here.grant()])

    class Late:
        """Another process, which read the grant before this one renewed it."""

        identity = here.identity
        renew = here.renew

        def grant(self) -> TokenGrant:
            return next(stale, None) or here.grant()

    token(TokenKeeper(), here)
    assert token(TokenKeeper(), Late()) == "access-3"


def test_each_callers_token_is_exchanged_for_his_own(vault: Vault, issuer: Issuer) -> None:
    grant, keeper = kept(vault, issuer, grant_type="token_exchange", audience="crm"), TokenKeeper()
    wrong: list[str] = []
    together = threading.Barrier(32)

    def use(n: int) -> None:
        together.wait(60)
        for _ in range(3):
            if (got := token(keeper, grant, f"ana-{n % 16}")) != f"access-for-ana-{n % 16}":
                wrong.append(got)

    with switching_at_every_turn(), ThreadPoolExecutor(32) as pool:
        list(pool.map(use, range(32)))
    assert not wrong
    assert sorted(form["subject_token"] for form in issuer.forms) == sorted(f"ana-{n}" for n in range(16))
    assert {form["audience"] for form in issuer.forms} == {"crm"}


def test_two_users_of_one_client_never_share_a_token(vault: Vault, issuer: Issuer) -> None:
    keeper = TokenKeeper()
    got = []
    for owner in ("ana", "bob"):
        issuer.refresh_tokens = {f"of-{owner}"}
        slot = Slot("user", "acme", owner, "crm")
        got.append(
            token(keeper, kept(vault, issuer, slot, grant_type="refresh_token", refresh_token=f"of-{owner}"))
        )
    assert got == ["access-1", "access-2"]


def test_who_showed_no_token_has_none_to_exchange(vault: Vault, issuer: Issuer) -> None:
    with pytest.raises(MissingCredentialsError, match="sign in with a token"):
        token(TokenKeeper(), kept(vault, issuer, grant_type="token_exchange"))
    assert not issuer.forms


def test_a_refusal_tells_its_code_and_no_secret(vault: Vault, issuer: Issuer) -> None:
    grant = kept(vault, issuer, grant_type="refresh_token", refresh_token="no-longer-good")
    with pytest.raises(MissingCredentialsError, match=r"invalid_grant \(400\)") as caught:
        token(TokenKeeper(), grant)
    assert "no-longer-good" not in str(caught.value) + repr(grant.grant())
    assert "s3cret" not in str(caught.value) + repr(grant.grant())


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>"),
        (200, b"[" * 100_000),
        (200, b"{}"),
        (200, b'{"access_token": 1, "token_type": "Bearer"}'),
        (200, b'{"access_token": "x", "token_type": "N_A"}'),
        (200, b" " * 2_000_000),
        (302, b""),
        (500, b'{"error": "\\u001b[31m"}'),
    ],
)
def test_an_answer_that_is_none_is_a_clear_error(
    vault: Vault, issuer: Issuer, status: int, body: bytes
) -> None:
    issuer.answer = status, body
    with pytest.raises(ToolshedError, match=r"127\.0\.0\.1") as caught:
        token(TokenKeeper(), kept(vault, issuer, grant_type="client_credentials"))
    assert isinstance(caught.value, SourceError if status == 200 else MissingCredentialsError)
    assert "\x1b" not in str(caught.value)


def test_an_issuer_inside_is_asked_only_where_an_administrator_allowed_it(
    vault: Vault, issuer: Issuer
) -> None:
    grant = kept(vault, issuer, grant_type="client_credentials")
    with pytest.raises(ForbiddenSourceError):
        token(TokenKeeper(), grant, reach=Reach.of_service())
    assert not issuer.forms
    allowed = Reach.of_service([issuer.url.removeprefix("http://").removesuffix("/token")])
    assert token(TokenKeeper(), grant, reach=allowed) == "access-1"


def test_what_takes_the_place_of_a_grant_is_not_overwritten(vault: Vault, issuer: Issuer) -> None:
    grant = kept(vault, issuer, grant_type="refresh_token", refresh_token="first")
    before = grant.grant()
    kept(vault, issuer, grant_type="refresh_token", refresh_token="of-another-sign-in")
    grant.renew(before, before)
    assert grant.grant().refresh_token == "of-another-sign-in"
    vault.put(SLOT, "a plain key", by="x", origins=[SERVER])
    grant.renew(before, before)
    with pytest.raises(MissingCredentialsError, match="removed"):
        token(TokenKeeper(), grant)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"grant_type": "password"}, "grant_type is one of"),
        ({"grant_type": "client_credentials"}, "client_id"),
        ({"grant_type": "client_credentials", "client_id": "us"}, "token_url"),
        (
            {"grant_type": "client_credentials", "client_id": "us", "token_url": "http://login.example/t"},
            "https",
        ),
        ({"grant_type": "refresh_token", "client_id": "us"}, "refresh_token"),
        ({"grant_type": "client_credentials", "client_id": "us", "refresh_token": "x"}, "refresh_token"),
        ({"grant_type": "client_credentials", "client_id": 7}, "text"),
        ({"grant_type": "client_credentials", "client_id": "us", "scopes": "x"}, "'scopes'"),
    ],
)
def test_a_grant_that_cannot_work_is_refused(said: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidRecordError, match=message):
        TokenGrant.checked(said)


@pytest.mark.parametrize("text", ["", "x", "[]", "[" * 100_000])
def test_what_is_no_json_object_is_no_grant(text: str) -> None:
    with pytest.raises(InvalidRecordError, match="JSON object"):
        TokenGrant.from_json(text)

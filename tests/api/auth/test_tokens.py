"""Tokens of an issuer: what lets in, and the many ways in which one does not."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.servers.issuer import AUDIENCE, Issuer, ec_key, issuing, rsa_key
from toolshed.errors import ConfigurationError
from toolshed.issuers import OidcIssuer
from toolshed.settings import read_settings
from toolshed_api.auth import issuer_keys
from toolshed_api.auth.tokens import Holder, TokenVerifier
from toolshed_api.problems import IssuerError, UnauthorizedError


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing(ec_key("first")) as opened:
        yield opened


def verifier(issuer: Issuer, **given: Any) -> TokenVerifier:
    return TokenVerifier([OidcIssuer(issuer=issuer.url, audience=AUDIENCE, **given)])


async def test_a_token_says_who_holds_it_and_what_he_may_do(issuer: Issuer) -> None:
    token = issuer.token(
        scope="openid toolshed:search toolshed:call toolshed:root admin",
        groups=["finance", 7, "sales"],
        tenant="acme",
        department="law",
    )
    held = await verifier(issuer, tenant_claim="tenant", grant_claims=("department",)).verify(token)
    subjects = ("group:finance", "group:sales", "claim:department=law")
    assert held == Holder("token:ana", "acme", frozenset({"search", "call"}), subjects)


async def test_an_rsa_key_an_audience_among_several_and_scopes_as_a_list(issuer: Issuer) -> None:
    issuer.keys = [rsa_key("r"), ec_key("e")]
    token = issuer.token(aud=["other", AUDIENCE], roles=["t.admin"], header={"typ": "at+jwt"})
    held = await verifier(issuer, scopes_claim="roles", scope_prefix="t.", default_scopes=("search",)).verify(
        token
    )
    assert (held.tenant, held.scopes, held.subjects) == ("default", frozenset({"admin", "search"}), ())


NOW = int(time.time())
WRONG: dict[str, Callable[[Issuer], str]] = {
    "expired": lambda issuer: issuer.token(exp=NOW - 3600),
    "never expires": lambda issuer: issuer.token(exp=None),
    "expires at no time": lambda issuer: issuer.token(exp="tomorrow"),
    "expires at an endless time": lambda issuer: issuer.token(exp=10**400),
    "expires truly": lambda issuer: issuer.token(exp=True),
    "not yet": lambda issuer: issuer.token(nbf=NOW + 3600),
    "issued in the future": lambda issuer: issuer.token(iat=NOW + 3600),
    "for another service": lambda issuer: issuer.token(aud="https://other.example.com"),
    "for nobody": lambda issuer: issuer.token(aud=None),
    "for an object": lambda issuer: issuer.token(aud={AUDIENCE: True}),
    "of another issuer": lambda issuer: issuer.token(iss="https://evil.example.com"),
    "of an issuer alike": lambda issuer: issuer.token(iss=f"{issuer.url}/"),
    "of no issuer": lambda issuer: issuer.token(iss=None),
    "of a list of issuers": lambda issuer: issuer.token(iss=[issuer.url]),
    "without a subject": lambda issuer: issuer.token(sub=None),
    "of a subject that is a number": lambda issuer: issuer.token(sub=7),
    "signed by another with the same name": lambda issuer: issuer.token(ec_key("first")),
    "signed by an unknown key": lambda issuer: issuer.token(ec_key("other")),
    "named by a number": lambda issuer: with_header(issuer.token(), kid=7),
    "a secret that is the public key": lambda issuer: signed_with_secret(
        issuer.token(), issuer.keys[0].as_pem(private=False)
    ),
    "not signed": lambda issuer: with_header(issuer.token(), alg="none").rsplit(".", 1)[0] + ".",
    "not signed, with a signature": lambda issuer: with_header(issuer.token(), alg="none"),
    "said to be of another algorithm": lambda issuer: with_header(issuer.token(), alg="RS256"),
    "of a list of algorithms": lambda issuer: with_header(issuer.token(), alg=["ES256"]),
    "critical": lambda issuer: with_header(issuer.token(), crit=["exp"], exp=1),
    "another kind": lambda issuer: issuer.token(header={"typ": "logout+jwt"}),
    "changed claims": lambda issuer: with_claims(issuer.token(), sub="boss"),
    "a changed signature": lambda issuer: issuer.token()[:-6] + "AAAAAA",
    "too long": lambda issuer: issuer.token(x="x" * 20_000),
    "too many groups": lambda issuer: issuer.token(groups=[str(i) for i in range(1_001)]),
    "two parts": lambda issuer: issuer.token().rsplit(".", 1)[0],
    "no base64": lambda issuer: "a.b!.c",
    "no JSON": lambda issuer: "YQ.YQ.YQ",
    "JSON that is no object": lambda issuer: "W10.W10.YQ",
    "deep JSON": lambda issuer: f"{encoded(b'[' * 10_000)}.W10.YQ",
    "a name that is not text": lambda issuer: f"{encoded(b'{}')}.{encoded(bytes([0xFF]))}.YQ",
}


def signed_with_secret(token: str, secret: bytes) -> str:
    said = with_header(token, alg="HS256").rpartition(".")[0]
    return f"{said}.{encoded(hmac.digest(secret, said.encode(), 'sha256'))}"


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def with_header(token: str, **changes: object) -> str:
    return changed(token, 0, changes)


def with_claims(token: str, **changes: object) -> str:
    return changed(token, 1, changes)


def changed(token: str, which: int, changes: dict[str, object]) -> str:
    parts = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(parts[which] + "=="))
    parts[which] = encoded(json.dumps({**said, **changes}).encode())
    return ".".join(parts)


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_a_token_that_is_not_right_lets_nobody_in(
    issuer: Issuer, wrong: Callable[[Issuer], str]
) -> None:
    taking = verifier(issuer)
    await taking.verify(issuer.token())
    with pytest.raises(UnauthorizedError):
        await taking.verify(wrong(issuer))
    await taking.verify(issuer.token())


async def test_a_tenant_that_is_to_be_named_must_be(issuer: Issuer) -> None:
    for claims in ({}, {"tenant": ""}, {"tenant": ["acme"]}):
        with pytest.raises(UnauthorizedError, match="tenant"):
            await verifier(issuer, tenant_claim="tenant").verify(issuer.token(**claims))


async def test_keys_are_fetched_once_by_many_and_anew_when_they_change(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking = verifier(issuer)
    await asyncio.gather(*(taking.verify(issuer.token()) for _ in range(50)))
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]
    issuer.keys = [ec_key("second"), *issuer.keys]
    monkeypatch.setattr(issuer_keys, "_PAUSE_SECONDS", 0.0)
    await taking.verify(issuer.token())
    assert issuer.asked.count("/keys") == 2
    # A key that is published no more lets nobody in once the keys are fetched anew.
    gone = issuer.keys.pop()
    monkeypatch.setattr(issuer_keys, "_FRESH_SECONDS", 0.0)
    with pytest.raises(UnauthorizedError):
        await taking.verify(issuer.token(gone))


async def test_a_flood_of_unknown_keys_asks_the_issuer_once(issuer: Issuer) -> None:
    taking = verifier(issuer)
    await taking.verify(issuer.token())
    for _ in range(30):
        with pytest.raises(UnauthorizedError, match="a key that its issuer does not name"):
            await taking.verify(issuer.token(ec_key("unknown")))
    assert issuer.asked.count("/keys") == 1


async def test_an_issuer_that_goes_away_is_believed_for_a_while(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking = verifier(issuer)
    await taking.verify(issuer.token())
    issuer.says = {"/.well-known/openid-configuration": (503, b"")}
    monkeypatch.setattr(issuer_keys, "_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(issuer_keys, "_FRESH_SECONDS", 0.0)
    await taking.verify(issuer.token())
    monkeypatch.setattr(issuer_keys, "_KEPT_SECONDS", 0.0)
    with pytest.raises(IssuerError):
        await taking.verify(issuer.token())


DISCOVERY = "/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (DISCOVERY, (200, b"")),
        (DISCOVERY, (200, b"[]")),
        (DISCOVERY, (200, b"[" * 100_000)),
        (DISCOVERY, (200, b'{"issuer": "https://evil.example.com", "jwks_uri": "https://evil.example.com"}')),
        (DISCOVERY, (302, b"/elsewhere")),
        ("/keys", (500, b"")),
        ("/keys", (200, b" " * (2**20 + 1))),
        ("/keys", (200, b'{"keys": 7}')),
        ("/keys", (200, json.dumps({"keys": [{}] * 101}).encode())),
        ("/keys", (302, b"/elsewhere")),
    ],
)
async def test_an_issuer_that_talks_nonsense_lets_nobody_in(
    issuer: Issuer, path: str, said: tuple[int, bytes]
) -> None:
    issuer.says = {path: said}
    with pytest.raises(IssuerError):
        await verifier(issuer).verify(issuer.token())


async def test_keys_come_from_where_they_are_safe(issuer: Issuer) -> None:
    for address in ("http://keys.example.com/", "file:///etc/passwd", "https://u:p@example.com/", ""):
        said = json.dumps({"issuer": issuer.url, "jwks_uri": address}).encode()
        issuer.says = {DISCOVERY: (200, said)}
        with pytest.raises(IssuerError):
            await verifier(issuer).verify(issuer.token())


async def test_an_issuer_that_takes_too_long_is_not_waited_for(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.delay_seconds = 5
    monkeypatch.setattr(issuer_keys, "_FETCH_SECONDS", 0.2)
    with pytest.raises(IssuerError):
        await verifier(issuer).verify(issuer.token())


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
async def test_weak_keys_and_those_for_something_else_are_none(issuer: Issuer) -> None:
    good, weak = ec_key("good"), rsa_key("weak", 1024)
    published = [
        weak.as_dict(private=False),
        {**ec_key("encrypts").as_dict(private=False), "use": "enc"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"},
        {"kty": "EC", "crv": "P-256", "kid": "half"},
        "no key",
        good.as_dict(private=True),
    ]
    issuer.keys, issuer.says = [good], {"/keys": (200, json.dumps({"keys": published}).encode())}
    taking = verifier(issuer)
    await taking.verify(issuer.token())
    await taking.verify(issuer.token(header={"kid": None}))
    with pytest.raises(UnauthorizedError):
        await taking.verify(issuer.token(weak))


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://login.example.com", "audience": "x"},
        {"issuer": "https://login.example.com", "audience": ""},
        {"issuer": "https://login.example.com"},
        {"issuer": "https://login.example.com", "audience": "x", "algorithms": ["none"]},
        {"issuer": "https://login.example.com", "audience": "x", "algorithms": ["HS256"]},
        {"issuer": "https://login.example.com", "audience": "x", "algorithms": []},
        {"issuer": "https://login.example.com", "audience": "x", "tennant": "y"},
    ],
    ids=str,
)
def test_settings_that_would_take_anything_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="oidc"):
        read_settings(oidc=[wrong])


async def test_long_subjects_that_begin_alike_have_names_of_their_own(issuer: Issuer) -> None:
    names = [
        (await verifier(issuer).verify(issuer.token(sub="x" * 300 + end))).name for end in ("", "a", "b")
    ]
    assert len({*names}) == 3
    assert {len(name) for name in names} == {200}

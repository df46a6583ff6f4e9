"""Calls are made with the credentials of whoever calls, and of nobody else."""

import json
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.qdrant_stub import loopback_server
from tests.servers.token_issuer import token_issuer
from toolshed.catalog.definitions import Catalog
from toolshed.catalog.openapi import parse_openapi
from toolshed.catalog.reach import Reach
from toolshed.errors import MissingCredentialsError, ToolshedError
from toolshed.safety.sealing import new_key
from toolshed.safety.token_grants import TokenGrant
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder
from toolshed_api.caller_credentials import CredentialSlot
from toolshed_api.caller_shed import CallerShed
from toolshed_api.callers import Caller, MissingScopeError


class Echo(BaseHTTPRequestHandler):
    """Answers with a digest of who called: tests must not see a credential in an answer."""

    seen: list[str]

    def do_GET(self) -> None:
        token = self.headers.get("authorization", "none")
        self.seen.append(token)
        body = json.dumps({"caller": token.rpartition("-")[2], "said": token}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
        """Keep the tests' output quiet."""


@dataclass
class Upstream:
    shed: Toolshed
    seen: list[str]


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Upstream]:
    seen: list[str] = []
    with loopback_server(type("One", (Echo,), {"seen": seen})) as url:
        document = {
            "openapi": "3.1.0",
            "info": {"title": "crm", "version": "1"},
            "servers": [{"url": url}],
            "security": [{"token": []}],
            "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
            "paths": {
                "/me": {
                    "get": {
                        "operationId": "me",
                        "summary": "Tells who calls.",
                        "responses": {"200": {"description": "Me."}},
                    }
                }
            },
        }
        with Toolshed(
            tmp_path / "shed",
            encoder=HashingEncoder(),
            secrets_key=new_key(),
            reach=Reach.of_service([url.removeprefix("http://")]),
        ) as shed:
            shed.add_catalogs([parse_openapi(document, source="crm", location=f"{url}/openapi.json")])
            yield Upstream(shed, seen)


def as_caller(shed: Toolshed, name: str, tenant: str = "default") -> CallerShed:
    return CallerShed(shed, Caller(name, tenant))


def test_each_caller_is_served_with_his_own_by_precedence(upstream: Upstream) -> None:
    ana, bob = as_caller(upstream.shed, "ana"), as_caller(upstream.shed, "bob")
    ana.put_credential(CredentialSlot(level="service", source="crm", scheme=""), "token-of-service")
    ana.call("crm:me")
    ana.put_credential(CredentialSlot(level="tenant", source="crm", scheme="token"), "token-of-tenant")
    bob.call("crm:me")
    ana.put_credential(CredentialSlot(level="user", source="crm", scheme=""), "token-of-ana")
    ana.call("crm:me")
    bob.call("crm:me")
    assert upstream.seen == [f"Bearer token-of-{owner}" for owner in ("service", "tenant", "ana", "tenant")]


def test_a_credential_is_in_no_answer_and_no_log(
    upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ana = as_caller(upstream.shed, "ana")
    kept = ana.put_credential(CredentialSlot(level="user", source="crm", scheme=""), "token-of-ana")
    result = ana.call("crm:me")
    said = repr(kept) + str(kept.to_json()) + result.text + repr(ana) + caplog.text
    assert upstream.seen == ["Bearer token-of-ana"]
    assert "token-of-ana" not in said


def test_who_may_keep_what_follows_from_his_scopes(upstream: Upstream) -> None:
    plain = CallerShed(upstream.shed, Caller("ana", "default", frozenset({"call"})))
    other = as_caller(upstream.shed, "eve", "other")
    plain.put_credential(CredentialSlot(level="user", source="crm", scheme=""), "x-of-ana")
    for level in ("tenant", "service"):
        with pytest.raises(MissingScopeError):
            plain.put_credential(CredentialSlot(level=level, source="crm", scheme=""), "x")
    with pytest.raises(MissingScopeError):
        other.put_credential(CredentialSlot(level="service", source="crm", scheme=""), "x")
    assert [one.slot.owner for one in plain.credentials()] == ["ana"]
    assert other.credentials() == []
    assert not other.remove_credential(plain.credentials()[0].slot.credential_id)
    assert plain.remove_credential(plain.credentials()[0].slot.credential_id)


def test_thirty_two_callers_at_once_are_never_served_with_anothers(upstream: Upstream) -> None:
    wrong: list[str] = []
    barrier = threading.Barrier(32)
    interval = sys.getswitchinterval()

    def use(n: int) -> None:
        mine = as_caller(upstream.shed, f"user-{n}")
        mine.put_credential(CredentialSlot(level="user", source="crm", scheme=""), f"token-of-caller-{n}")
        barrier.wait(60)
        for _ in range(4):
            text = mine.call("crm:me").text
            if json.loads(text)["caller"] != str(n):
                wrong.append(text)

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
    assert len(upstream.seen) == 128


def test_a_source_of_the_same_name_at_another_server_is_sent_nothing(upstream: Upstream) -> None:
    ana = as_caller(upstream.shed, "ana")
    for level in ("service", "user"):
        ana.put_credential(CredentialSlot(level=level, source="crm", scheme=""), f"token-of-{level}")
    tool = upstream.shed.get_tool("crm:me")
    stolen: list[str] = []
    with loopback_server(type("Evil", (Echo,), {"seen": stolen})) as url:
        upstream.shed.reach = Reach.of_service([url.removeprefix("http://")])
        binding = {**(tool.binding or {}), "servers": [{"url": url}]}
        catalog = Catalog("crm", (replace(tool, binding=binding),), location=f"{url}/openapi.json")
        upstream.shed.add_catalogs([catalog], replace=True)
        with suppress(ToolshedError):
            ana.call("crm:me")
    assert not [one for one in stolen if "token-of" in one]
    assert upstream.seen == []


def test_each_caller_calls_in_his_own_name_with_the_token_that_he_signed_in_with(upstream: Upstream) -> None:
    with token_issuer() as issuer:
        host = issuer.url.removeprefix("http://").removesuffix("/token")
        shed = upstream.shed
        shed.reach = Reach.of_service([*shed.reach.allowed, host])
        grant = {"grant_type": "token_exchange", "token_url": issuer.url, "client_id": "us"}
        slot = CredentialSlot(level="tenant", source="crm", scheme="")
        as_caller(shed, "boss").put_credential(slot, TokenGrant.checked(grant))
        for name in ("ana", "bob", "ana"):
            CallerShed(shed, Caller(name, token=f"token-of-{name}")).call("crm:me")
        with pytest.raises(MissingCredentialsError, match="sign in"):
            as_caller(shed, "key").call("crm:me")
    assert upstream.seen == [f"Bearer access-for-token-of-{name}" for name in ("ana", "bob", "ana")]
    assert len(issuer.forms) == 2

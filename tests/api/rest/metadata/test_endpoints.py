"""Where tokens are issued, and a token that lets in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.administered import Administered, administered
from tests.api.serving import TOOLS, problem
from tests.servers.issuer import AUDIENCE, Issuer, issuing
from toolshed.issuers import OidcIssuer
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed

PATH = "/.well-known/oauth-protected-resource"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as opened:
        yield opened


@pytest.fixture
def service(issuer: Issuer, tmp_path: Path) -> Iterator[Administered]:
    with Toolshed(tmp_path / "shed", pipeline="instant") as shed:
        shed.add_tools(*TOOLS)
    taken = OidcIssuer(
        issuer=issuer.url, audience=AUDIENCE, tenant_claim="tenant", grant_claims=("department",)
    )
    with administered(
        Settings(kb=str(tmp_path / "shed"), pipeline="instant", oidc=[taken], requests_per_minute=1_000)
    ) as opened:
        yield opened


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_a_token_finds_what_its_groups_and_claims_were_granted(service: Administered, issuer: Issuer) -> None:
    service.grant("default", "group:finance", "source", "mail")
    service.grant("default", "claim:department=law", "tool", "weather:get_forecast")
    service.restrict("default")

    def found(**claims: object) -> list[str]:
        token = issuer.token(tenant="default", scope="toolshed:search", **claims)
        answer = service.client.get("/v1/tools", headers=bearer(token))
        assert answer.status_code == 200, answer.text
        ids: list[str] = answer.json()["tool_ids"]
        return ids

    assert found() == []
    assert found(groups=["finance"]) == ["mail:send_email"]
    assert found(groups=["finance"], department="law") == ["mail:send_email", "weather:get_forecast"]
    assert found(groups=["department=law"], department="sales") == []


def test_a_token_may_do_what_it_says_and_is_told_what_it_lacks(service: Administered, issuer: Issuer) -> None:
    token = issuer.token(tenant="default", scope="openid")
    refused = service.client.get("/v1/tools", headers=bearer(token))
    assert problem(refused) == (403, "missing_scope")
    told = refused.headers["www-authenticate"]
    assert told.startswith('Bearer error="insufficient_scope", scope="search", resource_metadata="http://')
    unknown = issuer.token(tenant="nowhere", scope="toolshed:search")
    assert problem(service.client.get("/v1/tools", headers=bearer(unknown))) == (403, "forbidden_tenant")


def test_who_has_no_token_reads_where_to_get_one(service: Administered, issuer: Issuer) -> None:
    refused = service.client.get("/v1/tools")
    assert problem(refused) == (401, "unauthorized")
    address = refused.headers["www-authenticate"].partition('resource_metadata="')[2].rstrip('"')
    told = service.client.get(address).json()
    assert told["authorization_servers"] == [issuer.url]
    assert address == told["resource"] + PATH
    assert "toolshed:search" in told["scopes_supported"]
    for part in ("v1", "mcp"):
        assert service.client.get(f"{PATH}/{part}").json()["resource"] == f"{told['resource']}/{part}"
    assert problem(service.client.get(f"{PATH}/other")) == (422, "invalid_request")


@pytest.mark.parametrize("host", ['evil"x', "a b", "evil.com/path", "x" * 300 + '"', "[::1", "ü"])
def test_a_host_that_is_none_is_not_repeated(service: Administered, host: str) -> None:
    refused = service.client.get("/v1/tools", headers={"host": host.encode()})
    assert refused.status_code in (400, 401)
    assert host not in refused.headers.get("www-authenticate", "")


def test_without_issuers_there_is_nothing_to_tell(tmp_path: Path) -> None:
    with administered(Settings(kb=str(tmp_path / "shed"), pipeline="instant")) as service:
        assert problem(service.client.get(PATH)) == (404, "no_issuer")
        refused = service.client.get("/v1/tools", headers=bearer("a.b.c"))
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")

"""The endpoints of credentials."""

from collections.abc import Iterator

import httpx
import pytest

from tests.api.serving import TOOLS, problem, served
from tests.conftest import OpenShed
from toolshed.safety.sealing import new_key
from toolshed.settings import Settings

SECRET = "s3cret-4711-of-ana"


@pytest.fixture
def sealing(open_shed: OpenShed) -> Iterator[httpx.Client]:
    shed = open_shed(secrets_key=new_key())
    shed.add_tools(*TOOLS)
    with served(Settings(), shed) as client:
        yield client


def test_credentials_are_kept_listed_and_removed_and_never_shown(sealing: httpx.Client) -> None:
    body = {"source": "mail", "value": SECRET, "username": "ana"}
    kept = sealing.put("/v1/credentials", json=body)
    assert kept.status_code == 200
    listed = sealing.get("/v1/credentials")
    assert [one["level"] for one in listed.json()["credentials"]] == ["user"]
    assert SECRET not in kept.text + listed.text
    path = f"/v1/credentials/{kept.json()['credential_id']}"
    assert sealing.delete(path).status_code == 204
    assert problem(sealing.delete(path)) == (404, "unknown_source")


def test_a_refused_credential_is_not_shown(sealing: httpx.Client) -> None:
    refused = sealing.put("/v1/credentials", json={"source": "mail", "value": SECRET, "level": "galaxy"})
    assert problem(refused) == (422, "invalid_request")
    assert SECRET not in refused.text
    long = sealing.put("/v1/credentials", json={"source": "mail", "value": SECRET * 1_000})
    assert problem(long) == (422, "invalid_request")
    assert SECRET not in long.text


def test_without_a_key_nothing_is_kept(client: httpx.Client) -> None:
    refused = client.put("/v1/credentials", json={"source": "mail", "value": SECRET})
    assert problem(refused) == (409, "no_secrets_key")
    assert SECRET not in refused.text

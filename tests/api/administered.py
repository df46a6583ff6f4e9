"""A service with two tenants, and keys of each for each scope."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from tests.api.serving import running
from toolshed.settings import Settings
from toolshed_api.app import create_app

ADMIN = "an-admin-key-of-the-environment"


@dataclass(frozen=True, slots=True)
class Administered:
    """A service that is running, and what its administrator asks of it."""

    client: httpx.Client

    def ask(self, method: str, path: str, key: str = ADMIN, **given: object) -> httpx.Response:
        headers = {"x-api-key": key, **dict(given.pop("headers", {}))}  # type: ignore[call-overload]  # a dict
        return self.client.request(method, path, headers=headers, **given)  # type: ignore[arg-type]  # as httpx

    def tenant(self, name: str) -> None:
        assert self.ask("POST", "/v1/tenants", json={"name": name}).status_code == 201

    def key(self, tenant: str, *scopes: str, **wishes: object) -> dict[str, str]:
        body = {"name": "test", "scopes": list(scopes), **wishes}
        made = self.ask("POST", "/v1/keys", params={"tenant": tenant}, json=body)
        assert made.status_code == 201, made.text
        told: dict[str, str] = made.json()
        return told

    def grant(self, tenant: str, subject: str, kind: str, thing: str) -> str:
        body = {"subject": subject, "kind": kind, "object": thing}
        made = self.ask("POST", "/v1/grants", params={"tenant": tenant}, json=body)
        assert made.status_code == 201, made.text
        return str(made.json()["grant_id"])

    def restrict(self, tenant: str, *, is_restricted: bool = True) -> None:
        changed = self.ask("PATCH", f"/v1/tenants/{tenant}", json={"is_restricted": is_restricted})
        assert changed.status_code == 200, changed.text

    def found(self, key: str, **headers: str) -> list[str]:
        answer = self.ask("GET", "/v1/tools", key, headers=headers)
        assert answer.status_code == 200, answer.text
        ids: list[str] = answer.json()["tool_ids"]
        return ids


@contextlib.contextmanager
def administered(settings: Settings) -> Iterator[Administered]:
    """The service, whose administrator has a key of the environment."""
    given = settings.model_copy(update={"api_keys": Settings(api_keys=[ADMIN]).api_keys})  # type: ignore[list-item]  # pydantic makes them secrets
    with running(create_app(given)) as client:
        yield Administered(client)

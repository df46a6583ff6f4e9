"""A gateway over real HTTP, before a scripted provider."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest
from sqlalchemy import select

from tests.api.serving import served
from tests.conftest import OpenShed
from tests.provider_stub import Script, scripted_provider
from tests.waiting import eventually
from toolshed.economics.ledger import tables
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed

PRICED = ["gpt-4o-mini", "gpt-4o", "claude-3-5-haiku-latest"]


@dataclass
class Served:
    """A gateway that runs.

    ``seen`` are the bodies that the provider got, ``headers`` their headers.
    """

    http: httpx.Client
    shed: Toolshed
    seen: list[dict[str, Any]]
    headers: list[dict[str, str]]
    running: ExitStack

    @property
    def url(self) -> str:
        return f"{str(self.http.base_url).rstrip('/')}/v1"

    def openai(self, key: str = "none") -> openai.OpenAI:
        client = openai.OpenAI(base_url=self.url, api_key=key, max_retries=0, timeout=60)
        return self.running.enter_context(client)

    def anthropic(self, key: str = "none") -> anthropic.Anthropic:
        client = anthropic.Anthropic(base_url=self.url[:-3], api_key=key, max_retries=0, timeout=60)
        return self.running.enter_context(client)

    def calls(self, n: int = 1) -> list[dict[str, Any]]:
        """The calls of all tasks, as they are booked: a stream's after its last event."""
        eventually(lambda: len(self._booked()) >= n)
        return self._booked()

    def _booked(self) -> list[dict[str, Any]]:
        with self.shed.account.ledger.database.reading() as connection:
            rows = connection.execute(select(tables.call).order_by(tables.call.c.started_at))
            return [dict(row) for row in rows.mappings()]


ServeGateway = Callable[..., Served]


@pytest.fixture
def serve_gateway(
    tmp_path: Path, open_shed: OpenShed, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ServeGateway]:
    """Serves a gateway before a scripted provider; what is given completes its file."""
    monkeypatch.setenv("PROVIDER_KEY", "sk-the-upstreams-own")
    with ExitStack() as running:

        def serve(
            script: Script,
            *,
            shed: Toolshed | None = None,
            settings: dict[str, Any] | None = None,
            **file: Any,
        ) -> Served:
            seen: list[dict[str, Any]] = []
            headers: list[dict[str, str]] = []
            base_url = running.enter_context(scripted_provider(script, seen, headers))
            upstream = {
                "base_url": base_url,
                "key_env": "PROVIDER_KEY",
                "dialects": ["chat", "responses", "messages"],
                "models": PRICED,
            }
            path = tmp_path / "gateway.json"
            path.write_text(json.dumps({"upstreams": {"provider": upstream}, **file}))
            opened = shed if shed is not None else open_shed()
            client = running.enter_context(served(Settings(gateway=path, **(settings or {})), opened))
            return Served(client, opened, seen, headers, running)

        yield serve

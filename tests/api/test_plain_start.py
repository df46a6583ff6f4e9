"""A service that cannot start says why."""

import asyncio
from pathlib import Path

import pytest
from starlette.types import Message

from toolshed import Toolshed
from toolshed.errors import KnowledgeBaseBusyError
from toolshed.settings import Settings
from toolshed_api.app import create_app


def test_a_folder_that_another_has_open_is_refused_in_a_sentence(tmp_path: Path) -> None:
    kb = str(tmp_path / "shed")
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        sent.append(message)

    app = create_app(Settings(kb=kb, pipeline="instant"))
    with Toolshed(kb, pipeline="instant"), pytest.raises(KnowledgeBaseBusyError) as refused:
        asyncio.run(app({"type": "lifespan", "state": {}}, receive, send))
    assert sent == [{"type": "lifespan.startup.failed", "message": str(refused.value)}]

"""Who listens is told of what others change, in other processes too."""

import asyncio
from collections.abc import Iterator
from itertools import chain, repeat

import pytest

from tests.api.mcp.serving import ERAS, list_that_names, told_of_changes
from tests.api.serving import TOOLS, served
from tests.qdrant_stub import qdrant_stub
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder
from toolshed_api.mcp import list_changes
from toolshed_api.mcp.list_changes import ListChanges


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_changes, "LOOK_SECONDS", 0.02)


@pytest.mark.parametrize("era", ERAS)
async def test_a_change_that_another_process_makes_on_the_same_server_is_told(era: str) -> None:
    with (
        qdrant_stub() as url,
        Toolshed(url, encoder=HashingEncoder()) as reader,
        Toolshed(url, encoder=HashingEncoder()) as writer,
        served(Settings(refresh_seconds=0.05), reader) as client,
    ):
        address = str(client.base_url).rstrip("/") + "/mcp"
        async with told_of_changes(address, era) as (connected, told):
            assert "weather" not in (await connected.list_tools()).model_dump_json()
            await asyncio.to_thread(writer.add_tools, *TOOLS)
            await list_that_names("weather", connected, told)


async def test_a_change_of_rights_is_a_change_of_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    told = asyncio.Event()

    async def tell(_: ListChanges) -> None:
        told.set()

    monkeypatch.setattr(ListChanges, "tell", tell)
    versions: Iterator[int] = chain([1, 1], repeat(2))
    watching = asyncio.create_task(ListChanges().watch(list, lambda: next(versions)))
    await asyncio.wait_for(told.wait(), 60)
    watching.cancel()

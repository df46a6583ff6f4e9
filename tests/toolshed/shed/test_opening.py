"""Opening: the engine that a location names, and the settings of the applications as options."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from qdrant_client import QdrantClient

from tests.qdrant_stub import qdrant_stub
from tests.stores import MANIFEST
from toolshed.errors import ConfigurationError
from toolshed.knowledge_base.edge import EdgeEngine
from toolshed.knowledge_base.memory import MemoryEngine
from toolshed.knowledge_base.passages import PASSAGE_LAYOUT
from toolshed.knowledge_base.tools import TOOL_LAYOUT, ToolStore
from toolshed.options import checked
from toolshed.settings import Settings
from toolshed.shed.location import Location
from toolshed.shed.opening import ShedArguments, open_engine, open_passages, open_tools, options_from
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder, make_tool

DEFAULTS = checked(ShedArguments, {})


def test_settings_hand_on_every_option_of_the_same_name() -> None:
    settings = Settings(
        pipeline="instant",
        encoder="openai:small",
        encoder_threads=3,
        qdrant_api_key=SecretStr("s3cret"),
        collection="mine",
        ledger="books.db",
        prices="prices.yaml",
    )
    options = options_from(settings)
    shared = Settings.model_fields.keys() & DEFAULTS.keys()
    assert options.keys() == shared
    assert options == {**{name: getattr(settings, name) for name in shared}, "qdrant_api_key": "s3cret"}
    assert options_from(Settings(qdrant_api_key=None))["qdrant_api_key"] is None


def test_tools_lie_in_the_folder_and_passages_in_one_of_their_own(tmp_path: Path) -> None:
    at = Location.of(tmp_path / "shed")
    tools, passages = open_tools(at, MANIFEST, DEFAULTS), open_passages(at, MANIFEST, DEFAULTS)
    try:
        assert (tools.location, passages.location) == (
            str(tmp_path / "shed"),
            str(tmp_path / "shed" / "passages"),
        )
        assert at.holds()
        assert at.holds("passages")
    finally:
        passages.close()
        tools.close()


def test_memory_holds_both_kinds_apart() -> None:
    at = Location.of("memory:")
    tools = open_tools(at, MANIFEST, DEFAULTS)
    assert isinstance(open_engine(PASSAGE_LAYOUT, at, MANIFEST, DEFAULTS), MemoryEngine)
    assert (tools.count(), tools.manifest.schema_version) == (0, TOOL_LAYOUT.version)


@pytest.mark.parametrize(("collection", "beside"), [("tools", "passages"), ("mine", "mine-passages")])
def test_collections_of_one_server_have_passages_of_their_own(collection: str, beside: str) -> None:
    options: ShedArguments = {**DEFAULTS, "collection": collection}
    with qdrant_stub() as url:
        at = Location.of(url)
        stores = open_tools(at, MANIFEST, options), open_passages(at, MANIFEST, options)
        client = QdrantClient(url=url, check_compatibility=False)
        made = {
            name for name in ("tools", "passages", "mine", "mine-passages") if client.collection_exists(name)
        }
        for store in stores:
            store.close()
        client.close()
    assert made == {collection, beside}


def test_a_server_without_its_client_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "toolshed.knowledge_base.server", None)
    with pytest.raises(ConfigurationError, match=r"qdrant-client is not installed.*'\.\[server\]'"):
        open_tools(Location.of("http://localhost:6333"), MANIFEST, DEFAULTS)


def test_a_knowledge_base_of_an_older_layout_is_searched_and_written_as_it_is(tmp_path: Path) -> None:
    encoder = HashingEncoder()
    with Toolshed("memory:", encoder=encoder) as shed:
        wanted = shed.knowledge_base.manifest
    older = replace(wanted, schema_version=1)
    assert TOOL_LAYOUT.schema(wanted).vectors.keys() - TOOL_LAYOUT.schema(older).vectors.keys() == {
        "described",
        "arguments",
    }
    ToolStore(EdgeEngine(tmp_path / "shed", TOOL_LAYOUT.schema, older, shard="tools")).close()
    tools = [make_tool("send_mail", "Send an email."), make_tool("get_forecast", "Forecast the weather.")]
    with Toolshed(tmp_path / "shed", encoder=encoder) as shed:
        assert shed.add_tools(*tools).added == ["test:send_mail", "test:get_forecast"]
        assert shed.search("what will the weather be", 1).tools[0].tool.name == "get_forecast"
        assert shed.add_tools(*tools).unchanged == 2
        assert shed.damages() == []
    with Toolshed(tmp_path / "shed", encoder=encoder) as shed:
        assert shed.knowledge_base.manifest == older
        assert len(shed.list_tools()) == 2


def test_credentials_that_are_refused_leave_no_folder_locked(tmp_path: Path) -> None:
    wrong: Any = 5
    with pytest.raises(ConfigurationError):
        Toolshed(tmp_path / "shed", encoder=HashingEncoder(), credentials=wrong)
    Toolshed(tmp_path / "shed", encoder=HashingEncoder()).close()

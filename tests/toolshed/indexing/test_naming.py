"""Names in a store that several processes write to."""

from dataclasses import replace

import pytest

from tests.stores import MANIFEST, tool_records
from toolshed.indexing.naming import write_names, yield_names
from toolshed.knowledge_base.memory import MemoryEngine
from toolshed.knowledge_base.tools import TOOL_LAYOUT, ToolStore
from toolshed.testing import make_tool


def store_of(is_shared: bool, monkeypatch: pytest.MonkeyPatch) -> ToolStore:
    monkeypatch.setattr(MemoryEngine, "is_shared", is_shared)
    store = ToolStore(MemoryEngine(TOOL_LAYOUT.schema, MANIFEST))
    store.upsert(
        tool_records([replace(make_tool("find", source=source), exported_name="find") for source in "ab"])
    )
    return store


def test_the_one_that_came_last_gets_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(True, monkeypatch)
    yield_names(store, ["b:find"])
    assert store.exported_names() == {"a:find": "find", "b:find": "b__find"}
    yield_names(store, ["b:find"])
    assert store.exported_names() == {"a:find": "find", "b:find": "b__find"}


def test_two_that_came_at_once_both_get_out_of_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(True, monkeypatch)
    yield_names(store, ["a:find", "b:find"])
    assert len({*store.exported_names().values()}) == 2


def test_a_store_of_one_process_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(False, monkeypatch)
    yield_names(store, ["b:find"])
    assert store.exported_names() == {"a:find": "find", "b:find": "find"}


def test_names_are_written_down_once(monkeypatch: pytest.MonkeyPatch) -> None:
    store = ToolStore(MemoryEngine(TOOL_LAYOUT.schema, MANIFEST))
    store.upsert(tool_records([make_tool("find", source=source) for source in "ab"]))
    given = store.exported_names()
    write_names(store, store.stored_tools())
    assert {tool.tool_id: tool.exported_name for tool in store.stored_tools()} == given
    revision = store.revision
    write_names(store, store.stored_tools())
    assert store.revision == revision

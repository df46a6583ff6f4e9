"""Tool documents as records; how engines keep them is in their contract."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.stores import MANIFEST, tool_records, tool_store
from tests.threads import switching_at_every_turn
from toolshed.errors import KnowledgeBaseError
from toolshed.knowledge_base.edge import EdgeEngine
from toolshed.knowledge_base.tools import TOOL_LAYOUT, ToolStore
from toolshed.testing import make_tool

# JSON that Qdrant's engines change when it is stored as JSON.
ODD_NUMBERS = {"seed": {"default": 2**70}, "share": {"default": 1.0}, "least": {"minimum": -(2**64)}}


def test_the_id_of_a_point_is_the_same_in_every_release() -> None:
    # Another one would leave what older releases stored beside what is written now.
    assert ToolStore.point_id("mail:send_email") == "61d5c65d-492c-5aad-997c-4d030161e452"


def test_a_definition_keeps_its_numbers_on_disk(tmp_path: Path) -> None:
    tool = make_tool("draw", properties=ODD_NUMBERS)
    store = ToolStore(EdgeEngine(tmp_path / "shed", TOOL_LAYOUT.schema, MANIFEST))
    store.upsert(tool_records([tool]))
    (found,) = store.fetch([tool.tool_id])
    store.close()
    assert repr(found.definition.parameters) == repr(tool.parameters)
    assert found.definition.content_hash == tool.content_hash


def test_namesakes_of_one_source_are_kept_apart_by_their_keys() -> None:
    get, put = (
        replace(make_tool("users", f"{verb} users."), key=f"{verb} /users") for verb in ("GET", "PUT")
    )
    store = tool_store()
    store.upsert(tool_records([get, put]))
    assert [tool.tool_id for tool in store.stored_tools()] == ["test:GET /users", "test:PUT /users"]
    assert [record.definition for record in store.fetch(["test:PUT /users"])] == [put]


def test_a_source_is_gone_with_its_last_tool() -> None:
    store = tool_store("stay")
    store.upsert(tool_records([make_tool("a", source="x"), make_tool("b", source="x")]))
    store.delete(["x:a"])
    assert store.sources() == {"test", "x"}
    store.delete(["x:b"])
    assert store.sources() == {"test"}


def test_what_is_stored_is_read_once_and_renewed_by_what_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = [replace(make_tool(name, source="s"), location="here", exported_name=name) for name in "cab"]
    with closing(ToolStore(EdgeEngine(tmp_path / "shed", TOOL_LAYOUT.schema, MANIFEST))) as store:
        store.upsert(tool_records(tools[:2]))
        assert [tool.tool_id for tool in store.stored_tools()] == ["s:a", "s:c"]
        read = store._scan_table
        monkeypatch.setattr(store, "_scan_table", None)
        store.upsert(tool_records([tools[2], replace(tools[0], description="Another one.")]))
        store.delete(["s:a", "s:unknown"])
        assert store.stored_tools() == read()
        assert [tool.tool_id for tool in store.stored_tools()] == ["s:b", "s:c"]
        stored = store.stored_tools()
    # The next process finds it beside the knowledge base.
    with closing(ToolStore(EdgeEngine(tmp_path / "shed", TOOL_LAYOUT.schema, MANIFEST))) as store:
        monkeypatch.setattr(store, "_scan_table", None)
        assert store.stored_tools() == stored
        assert store.sources() == {"s"}


def test_after_a_write_that_failed_what_is_stored_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store = tool_store("send_email")
    assert len(store.stored_tools()) == 1

    def fail(_points: object) -> None:
        raise KnowledgeBaseError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(store._engine, "upsert", fail)
        with pytest.raises(KnowledgeBaseError, match="full"):
            store.upsert(tool_records([make_tool("new")]))
    assert [tool.tool_id for tool in store.stored_tools()] == ["test:send_email"]


def test_it_is_known_what_each_of_the_last_writes_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    store = tool_store("send_email")
    begun = store.revision
    assert store.changed_since(begun) == set()

    def fail(_points: object) -> None:
        raise KnowledgeBaseError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(store._engine, "upsert", fail)
        with pytest.raises(KnowledgeBaseError):
            store.upsert(tool_records([make_tool("half_written")]))
    store.delete(["test:send_email"])
    assert store.changed_since(begun) == {"test:send_email", "test:half_written"}
    assert store.changed_since(store.revision) == set()
    for _ in range(300):
        store.delete(["test:x"])
    assert store.changed_since(begun) is None
    assert store.changed_since(store.revision - 5) == {"test:x"}


def test_threads_that_write_and_read_what_is_stored_agree_in_the_end() -> None:
    store = tool_store("first")
    records = {
        f"test:t{n}": record for n, record in enumerate(tool_records([make_tool(f"t{n}") for n in range(40)]))
    }

    def work(n: int) -> int:
        tool_id = f"test:t{n % 40}"
        if n % 3:
            store.upsert([records[tool_id]])
        else:
            store.delete([tool_id])
        found = [tool.tool_id for tool in store.stored_tools()]
        assert found == sorted(set(found))
        return len(found)

    with switching_at_every_turn(), ThreadPoolExecutor(32) as pool:
        assert min(pool.map(work, range(400))) >= 1
    assert store.stored_tools() == store._scan_table()

"""Tool documents as records; how engines keep them is in their contract."""

from dataclasses import replace
from pathlib import Path

from tests.stores import MANIFEST, tool_records, tool_store
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

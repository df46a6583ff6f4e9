"""One exported name a tool and knowledge base: it stays, and no two tools share it."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.stores import MANIFEST, tool_records, tool_store
from toolshed import Toolshed
from toolshed.errors import UnknownToolError
from toolshed.knowledge_base.edge import EdgeEngine
from toolshed.knowledge_base.exported_names import NameRegister, legal_name, named
from toolshed.knowledge_base.tools import TOOL_LAYOUT, ToolStore
from toolshed.testing import make_tool


def test_the_first_of_a_name_keeps_it_bare() -> None:
    tools = [
        make_tool("find", source="library"),
        make_tool("find", source="garage"),
        replace(make_tool("garage__find", source="x"), key="1"),
        replace(make_tool("find", source="garage"), key="find.again"),
    ]
    names = [tool.exported_name for tool in named(tools, {})]
    assert names[:2] == ["find", "garage__find"]
    assert names[3] == "garage__find_again"
    assert len({*names}) == 4


def test_names_that_were_given_stay() -> None:
    given = {"b:find": "find"}
    assert [tool.exported_name for tool in named([make_tool("find", source=s) for s in "ab"], given)] == [
        "a__find",
        "find",
    ]


def test_any_number_of_long_namesakes_get_legal_distinct_names() -> None:
    tools = [replace(make_tool("n" * 80, source="s" * 64), key=str(n)) for n in range(300)]
    names = [tool.exported_name for tool in named(tools, {})]
    assert len({*names}) == 300
    assert all(re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_-]{0,63}", name) for name in names)


@pytest.mark.parametrize("name", ["", "-", "🙂", "a" * 500, "9", "../..", "x\x1b[31m", "Ⅷ", "ﬁnd"])
def test_every_name_becomes_legal(name: str) -> None:
    assert re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_-]{0,63}", legal_name(name))


def test_a_name_is_nobody_elses_while_its_tool_is_written() -> None:
    register = NameRegister()
    with (
        register.naming([make_tool("find", source="a")], dict) as first,
        register.naming([make_tool("find", source="b")], dict) as second,
    ):
        assert (first[0].exported_name, second[0].exported_name) == ("find", "b__find")
    with register.naming([make_tool("find", source="c")], dict) as third:
        assert third[0].exported_name == "find"


def edge_store(folder: Path) -> ToolStore:
    return ToolStore(EdgeEngine(folder / "shed", TOOL_LAYOUT.schema, MANIFEST))


def names_of(shed: Toolshed) -> dict[str, str]:
    return {tool_id: shed.get_tool(tool_id).exported_name for tool_id in shed.list_tools()}


def test_names_stay_when_tools_are_added_and_change(tmp_path: Path) -> None:
    with Toolshed(tmp_path / "shed", pipeline="instant") as shed:
        shed.add_tools(make_tool("find", "Find a book.", source="library"))
        shed.add_tools(make_tool("find", "Find a car.", source="garage"))
        before = names_of(shed)
    with Toolshed(tmp_path / "shed", pipeline="instant") as shed:
        shed.add_tools(make_tool("find", "Find another book.", source="library"))
        shed.add_tools(make_tool("find", "Find a tram.", source="depot"))
        after = names_of(shed)
        assert shed.tool_named("find").description == "Find another book."
        assert shed.tool_named("depot__find").tool_id == "depot:find"
    assert before == {"library:find": "find", "garage:find": "garage__find"}
    assert after == {**before, "depot:find": "depot__find"}


def test_a_name_of_nobody_is_refused() -> None:
    with Toolshed("memory:", pipeline="instant") as shed:
        shed.add_tools(make_tool("find", source="library"))
        assert shed.tool_named("find").tool_id == "library:find"
        shed.delete_tools("library:find")
        with pytest.raises(UnknownToolError, match="no tool is exported as 'find'"):
            shed.tool_named("find")


def test_tools_that_were_stored_without_names_get_the_same_ones_everywhere(tmp_path: Path) -> None:
    tools = [make_tool("find", f"Find {source}.", source=source) for source in ("c", "a", "b")]
    expected = {"a:find": "find", "b:find": "b__find", "c:find": "c__find"}
    with closing(edge_store(tmp_path)) as store:
        store.upsert(tool_records(tools))
        assert [tool.exported_name for tool in store.stored_tools()] == ["", "", ""]
    with closing(edge_store(tmp_path)) as store:
        assert store.exported_names() == expected
        found = store.fetch(["c:find", "a:find"])
        assert [record.definition.exported_name for record in found] == ["c__find", "find"]


def test_a_sync_writes_down_the_names_that_searches_gave() -> None:
    with Toolshed("memory:", pipeline="instant") as shed:
        shed.add_tools(make_tool("find", "Find.", source="b"))
        store = shed.knowledge_base
        (record,) = store.fetch(["b:find"])
        store.upsert([replace(record, definition=replace(record.definition, exported_name=""))])
        assert store.stored_tools()[0].exported_name == ""
        report = shed.add_tools(make_tool("find", "Find.", source="a"))
        assert report.added == ["a:find"]
        assert [tool.exported_name for tool in store.stored_tools()] == ["a__find", "find"]


def test_threads_that_index_at_once_give_no_name_twice() -> None:
    with Toolshed("memory:", pipeline="instant") as shed:

        def index(source: str) -> None:
            tools = [make_tool(name, f"{name} {source}.", source=source) for name in ("find", "list")]
            shed.add_tools(*tools)

        with ThreadPoolExecutor(12) as threads:
            list(threads.map(index, [f"s{n}" for n in range(12)]))
        names = names_of(shed)
        assert len(names) == len({*names.values()}) == 24
        assert {"find", "list"} <= {*names.values()}


def test_the_name_is_no_part_of_what_a_tool_is() -> None:
    store = tool_store()
    named_tool = replace(make_tool("a"), exported_name="a")
    store.upsert(tool_records([named_tool]))
    assert store.stored_tools()[0].content_hash == make_tool("a").content_hash

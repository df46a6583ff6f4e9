import hashlib
import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from toolshed.testing import make_tool
from toolshed.types import ToolDefinition

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)
DEFINITIONS = st.builds(
    ToolDefinition,
    name=st.text(min_size=1, max_size=10),
    description=st.text(max_size=20),
    parameters=st.dictionaries(st.text(max_size=5), JSON, max_size=3),
    tags=st.lists(st.text(max_size=5), max_size=2).map(tuple),
    annotations=st.dictionaries(st.text(max_size=5), JSON, max_size=2),
    key=st.text(max_size=5),
    title=st.text(max_size=5),
    service=st.text(max_size=5),
    binding=st.none() | st.dictionaries(st.text(max_size=5), JSON, min_size=1, max_size=2),
    extras=st.dictionaries(st.text(max_size=5), JSON, max_size=2),
    location=st.text(max_size=5),
    exported_name=st.text(max_size=5),
)


@given(DEFINITIONS)
def test_a_definition_is_read_back_as_it_was_written(tool: ToolDefinition) -> None:
    again = ToolDefinition.from_json(tool.to_json())
    assert again == tool
    assert (again.location, again.exported_name) == (tool.location, tool.exported_name)
    assert again.content_hash == tool.content_hash


def test_what_the_indexer_gives_is_no_part_of_the_hash() -> None:
    tool = make_tool("a", "A")
    assert replace(tool, location="/b.json", exported_name="c").content_hash == tool.content_hash
    assert replace(tool, title="A title").content_hash != tool.content_hash


def test_a_definition_without_the_newer_fields_keeps_the_hash_it_had() -> None:
    # As the first release wrote it.
    written = (
        '{"annotations": {}, "description": "A", "key": "", "name": "a", "output_schema": null, '
        '"parameters": {"properties": {}, "type": "object"}, "source": "test", "tags": []}'
    )
    tool = ToolDefinition.from_json(json.loads(written))
    assert tool.content_hash == hashlib.sha256(written.encode()).hexdigest()


def test_any_change_changes_the_hash() -> None:
    tool = make_tool("a", "A")
    others = [make_tool("b", "A"), make_tool("a", "B"), make_tool("a", "A", properties={"x": {}})]
    assert len({tool.content_hash, *(other.content_hash for other in others)}) == 4


def test_the_order_of_keys_does_not_change_the_hash() -> None:
    first = make_tool("a", properties={"x": {"type": "string"}, "y": {}})
    second = make_tool("a", properties={"y": {}, "x": {"type": "string"}})
    assert first.content_hash == second.content_hash


def test_a_definition_that_is_read_elsewhere_is_the_same_one() -> None:
    tool = ToolDefinition("send", "Send it.", tags=("mail",), extras={"strict": True})
    before = tool.content_hash
    moved = tool.located("https://example.com/tools.json")
    assert (moved, moved.content_hash, moved.location) == (tool, before, "https://example.com/tools.json")
    assert tool.location == ""
    assert moved.located(moved.location) is moved
    assert ToolDefinition.from_json(moved.to_json()).location == moved.location

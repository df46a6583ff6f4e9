"""A layout of channels on an engine; what every store refuses is in the contract of engines."""

from dataclasses import replace

import numpy as np
import pytest

from tests.stores import MANIFEST, tool_records, tool_store
from toolshed.errors import KnowledgeBaseMismatchError
from toolshed.knowledge_base.engine import Filter, VectorQuery, VectorSpec
from toolshed.knowledge_base.memory import MemoryEngine
from toolshed.knowledge_base.passages import PASSAGE_LAYOUT, PassageStore
from toolshed.knowledge_base.store import Layout
from toolshed.knowledge_base.tools import TOOL_LAYOUT, ToolStore
from toolshed.testing import make_tool
from toolshed.testing.contract_samples import CONTRACT, STATUTE, passages

WITHOUT_DENSE = replace(MANIFEST, encoder=None, dimension=0)


@pytest.mark.parametrize("layout", [TOOL_LAYOUT, PASSAGE_LAYOUT], ids=lambda layout: layout.name)
def test_without_a_dense_encoder_its_channels_are_left_out(layout: Layout) -> None:
    every = replace(MANIFEST, multilingual_encoder="hashing:64", multilingual_dimension=64)
    without_dense = replace(every, encoder=None, dimension=0)
    whole, bare = (layout.schema(layout.manifest(one)) for one in (every, without_dense))
    assert set(whole.vectors) == {channel.name for channel in layout.channels}
    dense = {channel.name for channel in layout.channels if channel.encoding == "dense"}
    assert set(bare.vectors) == set(whole.vectors) - dense
    assert dense
    assert (bare.key, bare.indexes) == (whole.key, whole.indexes) == (layout.key, layout.indexes)


def test_vectors_have_the_length_of_their_encoder_and_sparse_ones_none() -> None:
    vectors = TOOL_LAYOUT.schema(MANIFEST).vectors
    assert vectors["static"] == VectorSpec("dense", MANIFEST.static_dimension)
    assert vectors["topics"] == VectorSpec("multi", MANIFEST.dimension)
    assert vectors["words"] == VectorSpec("sparse")


@pytest.mark.parametrize("layout", [TOOL_LAYOUT, PASSAGE_LAYOUT], ids=lambda layout: layout.name)
def test_what_adds_to_a_whole_comes_after_it_and_is_of_its_encoding(layout: Layout) -> None:
    names = [channel.name for channel in layout.channels]
    for channel in layout.channels:
        if channel.whole is not None:
            assert names.index(channel.whole) < names.index(channel.name)
            assert layout.channel(channel.whole).encoding == channel.encoding


def test_the_version_of_a_layout_is_in_its_manifest() -> None:
    newer = replace(TOOL_LAYOUT, version=7)
    assert newer.manifest(MANIFEST) == replace(MANIFEST, schema_version=7)


@pytest.mark.parametrize(
    ("channel", "vector", "reason"),
    [
        ("dense", np.ones((1, 64), np.float32), r"dense vector of shape \(1, 64\) instead of length 64"),
        ("topics", np.ones(64, np.float32), r"topics vector of shape \(64,\)"),
        ("static", np.empty(0, np.float32), r"static vector of shape \(0,\) instead of length 256"),
    ],
)
def test_vectors_of_another_shape_are_refused_and_the_tool_is_named(
    channel: str, vector: np.ndarray, reason: str
) -> None:
    store = tool_store("kept")
    (record,) = tool_records([make_tool("bad")])
    with pytest.raises(KnowledgeBaseMismatchError, match=f"the tool 'test:bad' has a {reason}"):
        store.upsert([replace(record, vectors={**record.vectors, channel: vector})])
    assert [tool.tool_id for tool in store.stored_tools()] == ["test:kept"]


def test_a_store_without_dense_vectors_refuses_no_record_for_lacking_them() -> None:
    store = ToolStore(MemoryEngine(TOOL_LAYOUT.schema, WITHOUT_DENSE))
    (record,) = tool_records([make_tool("a")])
    kept = {name: v for name, v in record.vectors.items() if name not in ("dense", "topics")}
    store.upsert([replace(record, vectors=kept)])
    (found,) = store.fetch(["test:a"])
    # No topics of its own, and yet a matrix of no rows to work with.
    assert {name: np.shape(v) for name, v in found.vectors.items() if name == "static_topics"} == {
        "static_topics": (0, 256)
    }
    assert "topics" not in found.vectors


def test_equal_scores_are_ordered_by_key() -> None:
    tools = [make_tool("same", "The same.", source=source) for source in "cab"]
    store = tool_store()
    store.upsert(tool_records(tools))
    (hits,) = store.search([VectorQuery("dense", np.ones(64, np.float32))], limit=3)
    assert [hit.key for hit in hits] == ["a:same", "b:same", "c:same"]


def test_an_index_that_hides_records_from_filters_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    store = PassageStore(MemoryEngine(PASSAGE_LAYOUT.schema, PASSAGE_LAYOUT.manifest(MANIFEST)))
    store.upsert([*passages(CONTRACT), *passages(STATUTE)])
    assert list(store.check()) == []
    whole = store._engine.count

    def hiding(only: Filter | None = None) -> int:
        return whole(only) - (only == {"document": ["statute.txt"]})

    monkeypatch.setattr(store._engine, "count", hiding)
    (damage,) = store.check()
    assert "the index of 'document'" in damage
    assert "with 'statute.txt'" in damage

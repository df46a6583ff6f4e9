"""What stores of tools and of passages do on every engine; part of the contract of engines."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from toolshed.errors import KnowledgeBaseError, KnowledgeBaseMismatchError
from toolshed.knowledge_base.engine import Filter
from toolshed.knowledge_base.memory import MemoryEngine
from toolshed.knowledge_base.passages import PASSAGE_LAYOUT, PassageStore
from toolshed.knowledge_base.store import Channel
from toolshed.knowledge_base.tools import TOOL_LAYOUT, ToolStore
from toolshed.testing.contract_samples import (
    CONTRACT,
    MANIFEST,
    STATIC,
    STATUTE,
    TOOLS,
    OpenEngine,
    assert_same,
    passages,
    query,
    records,
)
from toolshed.testing.doubles import make_tool
from toolshed.vectors import SparseVector


class StoreContract:
    """Tests of an engine under the layout of tools, and under that of passages."""

    @pytest.fixture
    def tools(self, open_engine: OpenEngine) -> Iterator[ToolStore]:
        store = ToolStore(open_engine(TOOL_LAYOUT, TOOL_LAYOUT.manifest(MANIFEST)))
        yield store
        store.close()

    @pytest.fixture
    def store(self, open_engine: OpenEngine) -> Iterator[PassageStore]:
        store = PassageStore(open_engine(PASSAGE_LAYOUT, PASSAGE_LAYOUT.manifest(MANIFEST)))
        yield store
        store.close()

    @pytest.fixture
    def filled(self, store: PassageStore) -> PassageStore:
        store.upsert([*passages(CONTRACT), *passages(STATUTE)])
        return store

    def test_tools_come_back_as_they_were_written(self, tools: ToolStore) -> None:
        assert tools.fetch(["test:noop"]) == []
        tools.upsert(records())
        tools.upsert(records())
        assert tools.count() == len(TOOLS)
        found = tools.fetch([tool.tool_id for tool in TOOLS])
        assert [record.definition for record in found] == TOOLS
        for written, read in zip(records(), found, strict=True):
            assert read.vectors.keys() == written.vectors.keys()
            for name, vector in written.vectors.items():
                own: Any = read.vectors[name]
                if isinstance(vector, SparseVector):
                    assert own.indices.tolist() == vector.indices.tolist()
                else:
                    assert own.shape == vector.shape
                    np.testing.assert_allclose(own, vector, atol=1e-6)

    def test_fetch_keeps_the_order_and_leaves_out_the_unknown(self, tools: ToolStore) -> None:
        tools.upsert(records())
        found = tools.fetch(["weather:get_forecast", "nowhere:nothing", "mail:send_email"])
        assert [record.tool_id for record in found] == ["weather:get_forecast", "mail:send_email"]

    def test_a_changed_tool_replaces_the_one_before(self, tools: ToolStore) -> None:
        tools.upsert(records())
        (changed,) = records(
            [make_tool("get_forecast", "Tides of a harbour. Moon phases.", source="weather")]
        )
        tools.upsert([changed])
        assert tools.count() == len(TOOLS)
        (found,) = tools.fetch(["weather:get_forecast"])
        assert found.definition == changed.definition
        topics = found.vectors["topics"]
        assert not isinstance(topics, SparseVector)
        assert len(topics) == 2

    def test_stored_tools_name_source_and_content_hash(self, tools: ToolStore) -> None:
        tools.upsert(records())
        tools.delete(["test:noop", "nowhere:nothing"])
        kept = sorted(TOOLS[:-1], key=lambda tool: tool.tool_id)
        assert [(t.tool_id, t.source, t.content_hash) for t in tools.stored_tools()] == [
            (tool.tool_id, tool.source, tool.content_hash) for tool in kept
        ]
        assert tools.sources() == {"mail", "weather", "billing"}
        assert tools.count({"source": ["weather"]}) == 2
        assert {r.tool_id for r in tools.scan({"source": ["mail", "billing"]})} == {
            "mail:send_email",
            "billing:creer_facture",
        }

    @pytest.mark.parametrize("channel", TOOL_LAYOUT.channels, ids=lambda channel: channel.name)
    def test_tools_are_found_as_the_oracle_finds_them(self, tools: ToolStore, channel: Channel) -> None:
        oracle = ToolStore(MemoryEngine(TOOL_LAYOUT.schema, TOOL_LAYOUT.manifest(MANIFEST)))
        oracle.upsert(records())
        tools.upsert(records())
        asked = query(channel, "attach files to an email about the weather in a city")
        for only in (None, {"source": ["weather", "mail"]}):
            (found,), (expected,) = (kb.search([asked], limit=10, only=only) for kb in (tools, oracle))
            assert found
            assert_same(found, expected)
            assert found == sorted(found, key=lambda hit: (-hit.score, hit.key))

    def test_each_query_is_answered_within_the_limit(self, tools: ToolStore) -> None:
        tools.upsert(records())
        channels = TOOL_LAYOUT.channel("dense"), TOOL_LAYOUT.channel("words")
        asked = [query(channels[0], "weather forecast city"), query(channels[1], "send email")]
        weather, mail = tools.search(asked, limit=2)
        assert weather[0].key == "weather:get_forecast"
        assert mail[0].key == "mail:send_email"
        assert len(weather) == 2

    @pytest.mark.parametrize(
        ("spoil", "reason"),
        [
            ({"dense": np.full(64, np.nan, np.float32)}, "NaN or infinity in its dense vector"),
            ({"dense": np.zeros(32, np.float32)}, r"shape \(32,\) instead of length 64"),
            ({"dense": None}, "has no dense vector"),
            ({"topics": np.zeros((1, 32), np.float32)}, "instead of length 64"),
            ({"words": SparseVector.from_weights({1: np.inf})}, "NaN or infinity among its words"),
        ],
        ids=["nan", "length", "missing", "rows", "sparse"],
    )
    def test_unusable_vectors_are_refused_and_nothing_is_written(
        self, tools: ToolStore, spoil: dict[str, Any], reason: str
    ) -> None:
        good, bad = records()[:2]
        vectors = {name: spoil.get(name, v) for name, v in bad.vectors.items()}
        bad = replace(bad, vectors={name: v for name, v in vectors.items() if v is not None})
        with pytest.raises(KnowledgeBaseMismatchError, match=f"get_forecast.*{reason}.*nothing was written"):
            tools.upsert([good, bad])
        assert tools.count() == 0

    # Passages

    @pytest.mark.parametrize("field", ["vectors", "payload", "all of the payload"])
    def test_what_is_not_as_it_was_written_is_named(self, open_engine: OpenEngine, field: str) -> None:
        engine = open_engine(TOOL_LAYOUT, TOOL_LAYOUT.manifest(MANIFEST))
        tools = ToolStore(engine)
        tools.upsert(records())
        assert list(tools.check()) == []
        (point,) = engine.retrieve([ToolStore.point_id("mail:send_email")])
        spoilt = {
            "vectors": replace(
                point, vectors={**point.vectors, "static": np.zeros(STATIC.dimension, np.float32)}
            ),
            "payload": replace(point, payload={**point.payload, "source": "nail"}),
            "all of the payload": replace(point, payload={}),
        }
        engine.upsert([spoilt[field]])
        assert [damage for damage in tools.check() if f"damaged ({field.split()[-1]})" in damage]
        with pytest.raises(KnowledgeBaseError, match="index it again"):
            list(tools.scan())
        tools.delete(tools.present(["mail:send_email", "nowhere:nothing"]))
        assert list(tools.check()) == []
        assert len(list(tools.scan())) == len(TOOLS) - 1
        tools.close()

    def test_passages_come_back_as_they_were(self, filled: PassageStore) -> None:
        expected = [record.passage for record in passages(CONTRACT)]
        assert len(expected) >= 3
        ids = [passage.passage_id for passage in reversed(expected)]
        assert filled.fetch([*ids, str(uuid.uuid4())]) == list(reversed(expected))
        filled.upsert([*passages(CONTRACT), *passages(STATUTE)])
        assert filled.count() == len(expected) + 1

    @pytest.mark.parametrize("channel", PASSAGE_LAYOUT.channels, ids=lambda channel: channel.name)
    def test_passages_are_found_as_the_oracle_finds_them(
        self, filled: PassageStore, channel: Channel
    ) -> None:
        oracle = PassageStore(MemoryEngine(PASSAGE_LAYOUT.schema, PASSAGE_LAYOUT.manifest(MANIFEST)))
        oracle.upsert([*passages(CONTRACT), *passages(STATUTE)])
        asked = query(channel, "late fees interest records")
        for only in (None, {"source": ["contracts"]}, {"section": ["2.2", "9-401"]}):
            (found,), (expected,) = (kb.search([asked], limit=10, only=only) for kb in (filled, oracle))
            assert_same(found, expected)

    @pytest.mark.parametrize(
        ("only", "expected"),
        [
            ({"document": ["statute.txt"]}, {"statute.txt"}),
            ({"source": ["contracts", "nowhere"]}, {"contract.txt"}),
            ({"section": ["9-401"]}, {"statute.txt"}),
            ({"cites": ["12 C.F.R. § 1026.22"]}, {"contract.txt"}),
            ({"defines": ["interest"]}, {"contract.txt"}),
            ({"page": [2]}, {"contract.txt"}),
            ({"page": [2], "source": ["law"]}, set()),
            ({"section": ["2.1", "9-401"]}, {"contract.txt", "statute.txt"}),
        ],
        ids=lambda value: str(sorted(value)),
    )
    def test_filters_hold_in_search_and_selection(
        self, filled: PassageStore, only: Filter, expected: set[str]
    ) -> None:
        asked = query(PASSAGE_LAYOUT.channel("dense"), "records fees interest")
        (hits,) = filled.search([asked], limit=10, only=only)
        assert {p.document_id for p in filled.fetch([hit.key for hit in hits])} == expected
        assert {p.document_id for p in filled.select(only)} == expected

    def test_neighbours_are_selected_by_their_place(self, filled: PassageStore) -> None:
        found = list(filled.select({"document": ["contract.txt"], "ordinal": [0, 1]}))
        assert sorted(passage.ordinal for passage in found) == [0, 1]

    def test_sentences_keep_their_vectors(self, filled: PassageStore) -> None:
        (record,) = passages(STATUTE)
        (stored,) = filled.fetch_encoded([record.passage.passage_id, str(uuid.uuid4())])
        assert stored.passage == record.passage
        expected: Any = record.vectors["sentences"]
        np.testing.assert_allclose(stored.vectors["sentences"], expected, atol=1e-6)

    def test_a_document_is_known_by_the_version_of_all_its_passages(self, filled: PassageStore) -> None:
        stored = filled.stored_documents()
        assert [(one.document_id, one.source, one.content_hash) for one in stored] == [
            ("contract.txt", "contracts", "v1"),
            ("statute.txt", "law", "v1"),
        ]
        assert stored[1].passage_ids == {record.passage.passage_id for record in passages(STATUTE)}
        filled.delete([passages(STATUTE)[0].passage.passage_id, str(uuid.uuid4())])
        assert [one.document_id for one in filled.stored_documents()] == ["contract.txt"]

    def test_a_passage_that_lost_its_payload_is_named(self, open_engine: OpenEngine) -> None:
        engine = open_engine(PASSAGE_LAYOUT, PASSAGE_LAYOUT.manifest(MANIFEST))
        store = PassageStore(engine)
        (record,) = passages(STATUTE)
        store.upsert([record])
        (point,) = engine.retrieve([record.passage.passage_id])
        engine.upsert([replace(point, payload={})])
        assert [damage for damage in store.check() if f"'{point.point_id}'" in damage]
        for read in (store.stored_documents, lambda: store.fetch([point.point_id])):
            with pytest.raises(KnowledgeBaseError, match="damaged"):
                read()
        store.close()

    def test_a_half_written_document_has_no_version(self, store: PassageStore) -> None:
        store.upsert(passages(CONTRACT)[:-1])
        (document,) = store.stored_documents()
        assert document.content_hash == ""
        store.upsert(passages(CONTRACT, content_hash="v2")[-1:])
        (document,) = store.stored_documents()
        assert document.content_hash == ""

    @pytest.mark.parametrize(
        "spoil",
        [
            {"dense": None},
            {"sentences": np.zeros((0, 64), np.float32)},
            {"static": np.zeros(3, np.float32)},
            {"dense": np.full(64, np.nan, np.float32)},
        ],
        ids=["missing", "no rows", "length", "nan"],
    )
    def test_unusable_vectors_of_passages_are_refused(
        self, store: PassageStore, spoil: dict[str, Any]
    ) -> None:
        (good,) = passages(STATUTE)
        vectors = {name: spoil.get(name, v) for name, v in good.vectors.items()}
        bad = replace(good, vectors={name: v for name, v in vectors.items() if v is not None})
        with pytest.raises(KnowledgeBaseMismatchError, match=r"statute\.txt.*nothing was written"):
            store.upsert([good, bad])
        assert store.count() == 0

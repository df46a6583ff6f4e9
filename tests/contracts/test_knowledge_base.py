"""The contract every knowledge base fulfils: memory, edge, server, and a real server at QDRANT_URL."""

import os
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.qdrant_stub import qdrant_stub
from toolshed.backbones.lexical import as_query_vector, query_words
from toolshed.backbones.static import StaticEncoder
from toolshed.errors import KnowledgeBaseError, KnowledgeBaseMismatchError
from toolshed.knowledge_base.edge import EdgeKnowledgeBase
from toolshed.knowledge_base.memory import MemoryKnowledgeBase
from toolshed.knowledge_base.protocol import Channel, ChannelQuery, KnowledgeBase, Manifest, ToolRecord
from toolshed.knowledge_base.server import ServerKnowledgeBase
from toolshed.pre_retrieval.embedding import embed_tools
from toolshed.testing import HashingEncoder, make_tool
from toolshed.types import ToolDefinition

ENCODER = HashingEncoder()
MANIFEST = Manifest(ENCODER.model_id, ENCODER.dimension, StaticEncoder.model_id, StaticEncoder.dimension)

TOOLS = [
    make_tool("send_email", "Send an email to a person. Attach files. Schedule delivery.", source="mail"),
    make_tool("get_forecast", "Weather forecast for a city.", source="weather"),
    make_tool("get_current_weather", "Current weather in a city.", source="weather"),
    make_tool("creer_facture", "Crée une facture — 發票を作成 🧾", source="billing"),
    make_tool("noop"),
]


# A real server joins in where there is one; without, nothing is skipped and nothing pretended.
REAL = [pytest.param("real", marks=pytest.mark.integration)] if "QDRANT_URL" in os.environ else []
PERSISTENT = ["edge", "server", *REAL]


@pytest.fixture(params=["memory", *PERSISTENT])
def open_kb(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., KnowledgeBase]]:
    """Opens the same knowledge base again and again, with any manifest."""
    match request.param:
        case "memory":
            kept: dict[str, MemoryKnowledgeBase] = {}
            yield lambda manifest=MANIFEST: kept.setdefault("kb", MemoryKnowledgeBase(manifest))
        case "edge":
            yield lambda manifest=MANIFEST: EdgeKnowledgeBase(tmp_path / "shed", manifest)
        case "server":
            with qdrant_stub() as url:
                yield lambda manifest=MANIFEST: ServerKnowledgeBase(url, manifest)
        case _:
            url, collection = os.environ["QDRANT_URL"], f"contract-{uuid.uuid4().hex}"
            yield lambda manifest=MANIFEST: ServerKnowledgeBase(url, manifest, collection=collection)


@pytest.fixture
def kb(open_kb: Callable[..., KnowledgeBase]) -> Iterator[KnowledgeBase]:
    opened = open_kb()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def records() -> list[ToolRecord]:
    return embed(TOOLS)


def embed(tools: list[ToolDefinition]) -> list[ToolRecord]:
    return embed_tools(tools, static=StaticEncoder(), dense=ENCODER).records


def test_a_new_knowledge_base_is_empty(kb: KnowledgeBase) -> None:
    assert kb.count() == 0
    assert kb.stored_tools() == []
    assert list(kb.scan()) == []
    assert kb.fetch(["test:noop"]) == []
    query = ChannelQuery("dense", ENCODER.encode(["weather"])[0])
    assert kb.search([query], limit=3) == [[]]


def test_records_come_back_as_they_were_written(kb: KnowledgeBase, records: list[ToolRecord]) -> None:
    kb.upsert(records)
    found = kb.fetch([record.tool_id for record in records])
    assert [record.definition for record in found] == TOOLS
    for written, read in zip(records, found, strict=True):
        for name in ("static", "static_topics", "dense", "topics"):
            np.testing.assert_allclose(getattr(read, name), getattr(written, name), atol=1e-6)
            assert getattr(read, name).shape == getattr(written, name).shape
        for name in ("words", "ngrams"):
            assert (getattr(read, name).indices == getattr(written, name).indices).all()
            np.testing.assert_allclose(getattr(read, name).values, getattr(written, name).values, atol=1e-6)


def test_fetch_keeps_the_order_and_leaves_out_the_unknown(
    kb: KnowledgeBase, records: list[ToolRecord]
) -> None:
    kb.upsert(records)
    found = kb.fetch(["weather:get_forecast", "nowhere:nothing", "mail:send_email"])
    assert [record.tool_id for record in found] == ["weather:get_forecast", "mail:send_email"]


def test_writing_twice_writes_once(kb: KnowledgeBase, records: list[ToolRecord]) -> None:
    kb.upsert(records)
    kb.upsert(records)
    assert kb.count() == len(TOOLS)
    assert [tool.tool_id for tool in kb.stored_tools()] == sorted(tool.tool_id for tool in TOOLS)


def test_an_upsert_replaces_the_record_of_the_same_id(kb: KnowledgeBase, records: list[ToolRecord]) -> None:
    kb.upsert(records)
    (changed,) = embed([make_tool("get_forecast", "Tides of a harbour. Moon phases.", source="weather")])
    kb.upsert([changed])
    assert kb.count() == len(TOOLS)
    (found,) = kb.fetch(["weather:get_forecast"])
    assert found.definition == changed.definition
    assert found.topics is not None
    assert len(found.topics) == 2


def test_deleting_removes_and_passes_over_the_unknown(kb: KnowledgeBase, records: list[ToolRecord]) -> None:
    kb.upsert(records)
    kb.delete(["test:noop", "nowhere:nothing"])
    kb.delete([])
    assert "test:noop" not in {tool.tool_id for tool in kb.stored_tools()}
    assert kb.count() == len(TOOLS) - 1


def test_stored_tools_name_source_and_content_hash(kb: KnowledgeBase, records: list[ToolRecord]) -> None:
    kb.upsert(records)
    hashes = {tool.tool_id: (tool.source, tool.content_hash) for tool in kb.stored_tools()}
    assert hashes == {tool.tool_id: (tool.source, tool.content_hash) for tool in TOOLS}


def test_scan_passes_every_record_once(kb: KnowledgeBase) -> None:
    # More than one page of any adapter.
    tools = [make_tool(f"tool_{n}", f"Does thing number {n}.") for n in range(1_203)]
    kb.upsert(embed(tools))
    seen = [record.tool_id for record in kb.scan()]
    assert sorted(seen) == sorted(tool.tool_id for tool in tools)
    assert kb.count() == len(tools)


@pytest.mark.parametrize("channel", ["dense", "topics", "static", "static_topics", "words", "ngrams"])
def test_search_agrees_with_the_oracle(
    kb: KnowledgeBase, records: list[ToolRecord], channel: Channel
) -> None:
    oracle = MemoryKnowledgeBase(MANIFEST)
    oracle.upsert(records)
    kb.upsert(records)
    query = channel_query(channel, "attach files to an email about the weather in a city")
    (found,), (expected,) = kb.search([query], limit=10), oracle.search([query], limit=10)
    assert found
    assert {hit.tool_id for hit in found} == {hit.tool_id for hit in expected}
    scores = {hit.tool_id: hit.score for hit in expected}
    assert [hit.score for hit in found] == pytest.approx([scores[hit.tool_id] for hit in found], abs=2e-5)
    assert found == sorted(found, key=lambda hit: (-hit.score, hit.tool_id))


def channel_query(channel: Channel, text: str) -> ChannelQuery:
    match channel:
        case "words":
            return ChannelQuery(channel, as_query_vector(query_words(text).terms))
        case "ngrams":
            words = query_words(text)
            every = np.ones(len(words.terms), dtype=bool)
            return ChannelQuery(channel, as_query_vector(words.ngrams_where(every)))
        case "static" | "static_topics":
            return ChannelQuery(channel, StaticEncoder().encode([text])[0])
        case _:
            return ChannelQuery(channel, ENCODER.encode([text])[0])


def test_search_answers_each_query_within_the_limit(kb: KnowledgeBase, records: list[ToolRecord]) -> None:
    kb.upsert(records)
    queries = [channel_query("dense", "weather forecast city"), channel_query("words", "send email")]
    weather, mail = kb.search(queries, limit=2)
    assert weather[0].tool_id == "weather:get_forecast"
    assert mail[0].tool_id == "mail:send_email"
    assert len(weather) == 2


def test_a_vector_with_nan_is_refused_and_nothing_written(
    kb: KnowledgeBase, records: list[ToolRecord]
) -> None:
    good, bad = records[0], embed([make_tool("bad", "bad")])[0]
    assert bad.dense is not None
    bad.dense[3] = np.nan
    with pytest.raises(KnowledgeBaseMismatchError, match="NaN"):
        kb.upsert([good, bad])
    assert kb.count() == 0


def test_a_vector_of_another_length_is_refused(kb: KnowledgeBase) -> None:
    other = embed_tools([make_tool("x", "y")], static=StaticEncoder(), dense=HashingEncoder(32)).records
    with pytest.raises(KnowledgeBaseMismatchError, match="expects length 64"):
        kb.upsert(other)
    assert kb.count() == 0


def test_a_record_without_dense_vector_is_refused(kb: KnowledgeBase) -> None:
    with pytest.raises(KnowledgeBaseMismatchError, match="no dense vector"):
        kb.upsert(embed_tools([make_tool("x", "y")], static=StaticEncoder(), dense=None).records)


def test_the_revision_grows_with_every_write(kb: KnowledgeBase, records: list[ToolRecord]) -> None:
    revisions = [kb.revision]
    kb.upsert(records)
    revisions.append(kb.revision)
    kb.delete(["test:noop"])
    revisions.append(kb.revision)
    assert revisions == sorted(set(revisions))


def test_threads_read_while_one_writes(kb: KnowledgeBase, records: list[ToolRecord]) -> None:
    kb.upsert(records)
    failures: list[Exception] = []

    def read() -> None:
        try:
            for _ in range(10):
                assert kb.search([channel_query("dense", "weather")], limit=3)[0]
                assert len(kb.fetch(["mail:send_email"])) == 1
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(10):
        kb.upsert(embed([make_tool(f"more_{n}", "More.")]))
    for thread in threads:
        thread.join()
    assert failures == []
    assert kb.count() == len(TOOLS) + 10


@pytest.mark.parametrize("open_kb", PERSISTENT, indirect=True)
class TestReopened:
    """What persists; memory has nothing to persist."""

    def test_tools_are_there_again(
        self, open_kb: Callable[..., KnowledgeBase], records: list[ToolRecord]
    ) -> None:
        first = open_kb()
        first.upsert(records)
        first.close()
        second = open_kb()
        assert second.count() == len(TOOLS)
        assert second.manifest == MANIFEST
        second.close()

    def test_another_encoder_is_refused_by_name(
        self, open_kb: Callable[..., KnowledgeBase], records: list[ToolRecord]
    ) -> None:
        first = open_kb()
        first.upsert(records)
        first.close()
        other = Manifest("other-model", 64, StaticEncoder.model_id, StaticEncoder.dimension)
        with pytest.raises(KnowledgeBaseMismatchError, match="'hashing:64' instead of 'other-model'"):
            open_kb(other)
        again = open_kb()
        assert again.count() == len(TOOLS)
        again.close()

    def test_another_schema_version_is_refused(self, open_kb: Callable[..., KnowledgeBase]) -> None:
        open_kb().close()
        newer = Manifest(
            ENCODER.model_id, 64, StaticEncoder.model_id, StaticEncoder.dimension, schema_version=99
        )
        with pytest.raises(KnowledgeBaseMismatchError, match="schema_version"):
            open_kb(newer)

    def test_a_pipeline_without_transformer_may_read_it(
        self, open_kb: Callable[..., KnowledgeBase], records: list[ToolRecord]
    ) -> None:
        first = open_kb()
        first.upsert(records)
        first.close()
        second = open_kb(Manifest(None, 0, StaticEncoder.model_id, StaticEncoder.dimension))
        assert second.manifest.encoder == ENCODER.model_id
        assert second.count() == len(TOOLS)
        second.close()

    def test_a_closed_one_says_so(self, open_kb: Callable[..., KnowledgeBase]) -> None:
        kb = open_kb()
        kb.close()
        kb.close()
        with pytest.raises(KnowledgeBaseError):
            kb.count()

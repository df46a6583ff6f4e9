"""The tools of a store, scored exactly or through candidates, all of them or those of some sources."""

from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from tests.stores import tool_records, tool_store
from toolshed.backbones.embedding import DenseEncoder
from toolshed.backbones.minilm import MiniLMEncoder
from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.catalog_index import CatalogIndex
from toolshed.intra_retrieval.decomposition import decompose
from toolshed.intra_retrieval.encoding import encode_sub_queries
from toolshed.knowledge_base.edge import EdgeEngine
from toolshed.knowledge_base.manifest import Manifest
from toolshed.knowledge_base.tools import TOOL_LAYOUT, ToolStore
from toolshed.options import PipelineName
from toolshed.pipelines import Ingredients, build_pipeline
from toolshed.pre_retrieval.embedding import embed_tools
from toolshed.presets import PIPELINES
from toolshed.queries import Encodings, Query
from toolshed.rankings import ChannelRanking
from toolshed.stages import run_blocking
from toolshed.testing import HashingEncoder, make_tool
from toolshed_evals.datasets import load_dataset

STATIC = StaticEncoder()
CHANNELS = tuple(PIPELINES["default"].channels)


def encoded(text: str) -> Encodings:
    return encode_sub_queries(decompose(text), {"static": STATIC, "dense": HashingEncoder()})


def three_sources() -> ToolStore:
    tools = [
        make_tool(f"{verb}_{thing}", f"{verb} the {thing} of a customer.", source=source)
        for source, things in {
            "mail": ["letter", "parcel", "invoice"],
            "bank": ["invoice", "account", "payment"],
            "crm": ["customer", "lead", "letter"],
        }.items()
        for thing in things
        for verb in ("send", "find", "delete")
    ]
    store = tool_store()
    store.upsert(tool_records(tools))
    return store


def assert_same(found: ChannelRanking | None, expected: ChannelRanking | None) -> None:
    assert found is not None
    assert expected is not None
    assert [tool.tool_id for tool in found.tools] == [tool.tool_id for tool in expected.tools]
    assert found.n_tools == expected.n_tools
    for channel in CHANNELS:
        np.testing.assert_array_equal(found.scores[channel], expected.scores[channel])
        np.testing.assert_array_equal(found.standards[channel].mean, expected.standards[channel].mean)


@pytest.mark.parametrize("limits", [{}, {"resident_limit": 4, "background_size": 5}], ids=["all", "sampled"])
def test_tools_of_other_sources_have_no_part_in_anything(limits: Mapping[str, int]) -> None:
    store = three_sources()
    only = {"source": ["bank", "crm"]}
    apart = tool_store()
    apart.upsert(list(store.scan(only)))
    asked = encoded("Send the invoyce. Delete the letter of a lead.")
    alone = CatalogIndex(apart, **limits).score(asked, CHANNELS)
    assert_same(CatalogIndex(store, **limits).score(asked, CHANNELS, only=only), alone)


def test_no_source_and_an_unknown_one_have_no_ranking() -> None:
    index = CatalogIndex(three_sources())
    for sources in ([], ["nowhere"]):
        assert index.score(encoded("send"), CHANNELS, only={"source": sources}) is None
    assert index.sources() == {"mail", "bank", "crm"}


def test_a_filter_that_is_asked_for_again_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    store = three_sources()
    index = CatalogIndex(store)
    for sources in (["mail", "crm"], ["bank"]):
        index.score(encoded("send"), CHANNELS, only={"source": sources})
    monkeypatch.setattr(store, "scan", None)
    for sources in (["crm", "mail"], ["bank"]):
        assert index.score(encoded("send"), CHANNELS, only={"source": sources}) is not None


def test_what_was_written_since_counts_under_a_filter_too() -> None:
    store = three_sources()
    index = CatalogIndex(store)
    before = index.score(encoded("send"), CHANNELS, only={"source": ["mail"]})
    store.upsert(tool_records([make_tool("stamp", "Stamp a letter.", source="mail")]))
    after = index.score(encoded("send"), CHANNELS, only={"source": ["mail"]})
    assert before is not None
    assert after is not None
    assert (before.n_tools, after.n_tools) == (9, 10)


def test_few_filters_are_remembered() -> None:
    """A caller who asks for ever other sources costs time, not memory."""
    store = tool_store()
    store.upsert(tool_records([make_tool("x", source=f"s{n}") for n in range(40)]))
    index = CatalogIndex(store)
    for n in range(40):
        ranking = index.score(encoded("x"), CHANNELS, only={"source": [f"s{n}"]})
        assert ranking is not None
        assert [tool.source for tool in ranking.tools] == [f"s{n}"]
    assert index._remembered is not None
    assert len(index._remembered.loaded) <= 17


def test_the_index_sees_what_was_written_since() -> None:
    kb = tool_store("send_email")
    index = CatalogIndex(kb)
    assert len(index) == 1
    kb.upsert(tool_records([make_tool("new")]))
    assert len(index) == 2
    kb.delete(["test:new", "test:send_email"])
    assert index.is_empty()


@pytest.fixture(scope="module")
def sealtools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToolStore]:
    """A thousand real tools in the embedded engine."""
    dense = MiniLMEncoder(n_threads=2)
    manifest = Manifest(dense.model_id, dense.dimension, STATIC.model_id, STATIC.dimension)
    kb = ToolStore(EdgeEngine(tmp_path_factory.mktemp("kb") / "shed", TOOL_LAYOUT.schema, manifest))
    tools = load_dataset("sealtools-dev").catalog.tools[:1_000]
    kb.upsert(embed_tools(tools, static=STATIC, dense=dense).records)
    yield kb
    kb.close()


@pytest.mark.parametrize("pipeline", ["default", "instant", "hybrid"])
def test_candidates_from_the_store_find_what_the_whole_catalog_finds(
    sealtools: ToolStore, pipeline: PipelineName
) -> None:
    """Beyond the resident limit little is lost: real tools, real queries, a small sample."""
    encoders: dict[str, DenseEncoder] = {"static": STATIC}
    if pipeline != "instant":
        encoders["dense"] = MiniLMEncoder()
    dataset = load_dataset("sealtools-dev")
    stored = {tool.tool_id.removeprefix("eval:") for tool in sealtools.stored_tools()}
    qrels = {query: tools for query, tools in dataset.qrels.items() if tools <= stored}

    def recall(index: CatalogIndex) -> float:
        search = build_pipeline(pipeline, Ingredients(index, encoders))
        values = []
        for query, relevant in qrels.items():
            found = run_blocking(search, Query(dataset.queries[query]))
            values.append(len(relevant & {tool.tool.name for tool in found.tools}) / len(relevant))
        return float(np.mean(values))

    resident = CatalogIndex(sealtools)
    sampled = CatalogIndex(sealtools, resident_limit=100, background_size=500)
    assert len(sampled) == len(resident) == 1_000
    # Frequencies estimated from 500 tools are noisy; in service the sample has 4,000.
    assert recall(sampled) >= recall(resident) - 0.05


def test_sources_beyond_the_resident_limit_may_have_fewer_tools_than_the_sample() -> None:
    names = [f"send_{n}" for n in range(5)]
    index = CatalogIndex(tool_store(*names), resident_limit=2, background_size=4_000)
    ranking = index.score(encoded("send mail"), CHANNELS, only={"source": ["test"]})
    assert ranking is not None
    assert ranking.n_tools == 5

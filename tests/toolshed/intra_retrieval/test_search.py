from collections.abc import Iterator

import numpy as np
import pytest

from toolshed.backbones.embedding import DenseEncoder
from toolshed.backbones.minilm import MiniLMEncoder
from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.catalog_index import CatalogIndex
from toolshed.intra_retrieval.decomposition import Decompose, decompose
from toolshed.intra_retrieval.encoding import Encode, encode_sub_queries
from toolshed.intra_retrieval.search import Search
from toolshed.knowledge_base.edge import EdgeKnowledgeBase
from toolshed.knowledge_base.memory import MemoryKnowledgeBase
from toolshed.knowledge_base.protocol import Manifest
from toolshed.options import PipelineName
from toolshed.pipelines import Ingredients, build_pipeline
from toolshed.pre_retrieval.embedding import embed_tools
from toolshed.presets import PIPELINES
from toolshed.queries import Query
from toolshed.rankings import ScoredCatalog
from toolshed.stages import Stage, run_blocking
from toolshed.testing import HashingEncoder, make_tool
from toolshed_evals.datasets import load_dataset

STATIC = StaticEncoder()
DEFAULT = PIPELINES["default"]


def knowledge_base(*names: str) -> MemoryKnowledgeBase:
    kb = MemoryKnowledgeBase(Manifest("hashing:64", 64, STATIC.model_id, STATIC.dimension))
    tools = [make_tool(name, f"Does {name.replace('_', ' ')}.") for name in names]
    kb.upsert(embed_tools(tools, static=STATIC, dense=HashingEncoder()).records)
    return kb


def stages(index: CatalogIndex, encoder: HashingEncoder) -> Stage[Query, ScoredCatalog]:
    encoders = {"static": STATIC, "dense": encoder}
    return Decompose() >> Encode(encoders) >> Search(index, DEFAULT.channels)


def test_a_baseline_searches_the_whole_query_only() -> None:
    query = Query("Book a flight to Rome. Mail Ana about it.")
    plan = run_blocking(Decompose(is_split=False), query)
    assert [one.kind for one in plan.sub_queries] == ["whole"]
    assert len(run_blocking(Decompose(), query).sub_queries) == 3


def test_every_channel_scores_every_sub_query_and_tool() -> None:
    index = CatalogIndex(knowledge_base("send_email", "get_weather", "pay_invoice"))
    query = Query("Send an email. Then get the weather.")
    ranking = run_blocking(stages(index, HashingEncoder()), query).ranking
    assert ranking is not None
    assert list(ranking.scores) == list(DEFAULT.channels)
    assert ranking.n_tools == 3
    for values in ranking.scores.values():
        assert values.shape == (3, 3)
        assert np.isfinite(values).all()


def test_the_same_query_is_encoded_once() -> None:
    encoder = HashingEncoder()
    search = stages(CatalogIndex(knowledge_base("send_email")), encoder)
    for k in (1, 5):
        run_blocking(search, Query("send an email", k))
    assert encoder.encoded == ["send an email"]


def test_an_empty_catalog_has_no_ranking() -> None:
    index = CatalogIndex(MemoryKnowledgeBase(Manifest("hashing:64", 64, STATIC.model_id, STATIC.dimension)))
    assert run_blocking(stages(index, HashingEncoder()), Query("send an email")).ranking is None


def test_the_index_sees_what_was_written_since() -> None:
    kb = knowledge_base("send_email")
    index = CatalogIndex(kb)
    assert len(index) == 1
    kb.upsert(embed_tools([make_tool("new")], static=STATIC, dense=HashingEncoder()).records)
    assert len(index) == 2
    kb.delete(["test:new", "test:send_email"])
    assert index.is_empty()


@pytest.fixture(scope="module")
def sealtools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeKnowledgeBase]:
    """A thousand real tools in the embedded engine."""
    dense = MiniLMEncoder(n_threads=2)
    manifest = Manifest(dense.model_id, dense.dimension, STATIC.model_id, STATIC.dimension)
    kb = EdgeKnowledgeBase(tmp_path_factory.mktemp("kb") / "shed", manifest)
    tools = load_dataset("sealtools-dev").catalog.tools[:1_000]
    kb.upsert(embed_tools(tools, static=STATIC, dense=dense).records)
    yield kb
    kb.close()


@pytest.mark.parametrize("pipeline", ["default", "instant", "hybrid"])
def test_candidates_from_the_store_find_what_the_whole_catalog_finds(
    sealtools: EdgeKnowledgeBase, pipeline: PipelineName
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
    index = CatalogIndex(knowledge_base(*names), resident_limit=2, background_size=4_000)
    encodings = encode_sub_queries(decompose("send mail"), {"static": STATIC, "dense": HashingEncoder()})
    ranking = index.score(encodings, tuple(DEFAULT.channels), sources=frozenset({"test"}))
    assert ranking is not None
    assert ranking.n_tools == 5


def test_a_pipeline_describes_itself_for_the_record() -> None:
    index = CatalogIndex(knowledge_base("a"))
    text = repr(build_pipeline("default", Ingredients(index, {"static": STATIC, "dense": HashingEncoder()})))
    assert text.startswith("Decompose(")
    assert "dense='hashing:64'" in text
    assert ">> Fuse(" in text

"""The tools of a store, scored exactly or through candidates, all of them or those of some sources."""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.stores import MANIFEST, tool_records, tool_store
from toolshed.backbones.embedding import DenseEncoder
from toolshed.backbones.minilm import shared_minilm
from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval import catalog_index
from toolshed.intra_retrieval.catalog_index import CatalogIndex
from toolshed.intra_retrieval.decomposition import decompose
from toolshed.intra_retrieval.encoding import encode_sub_queries
from toolshed.intra_retrieval.reading_tools import arrays_of
from toolshed.intra_retrieval.tool_matrices import ToolMatrices
from toolshed.intra_retrieval.verbs import OPERATIONS, operations_of
from toolshed.knowledge_base.edge import EdgeEngine
from toolshed.knowledge_base.manifest import Manifest
from toolshed.knowledge_base.memory import MemoryEngine
from toolshed.knowledge_base.tools import TOOL_LAYOUT, ToolStore
from toolshed.options import PipelineName
from toolshed.pipelines import Ingredients, build_pipeline
from toolshed.pre_retrieval.embedding import embed_tools
from toolshed.presets import PIPELINES
from toolshed.queries import Encodings, Query
from toolshed.rankings import ChannelRanking, SoftMatches
from toolshed.stages import run_blocking
from toolshed.testing import HashingEncoder, make_tool
from toolshed.visibility import EVERYTHING, Visibility
from toolshed_evals.datasets import load_dataset
from toolshed_evals.rights import draw_callers, measure_rights

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


def of_sources(names: Sequence[str]) -> Visibility:
    return Visibility(frozenset(names))


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
    assert_same(
        CatalogIndex(store, **limits).score(asked, CHANNELS, visible=of_sources(only["source"])), alone
    )


def test_no_source_and_an_unknown_one_have_no_ranking() -> None:
    index = CatalogIndex(three_sources())
    for sources in ([], ["nowhere"]):
        assert index.score(encoded("send"), CHANNELS, visible=of_sources(sources)) is None
    assert index.sources() == {"mail", "bank", "crm"}


def test_a_caller_who_asks_reads_nothing_from_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    store = three_sources()
    index = CatalogIndex(store)
    assert not index.is_empty()
    for reading in ("scan", "fetch", "search", "stored_tools"):
        monkeypatch.setattr(store, reading, None)
    for sources in (["crm", "mail"], ["bank"]):
        assert index.score(encoded("send"), CHANNELS, visible=of_sources(sources)) is not None


def test_what_was_written_since_counts_under_a_filter_too() -> None:
    store = three_sources()
    index = CatalogIndex(store)
    before = index.score(encoded("send"), CHANNELS, visible=of_sources(["mail"]))
    store.upsert(tool_records([make_tool("stamp", "Stamp a letter.", source="mail")]))
    after = index.score(encoded("send"), CHANNELS, visible=of_sources(["mail"]))
    assert before is not None
    assert after is not None
    assert (before.n_tools, after.n_tools) == (9, 10)


@pytest.mark.parametrize("limits", [{}, {"resident_limit": 4, "background_size": 5}], ids=["all", "sampled"])
def test_a_caller_finds_what_an_index_of_his_tools_finds(limits: Mapping[str, int]) -> None:
    store = three_sources()
    draw = random.Random(0)
    ids = [tool.tool_id for tool in store.stored_tools()]
    index = CatalogIndex(store, **limits)
    for n in (1, 2, 5, 9, 20):
        visible = Visibility(frozenset({"crm"} if n == 9 else ()), frozenset(draw.sample(ids, n)))
        apart = tool_store()
        apart.upsert(
            [record for record in store.scan() if visible.shows(record.tool_id, record.definition.source)]
        )
        alone = CatalogIndex(apart, **limits)
        asked = encoded("Send the invoyce. Delete the letter of a lead.")
        assert_same(index.score(asked, CHANNELS, visible=visible), alone.score(asked, CHANNELS))
        own, other = (
            dict(one.words(by, STATIC).words) for one, by in ((index, visible), (alone, EVERYTHING))
        )
        assert own == other


def test_many_callers_take_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller who asks for ever other tools costs time, not memory."""
    store = tool_store()
    store.upsert(tool_records([make_tool("x", source=f"s{n}") for n in range(40)]))
    index = CatalogIndex(store)
    monkeypatch.setattr(catalog_index, "_REMEMBERED_CALLERS", 10)
    for n in (*range(40), *range(40)):
        ranking = index.score(encoded("x"), CHANNELS, visible=of_sources([f"s{n}"]))
        assert ranking is not None
        assert [tool.source for tool in ranking.tools] == [f"s{n}"]
    remembered = index._remembered
    assert remembered is not None
    assert len(remembered._seen) == 10
    monkeypatch.setattr(catalog_index, "_REMEMBERED_BYTES", 0)
    index.score(encoded("x"), CHANNELS, visible=of_sources(["s3"]))
    assert of_sources(["s3"]) not in remembered._seen


def test_the_index_sees_what_was_written_since() -> None:
    kb = tool_store("send_email")
    index = CatalogIndex(kb)
    assert len(index) == 1
    kb.upsert(tool_records([make_tool("new")]))
    assert len(index) == 2
    kb.delete(["test:new", "test:send_email"])
    assert index.is_empty()


def edge_store(folder: Path) -> ToolStore:
    return ToolStore(EdgeEngine(folder, TOOL_LAYOUT.schema, MANIFEST))


@contextmanager
def without_reading(store: ToolStore) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store, "scan", None)
        yield


def test_another_process_reads_the_matrices_that_one_made(tmp_path: Path) -> None:
    asked = encoded("Send the invoyce. Delete the letter of a lead.")
    records = list(three_sources().scan())
    with closing(edge_store(tmp_path / "shed")) as store:
        store.upsert(records)
        index = CatalogIndex(store)
        first = index.score(asked, CHANNELS)
        words = dict(index.words(EVERYTHING, STATIC).words)
    with closing(edge_store(tmp_path / "shed")) as store, without_reading(store):
        index = CatalogIndex(store)
        assert_same(index.score(asked, CHANNELS), first)
        assert dict(index.words(EVERYTHING, STATIC).words) == words
        found = index.score(asked, CHANNELS)
        assert found is not None
        definitions = {record.tool_id: record.definition for record in records}
        assert {tool.tool_id: tool for tool in found.tools} == definitions


@pytest.mark.parametrize("part", ["tools", "words"])
def test_matrices_that_are_damaged_or_of_before_a_write_are_made_again(tmp_path: Path, part: str) -> None:
    asked = encoded("Send the invoyce. Delete the letter of a lead.")
    records = list(three_sources().scan())
    with closing(edge_store(tmp_path / "shed")) as store:
        store.upsert(records)
        index = CatalogIndex(store)
        first = index.score(asked, CHANNELS)
        index.words(EVERYTHING, STATIC)
    (kept,) = (tmp_path / "shed" / "matrices").glob(f"*.{part}")
    content = bytearray(kept.read_bytes())
    content[len(content) // 2] ^= 16
    kept.write_bytes(content)
    with closing(edge_store(tmp_path / "shed")) as store:
        index = CatalogIndex(store)
        assert_same(index.score(asked, CHANNELS), first)
        index.words(EVERYTHING, STATIC)
        assert kept.read_bytes() != bytes(content)
        store.delete([records[0].tool_id])
    with closing(edge_store(tmp_path / "shed")) as store:
        fewer = CatalogIndex(store).score(asked, CHANNELS)
        assert fewer is not None
        assert fewer.n_tools == len(records) - 1
        assert not kept.exists()


def test_what_a_write_changed_is_read_alone_and_gives_what_reading_all_gives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tools that come, change and go, in an order drawn by seed."""
    store, draw = (
        ToolStore(MemoryEngine(TOOL_LAYOUT.schema, TOOL_LAYOUT.manifest(MANIFEST))),
        random.Random(3),
    )
    store.upsert(tool_records([record.definition for record in three_sources().scan()]))
    index = CatalogIndex(store)
    index.words(EVERYTHING, STATIC)
    asked = encoded("Send the invoyce. Delete the letter of a lead, and archive it.")
    read = store.scan
    for n in range(25):
        ids = [tool.tool_id for tool in store.stored_tools()]
        new = [make_tool(f"{draw.choice(('archive', 'send'))}_{n}", f"Word{n % 7} of {n}.", source="crm")]
        old = [store.fetch([one])[0].definition for one in draw.sample(ids, 2)]
        store.upsert(tool_records(new * (n % 2) + [replace(one, description=f"Other {n}.") for one in old]))
        if n % 3 == 0:
            store.delete(draw.sample(ids, 2))
        with monkeypatch.context() as patched:
            patched.setattr(store, "scan", None)
            found = index.score(asked, CHANNELS)
            words = dict(index.words(EVERYTHING, STATIC).words)
        monkeypatch.setattr(store, "scan", read)
        fresh = CatalogIndex(store)
        expected = fresh.score(asked, CHANNELS)
        assert_same(found, expected)
        assert found is not None
        assert expected is not None
        assert list(found.tools) == list(expected.tools)
        assert words == dict(fresh.words(EVERYTHING, STATIC).words)
        columns = np.arange(len(found.tools))
        own, other = (one.documents.soft_matches("send word3", columns, STATIC) for one in (found, expected))
        for name in SoftMatches.__slots__:
            np.testing.assert_array_equal(getattr(own, name), getattr(other, name))
        assert found.documents.tool_ids([*columns]) == [tool.tool_id for tool in found.tools]
        done = [operations_of(tool) for tool in found.tools]
        np.testing.assert_array_equal(found.documents.operations(columns), done)
        renewed, whole = index._remembered, fresh._remembered
        assert renewed is not None
        assert whole is not None
        assert renewed.matrices is not None
        assert whole.matrices is not None
        for own_part, part in zip(
            renewed.matrices.spread("described"), whole.matrices.spread("described"), strict=True
        ):
            np.testing.assert_allclose(own_part, part, atol=1e-6)


def test_of_many_tools_that_changed_all_are_read_and_of_none_that_is_left_nothing() -> None:
    store = tool_store("send_email")
    index = CatalogIndex(store)
    assert len(index) == 1
    store.upsert(tool_records([make_tool(f"t{n}") for n in range(100)]))
    assert len(index) == 101
    store.upsert(tool_records([make_tool("t5", "Another.")]))
    assert len(index) == 101
    store.delete([tool.tool_id for tool in store.stored_tools()[:40]])
    store.delete([tool.tool_id for tool in store.stored_tools()])
    assert index.is_empty()
    assert index.score(encoded("send"), CHANNELS) is None


@pytest.fixture(scope="module")
def sealtools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToolStore]:
    """A thousand real tools in the embedded engine."""
    dense = shared_minilm("int8", 1)
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
        encoders["dense"] = shared_minilm("int8", 1)
    dataset = load_dataset("sealtools-dev")
    stored = {tool.tool_id.removeprefix("eval:") for tool in sealtools.stored_tools()}
    answerable = [query for query, tools in dataset.qrels.items() if tools <= stored]
    qrels = {query: dataset.qrels[query] for query in answerable[:: max(1, len(answerable) // 150)]}

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


@pytest.mark.parametrize("pipeline", ["default", "instant"])
def test_callers_with_slices_of_real_tools_find_them_as_in_private_indexes(
    sealtools: ToolStore, pipeline: PipelineName
) -> None:
    encoders: dict[str, DenseEncoder] = {"static": STATIC}
    if pipeline != "instant":
        encoders["dense"] = shared_minilm("int8", 1)
    dataset = load_dataset("sealtools-dev")
    made_of = Ingredients(CatalogIndex(sealtools), encoders)
    tool_ids = [tool.tool_id for tool in sealtools.stored_tools()]
    callers = draw_callers(dataset, tool_ids, 8, share=0.02)
    misspelt = {query: text.replace("e", "", 1) for query, text in dataset.queries.items()}
    for queries in (dataset.queries, misspelt):
        measured = measure_rights(made_of, pipeline, replace(dataset, queries=queries), callers)
        assert measured.n_different == 0
        assert measured.recall == measured.private_recall


def test_sources_beyond_the_resident_limit_may_have_fewer_tools_than_the_sample() -> None:
    names = [f"send_{n}" for n in range(5)]
    index = CatalogIndex(tool_store(*names), resident_limit=2, background_size=4_000)
    ranking = index.score(encoded("send mail"), CHANNELS, visible=of_sources(["test"]))
    assert ranking is not None
    assert ranking.n_tools == 5


def test_what_tools_do_is_kept_and_is_read_where_it_is_not() -> None:
    records = list(three_sources().scan())
    kept = arrays_of(records)
    assert kept is not None
    earlier = {name: array for name, array in kept.items() if name != OPERATIONS}
    rows = np.arange(len(records))
    by_id = {record.tool_id: operations_of(record.definition) for record in records}
    for matrices in (ToolMatrices(kept), ToolMatrices(earlier)):
        assert matrices.operations(rows).tolist() == [by_id[one] for one in matrices.tool_ids]

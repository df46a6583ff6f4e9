"""The contract every store of passages fulfils: memory, edge, server, and a real server at QDRANT_URL."""

import os
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.qdrant_stub import qdrant_stub
from toolshed.backbones.lexical import as_query_vector, query_words
from toolshed.backbones.static import StaticEncoder
from toolshed.documents import LegalDocument
from toolshed.errors import KnowledgeBaseMismatchError
from toolshed.knowledge_base.edge_passages import EdgePassageStore
from toolshed.knowledge_base.memory_passages import MemoryPassageStore
from toolshed.knowledge_base.passages import (
    PASSAGE_SCHEMA_VERSION,
    PassageFilter,
    PassageQuery,
    PassageRecord,
    PassageStore,
)
from toolshed.knowledge_base.protocol import Manifest
from toolshed.knowledge_base.server_passages import ServerPassageStore
from toolshed.legal.citations import with_citations
from toolshed.legal.defined_terms import with_definitions
from toolshed.legal.passages import PassageOptions, build_passages
from toolshed.pre_retrieval.passage_embedding import embed_passages
from toolshed.testing import HashingEncoder

ENCODER = HashingEncoder()
STATIC = StaticEncoder()
MANIFEST = Manifest(
    ENCODER.model_id, ENCODER.dimension, STATIC.model_id, STATIC.dimension, PASSAGE_SCHEMA_VERSION
)
CONTRACT = LegalDocument(
    "contract.txt",
    "2.1 Fees. Customer shall pay the fees within thirty days.\n\n"
    '2.2 Interest. Late fees bear "Default Interest" (the "Interest") at one percent — 发票 🧾.\n\n'
    "2.3 Records. Records are kept under 12 C.F.R. § 1026.22.",
    "Services Contract",
    "contracts",
    page_starts=(0, 60),
)
STATUTE = LegalDocument(
    "statute.txt", "§ 9-401. Records. A bank shall keep records for seven years.", "Code", "law"
)

REAL = [pytest.param("real", marks=pytest.mark.integration)] if "QDRANT_URL" in os.environ else []


@pytest.fixture(params=["memory", "edge", "server", *REAL])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., PassageStore]]:
    match request.param:
        case "memory":
            kept: dict[str, MemoryPassageStore] = {}
            yield lambda manifest=MANIFEST: kept.setdefault("store", MemoryPassageStore(manifest))
        case "edge":
            yield lambda manifest=MANIFEST: EdgePassageStore(tmp_path / "passages", manifest)
        case "server":
            with qdrant_stub() as url:
                yield lambda manifest=MANIFEST: ServerPassageStore(url, manifest)
        case _:
            url, collection = os.environ["QDRANT_URL"], f"contract-{uuid.uuid4().hex}"
            yield lambda manifest=MANIFEST: ServerPassageStore(url, manifest, collection=collection)


@pytest.fixture
def store(open_store: Callable[..., PassageStore]) -> Iterator[PassageStore]:
    opened = open_store()
    yield opened
    opened.close()


def records(document: LegalDocument, *, content_hash: str = "v1") -> list[PassageRecord]:
    passages = build_passages(document, options=PassageOptions(budget=25, header=False))
    return embed_passages(
        with_definitions(with_citations(passages)),
        source=document.source,
        content_hash=content_hash,
        static=STATIC,
        dense=ENCODER,
    )


def fill(store: PassageStore) -> None:
    store.upsert([*records(CONTRACT), *records(STATUTE)])


def words(text: str) -> PassageQuery:
    return PassageQuery("words", as_query_vector(query_words(text).terms))


def dense(text: str) -> PassageQuery:
    return PassageQuery("dense", ENCODER.encode([text])[0])


def test_passages_come_back_as_they_were(store: PassageStore) -> None:
    fill(store)
    expected = [record.passage for record in records(CONTRACT)]
    assert len(expected) >= 3
    ids = [passage.passage_id for passage in reversed(expected)]
    assert store.fetch([*ids, str(uuid.uuid4())]) == list(reversed(expected))
    assert store.count() == len(expected) + 1


def test_upserting_twice_writes_once(store: PassageStore) -> None:
    fill(store)
    n_passages = store.count()
    fill(store)
    assert store.count() == n_passages


@pytest.mark.parametrize("query", [words("records"), dense("bank records years")], ids=["words", "dense"])
def test_the_nearest_come_first(store: PassageStore, query: PassageQuery) -> None:
    fill(store)
    (hits,) = store.search([query], limit=10)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    (best,) = store.fetch([hits[0].passage_id])
    assert "ecords" in best.text


def test_scores_agree_with_the_oracle(store: PassageStore) -> None:
    fill(store)
    oracle = MemoryPassageStore(MANIFEST)
    fill(oracle)
    queries = [
        PassageQuery("sentences", ENCODER.encode(["late fees interest"])[0]),
        words("late fees interest"),
        dense("late fees"),
        PassageQuery("static", STATIC.encode(["fees"])[0]),
    ]
    for found, expected in zip(
        store.search(queries, limit=10), oracle.search(queries, limit=10), strict=True
    ):
        known = {hit.passage_id: hit.score for hit in expected}
        found = [hit for hit in found if hit.score > 0 or hit.passage_id in known]
        assert {hit.passage_id for hit in found} == set(known)
        assert [hit.score for hit in found] == pytest.approx(
            [known[hit.passage_id] for hit in found], abs=1e-4
        )


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
    ids=str,
)
def test_filters_hold_in_search_and_selection(
    store: PassageStore, only: PassageFilter, expected: set[str]
) -> None:
    fill(store)
    (hits,) = store.search([dense("records fees interest")], limit=10, only=only)
    assert {p.document_id for p in store.fetch([hit.passage_id for hit in hits])} == expected
    assert {p.document_id for p in store.select(only)} == expected


def test_neighbours_are_selected_by_their_place(store: PassageStore) -> None:
    fill(store)
    found = list(store.select({"document": ["contract.txt"], "ordinal": [0, 1]}))
    assert sorted(passage.ordinal for passage in found) == [0, 1]


def test_a_document_is_known_by_the_version_of_all_its_passages(store: PassageStore) -> None:
    fill(store)
    stored = store.stored_documents()
    assert [(one.document_id, one.source, one.content_hash) for one in stored] == [
        ("contract.txt", "contracts", "v1"),
        ("statute.txt", "law", "v1"),
    ]
    assert stored[1].passage_ids == {record.passage.passage_id for record in records(STATUTE)}


def test_a_half_written_document_has_no_version(store: PassageStore) -> None:
    store.upsert(records(CONTRACT)[:-1])
    (document,) = store.stored_documents()
    assert document.content_hash == ""
    store.upsert(records(CONTRACT, content_hash="v2")[-1:])
    (document,) = store.stored_documents()
    assert document.content_hash == ""


def test_deleting_removes_and_passes_over_what_is_not_there(store: PassageStore) -> None:
    fill(store)
    store.delete([records(STATUTE)[0].passage.passage_id, str(uuid.uuid4())])
    assert [one.document_id for one in store.stored_documents()] == ["contract.txt"]


def test_unusable_vectors_are_refused_and_nothing_is_written(store: PassageStore) -> None:
    good = records(STATUTE)[0]
    bad = [
        replace(good, dense=None),
        replace(good, sentences=np.zeros((0, ENCODER.dimension), np.float32)),
        replace(good, static=np.zeros(3, np.float32)),
        replace(good, dense=np.full(ENCODER.dimension, np.nan, np.float32)),
    ]
    for record in bad:
        with pytest.raises(KnowledgeBaseMismatchError, match=r"statute\.txt.*nothing was written"):
            store.upsert([good, record])
    assert store.count() == 0


@pytest.mark.parametrize("open_store", ["edge", "server", *REAL], indirect=True)
def test_it_can_be_opened_again_with_what_wrote_it_only(open_store: Callable[..., PassageStore]) -> None:
    store = open_store()
    fill(store)
    store.close()
    again = open_store()
    assert again.count() == len(records(CONTRACT)) + 1
    again.close()
    with pytest.raises(KnowledgeBaseMismatchError, match="encoder 'hashing:64' instead of 'other'"):
        open_store(replace(MANIFEST, encoder="other"))


def test_several_threads_may_use_it(store: PassageStore) -> None:
    fill(store)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for _ in range(5):
                store.upsert(records(replace(STATUTE, document_id=f"s{number}")))
                assert store.search([dense("records")], limit=3)[0]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert store.count() == len(records(CONTRACT)) + 1 + 4

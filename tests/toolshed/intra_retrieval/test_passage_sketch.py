"""Sketches of passages: they find what a scan finds, and follow what is written."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from toolshed.documents import LegalDocument
from toolshed.intra_retrieval import passage_sketch
from toolshed.intra_retrieval.encoding import encode_texts
from toolshed.intra_retrieval.passage_search import AskedQuestion, PassageSearch
from toolshed.intra_retrieval.passage_sketch import PassageSketch, SketchedPassages, sign_bits
from toolshed.intra_retrieval.questions import read_question
from toolshed.knowledge_base.edge import EdgeEngine
from toolshed.knowledge_base.engine import VectorQuery
from toolshed.knowledge_base.passages import PASSAGE_LAYOUT, PassageStore
from toolshed.presets import PASSAGES
from toolshed.testing.contract_samples import ENCODER, MANIFEST, STATIC, passages
from toolshed.vectors import CompactVectors, Vectors

ENCODERS = {"dense": ENCODER, "static": STATIC}
CLAUSES = [
    "The tenant shall pay the rent.",
    "Late fees bear interest.",
    "Keys are returned at the end.",
    "Pets are not allowed.",
]


def sketch_of(vectors: Vectors) -> PassageSketch:
    n, mean = len(vectors), vectors.mean(axis=0)
    ids = np.zeros((n, 16), np.uint8)
    ids[:, 15] = np.arange(n)
    hashes = np.ones(n, np.uint64)
    return PassageSketch(ids, hashes, CompactVectors.of(vectors), mean, sign_bits(vectors, mean))


def row_of(passage_id: str) -> int:
    return int(passage_id[-2:], 16)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PassageStore]:
    made = PassageStore(EdgeEngine(tmp_path, PASSAGE_LAYOUT.schema, MANIFEST))
    for number, clause in enumerate(CLAUSES):
        made.upsert(passages(LegalDocument(f"{number}", clause)))
    yield made
    made.close()


def found(sketched: SketchedPassages, text: str) -> list[str]:
    sketch = sketched.current()
    assert sketch is not None
    (asked,) = encode_texts([text], ENCODERS)
    nearest = sketch.nearest(asked.vectors["dense"], 9)
    texts = {one.passage_id: one.text for one in sketched._store.fetch(nearest)}
    return [texts[passage_id] for passage_id in nearest]


def test_the_nearest_are_those_of_an_exact_comparison() -> None:
    draw = np.random.default_rng(5)
    vectors = draw.normal(size=(200, 100)).astype(np.float32)
    sketch, asked = sketch_of(vectors), draw.normal(size=100).astype(np.float32)
    exact = np.argsort(-CompactVectors.of(vectors).products(asked[None])[0])[:10].tolist()
    assert [row_of(one) for one in sketch.nearest(asked, 10)] == exact


def test_few_bits_differ_where_vectors_are_near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passage_sketch, "_RESCORED", 1)
    draw = np.random.default_rng(6)
    vectors = draw.normal(size=(200, 100)).astype(np.float32)
    sketch = sketch_of(vectors)
    for row in range(0, 200, 20):
        near = vectors[row] + draw.normal(0, 0.3, 100).astype(np.float32)
        assert row_of(sketch.nearest(near, 1)[0]) == row


def test_a_sketch_is_made_of_what_is_stored_and_serves_until_something_is_written(
    store: PassageStore,
) -> None:
    sketched = SketchedPassages(store, "dense", least=2)
    assert sketched.current() is None
    sketched.renew()
    assert found(sketched, CLAUSES[2])[0] == CLAUSES[2]
    assert sorted(found(sketched, CLAUSES[2])) == sorted(CLAUSES)
    # Another handle, as another process has one, reads what this one kept.
    assert len(SketchedPassages(store, "dense").current() or ()) == len(CLAUSES)
    store.upsert(passages(LegalDocument("new", "Smoking is forbidden.")))
    assert sketched.current() is None


def test_renewing_reads_what_changed_only(store: PassageStore, monkeypatch: pytest.MonkeyPatch) -> None:
    sketched = SketchedPassages(store, "dense", least=2)
    sketched.renew()
    # Of equal offsets, and so of the same id.
    changed = CLAUSES[1].replace("Late", "Paid")
    store.upsert(passages(LegalDocument("1", changed)))
    store.delete([one.passage.passage_id for one in passages(LegalDocument("3", CLAUSES[3]))])
    read: list[str] = []
    vectors_of = store.vectors_of

    def watched(passage_ids: list[str], channel: str) -> dict[str, Vectors]:
        read.extend(passage_ids)
        return vectors_of(passage_ids, channel)

    monkeypatch.setattr(store, "vectors_of", watched)
    sketched.renew()
    assert [one.text for one in store.fetch(read)] == [changed]
    assert sorted(found(sketched, changed)) == sorted([CLAUSES[0], changed, CLAUSES[2]])
    assert found(sketched, changed)[0] == changed
    sketched.renew()
    assert len(read) == 1


def test_few_passages_are_not_sketched(store: PassageStore) -> None:
    sketched = SketchedPassages(store, "dense", least=5)
    sketched.renew()
    assert sketched.current() is None


def test_a_search_finds_the_same_with_and_without_a_sketch(
    store: PassageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sketched = SketchedPassages(store, "dense", least=2)
    sketched.renew()
    question = read_question("Are pets allowed?", store)
    (encoded,) = encode_texts([question.text], ENCODERS)
    asked = AskedQuestion(question, encoded)
    scanned = PassageSearch(store, PASSAGES, STATIC).run(asked, limit=3)
    queried: list[str] = []
    search = store.search

    def watched(queries: list[VectorQuery], **options: object) -> object:
        queried.extend(query.channel for query in queries)
        return search(queries, **options)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(store, "search", watched)
    found_by_sketch = PassageSearch(store, PASSAGES, STATIC, sketched).run(asked, limit=3)
    assert queried == ["words"]
    assert [one.passage.text for one in found_by_sketch.passages] == [
        one.passage.text for one in scanned.passages
    ]
    # Whatever is filtered is compared by the engine.
    PassageSearch(store, PASSAGES, STATIC, sketched).run(asked, limit=3, only={"document": ["3"]})
    assert queried == ["words", "dense", "words"]

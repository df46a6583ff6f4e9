"""What the contract of engines is tried on: points, tool documents, passages, and queries for them."""

import threading
import uuid
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from toolshed.backbones.lexical import as_query_vector, query_words
from toolshed.backbones.static import StaticEncoder
from toolshed.documents import LegalDocument
from toolshed.knowledge_base.engine import Engine, Hit, Point, VectorQuery
from toolshed.knowledge_base.manifest import Manifest
from toolshed.knowledge_base.passages import PassageRecord
from toolshed.knowledge_base.store import Channel, Layout
from toolshed.knowledge_base.tools import ToolRecord
from toolshed.legal.citations import with_citations
from toolshed.legal.defined_terms import with_definitions
from toolshed.legal.names import with_names
from toolshed.legal.passages import PassageOptions, build_passages
from toolshed.pre_retrieval.embedding import embed_tools
from toolshed.pre_retrieval.passage_embedding import embed_passages
from toolshed.testing.doubles import HashingEncoder, make_tool
from toolshed.types import ToolDefinition
from toolshed.vectors import SparseVector

OpenEngine = Callable[[Layout, Manifest], Engine]

ENCODER = HashingEncoder()
STATIC = StaticEncoder()
MANIFEST = Manifest(
    ENCODER.model_id,
    ENCODER.dimension,
    STATIC.model_id,
    STATIC.dimension,
    multilingual_encoder=ENCODER.model_id,
    multilingual_dimension=ENCODER.dimension,
)
LAYOUT = Layout(
    name="points",
    noun="point",
    key="name",
    channels=(
        Channel("whole", "dense", "dense"),
        Channel("rows", "multi", "dense", whole="whole"),
        Channel("terms", "sparse", "words"),
    ),
    indexes={"group": "text", "tags": "text", "page": "number"},
    version=1,
)
TOOLS = [
    make_tool("send_email", "Send an email to a person. Attach files. Schedule delivery.", source="mail"),
    make_tool("get_forecast", "Weather forecast for a city.", source="weather"),
    make_tool("get_current_weather", "Current weather in a city.", source="weather"),
    make_tool("creer_facture", "Crée une facture — 發票を作成 🧾", source="billing"),
    make_tool("noop"),
]
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


def points(n: int = 40) -> list[Point]:
    """Points in two groups; the terms of each group are as frequent in the other as they are rare in it."""
    draw = np.random.default_rng(0)
    made = []
    for i in range(n):
        group = "a" if i % 4 == 0 else "b"
        terms = {0: 1.0, 1 + i % 3: 2.0, (10 if group == "a" or i < 8 else 11): 1.5}
        made.append(
            Point(
                str(uuid.UUID(int=n - i)),
                {
                    "name": f"p{i:02}",
                    "group": group,
                    "tags": [f"t{i % 5}", "all"],
                    "page": i % 7,
                    "note": "x",
                },
                {
                    "whole": draw.standard_normal(ENCODER.dimension).astype(np.float32),
                    "rows": draw.standard_normal((i % 3, ENCODER.dimension)).astype(np.float32),
                    "terms": SparseVector.from_weights(terms),
                },
            )
        )
    return made


QUERIES = [
    VectorQuery("whole", np.ones(ENCODER.dimension, np.float32)),
    VectorQuery("rows", np.ones(ENCODER.dimension, np.float32)),
    VectorQuery("terms", SparseVector.from_weights({0: 1.0, 1: 1.0, 10: 1.0, 99: 1.0})),
]


def records(tools: Sequence[ToolDefinition] = TOOLS) -> list[ToolRecord]:
    """Tool documents of these tools."""
    return embed_tools(tools, static=STATIC, dense=ENCODER, multilingual=ENCODER).records


def passages(document: LegalDocument, *, content_hash: str = "v1") -> list[PassageRecord]:
    """Passages of a document."""
    cut = build_passages(document, options=PassageOptions(budget=25, header=False))
    return embed_passages(
        with_names(with_definitions(with_citations(cut)), document),
        source=document.source,
        content_hash=content_hash,
        static=STATIC,
        dense=ENCODER,
    )


def query(channel: Channel, text: str) -> VectorQuery:
    """A query on a channel of either layout."""
    words = query_words(text)
    match channel.encoding:
        case "words":
            return VectorQuery(channel.name, as_query_vector(words.terms))
        case "ngrams":
            every = np.ones(len(words.terms), dtype=bool)
            return VectorQuery(channel.name, as_query_vector(words.ngrams_where(every)))
        case "static":
            return VectorQuery(channel.name, STATIC.encode([text])[0])
        case _:
            return VectorQuery(channel.name, ENCODER.encode([text])[0])


def assert_same(found: Sequence[Hit], expected: Sequence[Hit]) -> None:
    """The same records with the same scores; those without any in common with the query may be left out."""
    scores = {hit.key: hit.score for hit in expected}
    named = [hit for hit in found if hit.score > 0 or hit.key in scores]
    assert {hit.key for hit in named} == set(scores)
    assert [hit.score for hit in named] == pytest.approx([scores[hit.key] for hit in named], abs=1e-4)
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)


def in_threads(work: Callable[[int], None], n_threads: int = 4) -> None:
    """Run work in threads at once; fails as the first that failed."""
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(n,), daemon=True) for n in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), "a thread waits for ever"
    if failures:
        raise failures[0]

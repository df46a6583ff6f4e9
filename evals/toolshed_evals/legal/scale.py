"""Search over many passages: ``python -m toolshed_evals.legal.scale --sizes 2000,10000,30000``.

There are no million legal passages here. They are made by recombining, seeded: four sentences of the US
decisions (MultiLegalSBD) a passage, each with its vector and a little noise, the passage's vector their mean.
Our own dev questions are then asked among them, so that recall says what the crowd costs.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.embedding import normalise
from toolshed.backbones.lexical import bm25_vector
from toolshed.backbones.static import StaticEncoder
from toolshed.documents import LegalDocument, Passage
from toolshed.knowledge_base.passages import PassageRecord
from toolshed.presets import PASSAGE_WORDS
from toolshed.shed.shed import Toolshed
from toolshed_evals.datasets import data_folder
from toolshed_evals.legal.gold import load_gold
from toolshed_evals.legal.legalbench_rag import LegalQuery, character_scores, own_benchmark

_SENTENCES, _NOISE, _SEED = 4, 0.02, 7
_PER_DOCUMENT, _BATCH = 50, 200


@dataclass(frozen=True, slots=True)
class Sentences:
    """Sentences to recombine, with their vectors."""

    texts: Sequence[str]
    vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Measured:
    """Search over so many passages.

    Attributes:
        n_passages: How many there are.
        recall: Share of the answers in the first four passages.
        cpu_ms: CPU time of a search, the mean.
        p50_ms: Median time of a search.
        peak_mb: The most memory that the process ever took.
    """

    n_passages: int
    recall: float
    cpu_ms: float
    p50_ms: float
    peak_mb: float

    def line(self) -> str:
        """The row of a table."""
        times = f"{self.cpu_ms:8.1f} {self.p50_ms:8.1f}"
        return f"{self.n_passages:>9,} {self.recall:9.3f} {times} {self.peak_mb:8.0f}"


def recombined(sentences: Sentences, n: int, *, start: int, static: StaticEncoder) -> Iterator[PassageRecord]:
    """Passages of sentences that never stood together, the same ones for the same start."""
    random = np.random.default_rng([_SEED, start])
    for number in range(start, start + n):
        picked = random.integers(0, len(sentences.texts), _SENTENCES)
        noise = random.normal(0, _NOISE, (_SENTENCES, sentences.vectors.shape[1])).astype(np.float32)
        vectors = normalise(sentences.vectors[picked] + noise)
        texts = [sentences.texts[one] for one in picked]
        ends = np.cumsum([len(text) + 1 for text in texts]).tolist()
        spans = tuple((end - 1 - len(text), end - 1) for end, text in zip(ends, texts, strict=True))
        text = " ".join(texts)
        document, ordinal = divmod(number, _PER_DOCUMENT)
        passage = Passage(f"crowd {document}", ordinal, 0, len(text), text, spans, version=str(number))
        yield PassageRecord(
            passage,
            "crowd",
            "recombined",
            _PER_DOCUMENT,
            {
                "static": static.encode([text])[0],
                "words": bm25_vector({"text": text, "header": ""}, PASSAGE_WORDS),
                "dense": normalise(vectors.mean(axis=0, keepdims=True))[0],
                "sentences": vectors,
            },
        )


def sentences_of(documents: Sequence[LegalDocument]) -> Sentences:
    """The quotable sentences of documents, as a knowledge base has them."""
    texts: list[str] = []
    vectors: list[NDArray[np.float32]] = []
    with tempfile.TemporaryDirectory() as folder, Toolshed(folder) as shed:
        shed.add_documents(*documents)
        store = shed.passages.store
        for document in store.stored_documents():
            for one in store.fetch_encoded(sorted(document.passage_ids)):
                texts += one.passage.quotable_texts
                vectors.append(one.vectors["sentences"])
    return Sentences(texts, np.concatenate(vectors))


def measured(shed: Toolshed, queries: Sequence[LegalQuery]) -> Measured:
    """Ask every question once."""
    seconds, recall, started = [], 0.0, time.process_time()
    for query in queries:
        before = time.perf_counter()
        found = shed.search_passages(query.query, 4, abstain_below=0.0).passages
        seconds.append(time.perf_counter() - before)
        spans = [(one.passage.document_id, one.passage.start, one.passage.end) for one in found]
        recall += character_scores(spans, query.gold)[1]
    cpu = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return Measured(
        shed.passages.store.count(),
        recall / len(queries),
        1e3 * cpu / len(queries),
        1e3 * float(np.median(seconds)),
        peak,
    )


def scaled(sizes: Sequence[int], crowd: Sentences, *, folder: Path) -> Iterator[Measured]:
    """Measure at each size, growing one knowledge base."""
    benchmark = own_benchmark("dev")
    queries = [query for query in benchmark.queries if query.gold]
    with Toolshed(folder) as shed:
        shed.add_documents(*benchmark.documents)
        store, static = shed.passages.store, shed.encoders.static
        measured(shed, queries[:3])
        for size in sizes:
            while (n := store.count()) < size:
                batch = recombined(crowd, min(_BATCH, size - n), start=n, static=static)
                store.upsert([*batch])
            yield measured(shed, queries)


@click.command()
@click.option("--sizes", default="2000,10000", show_default=True, help="Numbers of passages, ascending.")
def main(sizes: str) -> None:
    """Print recall, time and memory of searches over more and more passages."""
    crowd = sentences_of(
        [LegalDocument(one.document_id, one.text) for one in load_gold(data_folder() / "legal")]
    )
    click.echo(f"{'passages':>9} {'recall@4':>9} {'CPU ms':>8} {'p50 ms':>8} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for one in scaled([int(size) for size in sizes.split(",")], crowd, folder=Path(folder)):
            click.echo(one.line())


if __name__ == "__main__":
    main()

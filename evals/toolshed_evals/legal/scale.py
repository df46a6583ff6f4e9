"""Search over ever more passages; ``toolshed eval passage-scale`` prints it.

There are no million legal passages here. They are made by recombining, seeded: four sentences of the US
decisions (MultiLegalSBD) a passage, each with its vector and a little noise, the passage's vectors their
means. Our own dev questions are then asked among them, so that recall says what the crowd costs.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.embedding import normalise
from toolshed.backbones.lexical import bm25_vector
from toolshed.documents import LegalDocument, Passage
from toolshed.knowledge_base.passages import PassageRecord
from toolshed.options import Progress
from toolshed.presets import PASSAGE_WORDS
from toolshed.shed.shed import Toolshed
from toolshed_evals.datasets import data_folder
from toolshed_evals.legal.gold import load_gold
from toolshed_evals.legal.legalbench_rag import LegalQuery, character_scores, own_benchmark
from toolshed_evals.scale import resident

_SENTENCES, _NOISE, _SEED = 4, 0.02, 7
_PER_DOCUMENT, _BATCH = 50, 2_000
_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Sentences:
    """Sentences to recombine, with their vectors by encoder, ``dense`` and ``static``."""

    texts: Sequence[str]
    vectors: Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Measured:
    """Search over so many passages, in a process of its own.

    Attributes:
        n_passages: How many there are.
        recall: Share of the answers in the first four passages.
        scanned_recall: The same where the engine compares every vector.
        p50_ms: Median CPU time of a search, milliseconds.
        scanned_p50_ms: The same where the engine compares every vector.
        opening_cpu_s: CPU seconds until the first search is answered, the encoders' loading included.
        private_mb: Memory that is the process's own, encoders included.
        mapped_mb: Memory of files that are mapped, which the system takes back when others need it.
    """

    n_passages: int
    recall: float
    scanned_recall: float
    p50_ms: float
    scanned_p50_ms: float
    opening_cpu_s: float
    private_mb: float
    mapped_mb: float

    HEADER = (
        f"{'passages':>9} {'recall@4':>9} {'scanned':>8} {'p50 CPU ms':>11} {'scanned':>8} {'x first':>8} "
        f"{'opening s':>10} {'private MB':>11} {'mapped MB':>10}"
    )

    def line(self, first: "Measured") -> str:
        """The row of a table that begins with another size."""
        return (
            f"{self.n_passages:>9,} {self.recall:9.3f} {self.scanned_recall:8.3f} {self.p50_ms:11.1f} "
            f"{self.scanned_p50_ms:8.1f} {self.p50_ms / first.p50_ms:8.2f} {self.opening_cpu_s:10.1f} "
            f"{self.private_mb:11,.0f} {self.mapped_mb:10,.0f}"
        )


def recombined(sentences: Sentences, n: int, *, start: int) -> Iterator[PassageRecord]:
    """Passages of sentences that never stood together, the same ones for the same start."""
    random = np.random.default_rng([_SEED, start])
    for number in range(start, start + n):
        picked = random.integers(0, len(sentences.texts), _SENTENCES)
        rows = {
            name: normalise(
                own[picked] + random.normal(0, _NOISE, (_SENTENCES, own.shape[1])).astype(np.float32)
            )
            for name, own in sentences.vectors.items()
        }
        means = {name: normalise(own.mean(axis=0, keepdims=True))[0] for name, own in rows.items()}
        texts = [sentences.texts[one] for one in picked]
        ends = np.cumsum([len(text) + 1 for text in texts]).tolist()
        spans = tuple((end - 1 - len(text), end - 1) for end, text in zip(ends, texts, strict=True))
        text = " ".join(texts)
        document, ordinal = divmod(number, _PER_DOCUMENT)
        passage = Passage(f"crowd {document}", ordinal, 0, len(text), text, spans, version=str(number))
        words = bm25_vector({"text": text, "header": ""}, PASSAGE_WORDS)
        vectors = {**means, "sentences": rows["dense"], "words": words}
        yield PassageRecord(passage, "crowd", "recombined", _PER_DOCUMENT, vectors)


def crowd() -> Sentences:
    """The quotable sentences of the US decisions."""
    documents = [LegalDocument(one.document_id, one.text) for one in load_gold(data_folder() / "legal")]
    texts: list[str] = []
    vectors: list[NDArray[np.float32]] = []
    with Toolshed("memory:") as shed:
        shed.add_documents(*documents)
        store = shed.passages.store
        for document in store.stored_documents():
            for one in store.fetch_encoded(sorted(document.passage_ids)):
                texts += one.passage.quotable_texts
                vectors.append(one.vectors["sentences"])
        static = shed.encoders.static.encode(texts)
    return Sentences(texts, {"dense": np.concatenate(vectors), "static": static})


def grown(cache: Path, size: int, sentences: Sentences, *, progress: Progress) -> Path:
    """The folder of a knowledge base of our own texts and as many others as make up a size.

    It is kept, and begins as a copy of the largest smaller one.
    """
    folder = cache / f"passages-{size}"
    smaller = [n for n in _sizes(cache) if n < size]
    if smaller and not folder.exists():
        shutil.copytree(cache / f"passages-{max(smaller)}", folder)
    with Toolshed(folder) as shed:
        shed.add_documents(*own_benchmark("dev").documents)
        store = shed.passages.store
        while (n := store.count()) < size:
            progress(n, size)
            store.upsert([*recombined(sentences, min(_BATCH, size - n), start=n)])
        shed.passages.sketched.renew()
        progress(size, size)
    return folder


def _sizes(cache: Path) -> list[int]:
    return [int(folder.name.partition("-")[2]) for folder in cache.glob("passages-*")]


def measured(folder: Path) -> Measured:
    """Measure in a process of its own."""
    command = [sys.executable, "-m", __name__, str(folder)]
    done = subprocess.run(  # noqa: S603  # our own interpreter and module
        command, capture_output=True, text=True, timeout=_SECONDS, check=True
    )
    return Measured(**json.loads(done.stdout))


def _measured(folder: Path) -> Measured:
    queries = [query for query in own_benchmark("dev").queries if query.gold]
    started = time.process_time()
    with Toolshed(folder) as shed:
        shed.search_passages("What does this warm up?")
        opening = time.process_time() - started
        recall, p50 = _asked(shed, queries)
        memory = resident()
        finder = shed.passages.finder
        # What was found by sketches is then found by comparing every vector.
        shed.passages.__dict__["finder"] = replace(finder, search=replace(finder.search, sketched=None))
        scanned_recall, scanned_p50 = _asked(shed, queries)
        private, mapped = memory["RssAnon"], memory["VmRSS"] - memory["RssAnon"]
        return Measured(
            shed.passages.store.count(),
            recall,
            scanned_recall,
            p50,
            scanned_p50,
            opening,
            private / 2**20,
            mapped / 2**20,
        )


def _asked(shed: Toolshed, queries: Sequence[LegalQuery]) -> tuple[float, float]:
    """Recall in the first four, and the median of CPU milliseconds, where every question is asked once."""
    milliseconds, recall = [], 0.0
    for query in queries:
        before = time.process_time()
        found = shed.search_passages(query.query, 4, abstain_below=0.0).passages
        milliseconds.append(1e3 * (time.process_time() - before))
        spans = [(one.passage.document_id, one.passage.start, one.passage.end) for one in found]
        recall += character_scores(spans, query.gold)[1]
    return recall / len(queries), float(np.median(milliseconds))


if __name__ == "__main__":
    print(json.dumps(asdict(_measured(Path(sys.argv[1])))))  # noqa: T201  # the protocol with the parent

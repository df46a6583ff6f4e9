"""LegalBench-RAG (arXiv 2408.10343): retrieval scored by the characters it returns.

The public layout is a folder with ``corpus/`` (text files) and ``benchmarks/`` (JSON files of ``tests``: a
query and the snippets that answer it, each a span of a file). Precision is the share of the retrieved
characters that are gold, recall the share of the gold characters that were retrieved, both at k results
and averaged over the queries.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import cast

from toolshed.documents import LegalDocument, Passage
from toolshed.options import PipelineName, SegmenterName
from toolshed.pre_retrieval.passage_embedding import embed_passages
from toolshed.rankings import FoundPassage
from toolshed.shed.shed import Toolshed
from toolshed_evals.legal.baselines import aligned
from toolshed_evals.legal.gold import GoldError
from toolshed_evals.legal.training import INSTRUMENT, WrittenSplit, written_documents

FileSpan = tuple[str, int, int]
DEFAULT_KS = (1, 2, 4, 8, 16)
# The baseline of the paper: recursive chunks of this many characters.
_CHUNK_CHARACTERS = 500
# The texts that our questions are asked of.
_ASKED: tuple[WrittenSplit, ...] = ("train", "test")
_MEASURES = ("precision", "recall", "quote_precision", "quote_recall")


@dataclass(frozen=True, slots=True)
class LegalQuery:
    """A question and the spans of files that answer it; none where no file does."""

    query: str
    gold: tuple[FileSpan, ...]


@dataclass(frozen=True, slots=True)
class LegalBenchmark:
    """Files and questions about them."""

    name: str
    documents: tuple[LegalDocument, ...]
    queries: tuple[LegalQuery, ...]


def sample_folder() -> Path:
    """The corpus that we wrote, with its questions."""
    return Path(str(files("toolshed_evals.legal").joinpath("sample")))


def load_benchmark(folder: Path, name: str) -> LegalBenchmark:
    """Read one benchmark of a folder in the public layout; only the files that its queries name.

    Raises:
        GoldError: If a file is missing or not of that layout, or a span lies outside its file.
    """
    queries = _queries(folder, name)
    names = sorted({file for query in queries for file, _, _ in query.gold})
    documents = {file: _document(folder, file) for file in names}
    return _checked(LegalBenchmark(name, tuple(documents.values()), queries))


def own_benchmark(name: str) -> LegalBenchmark:
    """Our own questions, ``dev`` or ``test``, over all the texts that we wrote.

    Those are the sample corpus and the documents whose sentences we marked. A fourth of the questions is
    answered by none of them.

    Raises:
        GoldError: If there are no questions of this name.
    """
    folder = sample_folder()
    files = sorted(path.name for path in (folder / "corpus").iterdir())
    documents = [_document(folder, file) for file in files]
    marked = (one for split in _ASKED for one in written_documents(split))
    documents += [
        LegalDocument(f"{one.document_id}.txt", one.text, one.document_id.replace("_", " "))
        for one in marked
        if one.genre == INSTRUMENT
    ]
    return _checked(LegalBenchmark(name, tuple(documents), _queries(folder, name)))


def _checked(benchmark: LegalBenchmark) -> LegalBenchmark:
    texts = {document.document_id: document.text for document in benchmark.documents}
    for query in benchmark.queries:
        for file, start, end in query.gold:
            if not 0 <= start < end <= len(texts[file]):
                raise GoldError(f"{benchmark.name!r}: the span [{start}, {end}] lies outside {file!r}")
    return benchmark


def _queries(folder: Path, name: str) -> tuple[LegalQuery, ...]:
    path = folder / "benchmarks" / f"{name}.json"
    try:
        tests = json.loads(path.read_text(encoding="utf-8"))["tests"]
        return tuple(
            LegalQuery(
                test["query"],
                tuple(
                    (snippet["file_path"], int(snippet["span"][0]), int(snippet["span"][1]))
                    for snippet in test["snippets"]
                ),
            )
            for test in tests
        )
    except OSError as error:
        known = ", ".join(sorted(found.stem for found in (folder / "benchmarks").glob("*.json"))) or "none"
        raise GoldError(f"there is no benchmark {name!r} in {str(folder)!r}; there is {known}") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise GoldError(
            f"{str(path)!r} is not of the layout "
            f'{{"tests": [{{"query", "snippets": [{{"file_path", "span"}}]}}]}} ({error!r})'
        ) from error


def _document(folder: Path, name: str) -> LegalDocument:
    corpus = (folder / "corpus").resolve()
    path = (corpus / name).resolve()
    try:
        if not path.is_relative_to(corpus):
            raise GoldError(f"the benchmark names {name!r}, which lies outside its corpus")
        # newline="": spans count the characters of the file as they are.
        with path.open(encoding="utf-8", newline="") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(f"the corpus file {str(path)!r} cannot be read: {error}") from error
    return LegalDocument(name, text, path.stem.replace("_", " "))


def character_scores(retrieved: Sequence[FileSpan], gold: Sequence[FileSpan]) -> tuple[float, float]:
    """Precision and recall of characters; overlapping spans count once."""
    n_retrieved, n_gold = _length(_union(retrieved)), _length(_union(gold))
    n_common = n_retrieved + n_gold - _length(_union([*retrieved, *gold]))
    return n_common / n_retrieved if n_retrieved else 0.0, n_common / n_gold if n_gold else 0.0


def _union(spans: Iterable[FileSpan]) -> list[FileSpan]:
    merged: list[FileSpan] = []
    for file, start, end in sorted(spans):
        if merged and merged[-1][0] == file and start <= merged[-1][2]:
            merged[-1] = (file, merged[-1][1], max(end, merged[-1][2]))
        else:
            merged.append((file, start, end))
    return merged


def _length(spans: Iterable[FileSpan]) -> int:
    return sum(end - start for _, start, end in spans)


@dataclass(frozen=True, slots=True)
class Abstention:
    """How well the confidence tells questions that are answered from those that are not.

    Attributes:
        n_unanswerable: Questions that no document answers.
        auroc: Probability that a question with an answer has the higher confidence.
        refused: Share of the questions without an answer that are refused as shipped.
        lost: Share of the questions with an answer that are refused as shipped.
    """

    n_unanswerable: int
    auroc: float
    refused: float
    lost: float


@dataclass(frozen=True, slots=True)
class RetrievalScores:
    """Scores at each k, averaged over the questions that have an answer.

    Attributes:
        precision, recall: Of characters of the first k passages.
        quote_precision, quote_recall: Of characters of the quotes of the first k passages.
        document: Share of queries whose first passage is from a gold document.
        abstention: How well it abstains; None where every question has an answer.
        indexing_speed: Passages that were cut, encoded and stored in a second of CPU time.
    """

    precision: dict[int, float]
    recall: dict[int, float]
    quote_precision: dict[int, float]
    quote_recall: dict[int, float]
    document: float
    abstention: Abstention | None = None
    indexing_speed: float = 0.0

    def to_json(self) -> dict[str, object]:
        """The scores as a JSON object."""
        return {
            "precision": {str(k): value for k, value in self.precision.items()},
            "recall": {str(k): value for k, value in self.recall.items()},
            "quote_precision": {str(k): value for k, value in self.quote_precision.items()},
            "quote_recall": {str(k): value for k, value in self.quote_recall.items()},
            "document": self.document,
            "abstention": asdict(self.abstention) if self.abstention else None,
            "indexing_speed": self.indexing_speed,
        }


def evaluate_retrieval(
    benchmark: LegalBenchmark,
    pipeline: PipelineName = "default",
    *,
    chunker: str = "legal",
    ks: Sequence[int] = DEFAULT_KS,
    tick: Callable[[int, int], None] = lambda _done, _total: None,
) -> RetrievalScores:
    """Index the benchmark's files and score the answers to its queries, those refused as shipped included."""
    totals = {measure: dict.fromkeys(ks, 0.0) for measure in _MEASURES}
    n_answerable = sum(bool(query.gold) for query in benchmark.queries)
    n_right_document = 0
    told: list[tuple[bool, float, bool]] = []
    with tempfile.TemporaryDirectory() as folder, Toolshed(folder, pipeline=pipeline) as shed:
        speed = _indexing_speed(shed, benchmark.documents, chunker)
        for done, query in enumerate(benchmark.queries, start=1):
            result = shed.search_passages(query.query, max(ks), abstain_below=0.0)
            is_refused = result.confidence < shed.passages.abstain_below
            told.append((bool(query.gold), result.confidence, is_refused))
            tick(done, len(benchmark.queries))
            if not query.gold:
                continue
            found = result.passages
            for k in ks:
                scores = [*_passage_scores(found[:k], query), *_quote_scores(found[:k], query)]
                for measure, score in zip(_MEASURES, scores, strict=True):
                    totals[measure][k] += score / n_answerable
            gold_documents = {file for file, _, _ in query.gold}
            n_right_document += bool(found) and found[0].passage.document_id in gold_documents
    return RetrievalScores(
        **totals,
        document=n_right_document / max(1, n_answerable),
        abstention=_abstention(told),
        indexing_speed=speed,
    )


def _abstention(told: Sequence[tuple[bool, float, bool]]) -> Abstention | None:
    """From whether each question has an answer, its confidence, and whether it was refused."""
    answered = [one for one in told if one[0]]
    others = [one for one in told if not one[0]]
    if not (answered and others):
        return None
    wins = sum((a > b) + (a == b) / 2 for _, a, _ in answered for _, b, _ in others)
    return Abstention(
        len(others),
        wins / (len(answered) * len(others)),
        sum(refused for *_, refused in others) / len(others),
        sum(refused for *_, refused in answered) / len(answered),
    )


def _passage_scores(found: Sequence[FoundPassage], query: LegalQuery) -> tuple[float, float]:
    spans = [(one.passage.document_id, one.passage.start, one.passage.end) for one in found]
    return character_scores(spans, query.gold)


def _quote_scores(found: Sequence[FoundPassage], query: LegalQuery) -> tuple[float, float]:
    spans = [(one.passage.document_id, quote.start, quote.end) for one in found for quote in one.quotes]
    return character_scores(spans, query.gold)


def scores_table(benchmark: LegalBenchmark, results: Mapping[str, RetrievalScores]) -> str:
    """The results as text."""
    n_answered = sum(bool(query.gold) for query in benchmark.queries)
    lines = [
        f"{n_answered:,} questions about {len(benchmark.documents):,} documents, and "
        f"{len(benchmark.queries) - n_answered:,} that none of them answers",
        f"{'pipeline/chunks':<20} {'P@1':>6} {'R@1':>6} {'R@2':>6} {'R@4':>6} {'R@8':>6} {'R@16':>6} "
        f"{'quote P@1':>10} {'quote R@1':>10} {'document@1':>11} {'AUROC':>6} {'refused':>8} {'lost':>6} "
        f"{'passages/CPU s':>15}",
    ]
    for name, scores in results.items():
        recalls = " ".join(f"{scores.recall[k]:6.3f}" for k in DEFAULT_KS)
        lines.append(
            f"{name:<20} {scores.precision[1]:6.3f} {recalls} {scores.quote_precision[1]:10.3f} "
            f"{scores.quote_recall[1]:10.3f} {scores.document:11.3f}{_abstention_text(scores.abstention)} "
            f"{scores.indexing_speed:15.1f}"
        )
    return "\n".join(lines)


def _abstention_text(abstention: Abstention | None) -> str:
    if abstention is None:
        return " " * 23
    return f" {abstention.auroc:6.3f} {abstention.refused:8.3f} {abstention.lost:6.3f}"


def _indexing_speed(shed: Toolshed, documents: Sequence[LegalDocument], chunker: str) -> float:
    # Encoders are loaded at first use, which is no indexing.
    for encoder in (shed.encoders.static, shed.encoders.stored):
        if encoder is not None:
            encoder.encode(["This loads the encoder."])
    started = time.process_time()
    _index(shed, documents, chunker)
    return shed.passages.store.count() / max(time.process_time() - started, 1e-9)


def _index(shed: Toolshed, documents: Sequence[LegalDocument], chunker: str) -> None:
    if chunker != "recursive":
        shed.add_documents(*documents, segmenter=cast("SegmenterName", chunker))
        return
    for document in documents:
        records = embed_passages(
            _recursive_chunks(document),
            source="",
            content_hash=document.content_hash,
            static=shed.encoders.static,
            dense=shed.encoders.stored,
        )
        shed.passages.store.upsert(records)


def _recursive_chunks(document: LegalDocument) -> list[Passage]:
    """Chunks of LangChain's recursive splitter, as the paper's baseline cuts them; nothing else is known."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=_CHUNK_CHARACTERS, chunk_overlap=0)
    spans = aligned(document.text, splitter.split_text(document.text))
    return [
        Passage(document.document_id, ordinal, start, end, document.text[start:end], ((start, end),))
        for ordinal, (start, end) in enumerate(spans)
    ]

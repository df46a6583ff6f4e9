"""``toolshed eval passages``: what splitters cut, whether their offsets are true, and how fast they are."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolshed.backbones.minilm import verified_tokenizer
from toolshed.documents import LegalDocument
from toolshed.errors import ConfigurationError, missing_extra
from toolshed.legal.passages import DEFAULT_BUDGET, PassageOptions, build_passages
from toolshed.legal.sentences import SentenceSegmenter, segmenter_named
from toolshed.legal.tokens import WordPieceCounter
from toolshed_evals.legal.gold import GoldDocument, count_cut, load_gold
from toolshed_evals.legal.segmentation import HeldOut

if TYPE_CHECKING:
    from langchain_text_splitters import TextSplitter

logger = logging.getLogger(__name__)

# Longer sentences fit no passage; cutting them is no fault of a splitter.
MAX_SENTENCE = 700
OWN = ("legal", "nupunkt")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk as a splitter returns it: its text, and the start offset that it claims."""

    text: str
    start: int


Splitter = Callable[[GoldDocument], list[Chunk]]


@dataclass(frozen=True, slots=True)
class SplitterResult:
    """What a splitter did.

    Attributes:
        n_passages: How many chunks it made.
        mean_tokens: Tokens of a chunk on average, header left out.
        over_budget: Share of the chunks that exceed the budget.
        cut: Share of the gold sentences of at most 700 characters that lie in no chunk as a whole.
        starts_wrong: Share of the chunks whose text is not what stands at their start offset.
        chars_per_cpu_second: Speed of the first pass, without any encoder.
        ratio_to_tokenizer: The same as a multiple of the tokenizer's speed in this run.
    """

    n_passages: int
    mean_tokens: float
    over_budget: float
    cut: float
    starts_wrong: float
    chars_per_cpu_second: float
    ratio_to_tokenizer: float


@dataclass(frozen=True, slots=True)
class SplittingReport:
    """What ``toolshed eval passages`` found."""

    dataset: str
    n_documents: int
    n_sentences: int
    budget: int
    splitters: Mapping[str, SplitterResult]

    def to_json(self) -> dict[str, object]:
        """The report as a JSON object."""
        return asdict(self)

    def table(self) -> str:
        """The report as text."""
        lines = [
            f"{self.n_documents:,} documents, {self.n_sentences:,} gold sentences of at most {MAX_SENTENCE} "
            f"characters, budget {self.budget} tokens",
            f"{'splitter':<22} {'passages':>8} {'tokens':>7} {'over':>6} {'cut':>6} {'starts wrong':>13} "
            f"{'Mchar/CPU s':>12} {'x tokenizer':>12}",
        ]
        lines += [
            f"{name:<22} {r.n_passages:8,} {r.mean_tokens:7.0f} {r.over_budget:6.3f} {r.cut:6.4f} "
            f"{r.starts_wrong:13.3f} {r.chars_per_cpu_second / 1e6:12.2f} {r.ratio_to_tokenizer:12.2f}"
            for name, r in self.splitters.items()
        ]
        return "\n".join(lines)


def evaluate_splitters(
    path: Path,
    *,
    budget: int = DEFAULT_BUDGET,
    tick: Callable[[int, int], None] = lambda _done, _total: None,
) -> SplittingReport:
    """Run splitters over gold documents, one after the other in this process.

    Documents that the boundary model was fitted on are cut by a model fitted without them; the speed is
    that of the shipped model.

    Raises:
        GoldError: If the gold cannot be used.
    """
    gold = load_gold(path)
    counter = WordPieceCounter(verified_tokenizer())
    held_out = HeldOut(gold)
    splitters: dict[str, Splitter] = {name: _own(segmenter_named(name), budget) for name in OWN}
    splitters.update(_langchain(budget))
    tokenizer_speed = _tokenizer_speed(gold)
    results: dict[str, SplitterResult] = {}
    for done, (name, split) in enumerate(splitters.items()):
        tick(done, len(splitters))
        chunks, speed = _timed(split, gold)
        if name == "legal":
            chunks = [_own(held_out.segmenter(document), budget)(document) for document in gold]
        results[name] = _measured(gold, chunks, counter, budget, speed, speed / tokenizer_speed)
    tick(len(splitters), len(splitters))
    n_sentences = sum(len(_short(document)) for document in gold)
    return SplittingReport(path.stem, len(gold), n_sentences, budget, results)


def _own(segmenter: SentenceSegmenter, budget: int) -> Splitter:
    # A counter of its own: what one splitter has counted must not speed up the next.
    counter = WordPieceCounter(verified_tokenizer())
    options = PassageOptions(budget=budget, header=False)

    def split(document: GoldDocument) -> list[Chunk]:
        passages = build_passages(
            LegalDocument(document.document_id, document.text),
            options=options,
            segmenter=segmenter,
            counter=counter,
        )
        return [Chunk(passage.text, passage.start) for passage in passages]

    return split


def _langchain(budget: int) -> dict[str, Splitter]:
    """LangChain's splitters as one would set them up, each where its package is installed."""
    try:
        from langchain_text_splitters import RecursiveCharacterTextSplitter
    except ImportError:
        logger.warning("left out: %s", missing_extra("langchain-text-splitters", "baselines"))
        return {}
    tokenizer = verified_tokenizer()

    def length(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False).ids)

    def as_chunks(splitter: "TextSplitter") -> Splitter:
        def split(document: GoldDocument) -> list[Chunk]:
            made = splitter.create_documents([document.text])
            return [Chunk(one.page_content, one.metadata["start_index"]) for one in made]

        return split

    settings: dict[str, Any] = {
        "chunk_size": budget,
        "chunk_overlap": 0,
        "length_function": length,
        "add_start_index": True,
    }
    found = {"langchain-recursive": as_chunks(RecursiveCharacterTextSplitter(**settings))}
    for name, make in (("langchain-nltk", _nltk_splitter), ("langchain-spacy", _spacy_splitter)):
        try:
            found[name] = as_chunks(make(settings))
        except (ImportError, ConfigurationError) as error:
            logger.warning("left out: %s (%s)", name, error)
    return found


def _nltk_splitter(settings: dict[str, Any]) -> "TextSplitter":
    from langchain_text_splitters import NLTKTextSplitter

    from toolshed_evals.legal.baselines import NltkPunkt

    # Makes the packaged data known to NLTK.
    NltkPunkt().spans("One. Two.")
    return NLTKTextSplitter(**settings)


def _spacy_splitter(settings: dict[str, Any]) -> "TextSplitter":
    from langchain_text_splitters import SpacyTextSplitter

    return SpacyTextSplitter(pipeline="sentencizer", **settings)


def _tokenizer_speed(gold: Sequence[GoldDocument]) -> float:
    tokenizer = verified_tokenizer()
    tokenizer.encode("This loads what is loaded at first use.")
    started = time.process_time()
    for document in gold:
        tokenizer.encode(document.text)
    return _n_characters(gold) / max(time.process_time() - started, 1e-9)


def _timed(split: Splitter, gold: Sequence[GoldDocument]) -> tuple[list[list[Chunk]], float]:
    split(GoldDocument("", "This loads what is loaded at first use.\n", ()))
    started = time.process_time()
    chunks = [split(document) for document in gold]
    return chunks, _n_characters(gold) / max(time.process_time() - started, 1e-9)


def _n_characters(gold: Sequence[GoldDocument]) -> int:
    return sum(len(document.text) for document in gold)


def _measured(
    gold: Sequence[GoldDocument],
    chunks: Sequence[Sequence[Chunk]],
    counter: WordPieceCounter,
    budget: int,
    speed: float,
    ratio: float,
) -> SplitterResult:
    tokens = [counter.count(chunk.text) for own in chunks for chunk in own]
    n_wrong = n_cut = n_sentences = 0
    for document, own in zip(gold, chunks, strict=True):
        n_wrong += sum(not document.text.startswith(chunk.text, chunk.start) for chunk in own)
        sentences = _short(document)
        n_sentences += len(sentences)
        n_cut += count_cut(sentences, _boundaries(document.text, own))
    return SplitterResult(
        len(tokens),
        sum(tokens) / max(1, len(tokens)),
        sum(n > budget for n in tokens) / max(1, len(tokens)),
        n_cut / max(1, n_sentences),
        n_wrong / max(1, len(tokens)),
        speed,
        ratio,
    )


def _short(document: GoldDocument) -> list[tuple[int, int]]:
    return [(start, end) for start, end in document.spans if end - start <= MAX_SENTENCE]


def _boundaries(text: str, chunks: Sequence[Chunk]) -> list[int]:
    """Where the chunks truly begin, found by counting characters that are not white space."""
    positions = [position for position, character in enumerate(text) if not character.isspace()]
    boundaries = []
    n_passed = 0
    for chunk in chunks:
        if n_passed < len(positions):
            boundaries.append(positions[n_passed])
        n_passed += len("".join(chunk.text.split()))
    return boundaries

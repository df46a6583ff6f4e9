"""Find passages: candidates by score, grouped where that is wanted, with quotes and neighbours."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from toolshed.backbones.embedding import DenseEncoder
from toolshed.documents import Passage
from toolshed.intra_retrieval.encoding import encode_question, encode_texts
from toolshed.intra_retrieval.passage_search import (
    AskedQuestion,
    PassageSearch,
    ScoredPassage,
    ScoredPassages,
    UsedDefinition,
    used_definitions,
    with_definitions,
)
from toolshed.intra_retrieval.questions import read_question
from toolshed.knowledge_base.engine import Filter
from toolshed.knowledge_base.passages import passage_filter
from toolshed.options import PassageArguments
from toolshed.post_retrieval.quotes import quotes
from toolshed.queries import EncodedText
from toolshed.rankings import FoundPassage


class Found(NamedTuple):
    """Passages, best first, definitions of terms that the question uses, and whether it was answered."""

    passages: Sequence[FoundPassage]
    definitions: Sequence[UsedDefinition]
    confidence: float


@dataclass(frozen=True, slots=True)
class PassageFinder:
    """Finds passages in a store that is not empty.

    Attributes:
        search: The search.
        encoders: What questions are encoded by, by the name that channels call it.
    """

    search: PassageSearch
    encoders: Mapping[str, DenseEncoder]

    def find(self, text: str, k: int, options: PassageArguments) -> Found:
        """The passages that answer a question.

        Raises:
            InvalidQueryError: If a filter makes no sense.
        """
        asked, definitions = self.asked(text, options)
        return self._found(asked, k, options, passage_filter(options["filters"]), definitions)

    def asked(self, text: str, options: PassageArguments) -> tuple[AskedQuestion, Sequence[UsedDefinition]]:
        """A question, read and encoded, and the definitions of terms that it uses."""
        store = self.search.store
        only = passage_filter(options["filters"])
        question = read_question(text, store, only)
        encoded = encode_question(text, question.name_spans, self.encoders)
        definitions = used_definitions(text, store, only) if options["expand_terms"] else []
        if definitions:
            meant = encode_texts([one.text for one in definitions], self.encoders)
            encoded = with_definitions(encoded, meant, weight=self.search.preset.definition_weight)
        return AskedQuestion(question, encoded), definitions

    def find_encoded(self, asked: EncodedText, k: int, options: PassageArguments) -> Found:
        """The passages for text that is encoded already."""
        only = passage_filter(options["filters"])
        question = read_question(asked.text, self.search.store, only)
        return self._found(AskedQuestion(question, asked), k, options, only, ())

    def _found(
        self,
        asked: AskedQuestion,
        k: int,
        options: PassageArguments,
        only: Filter | None,
        definitions: Sequence[UsedDefinition],
    ) -> Found:
        def run(limit: int, within: Filter | None) -> ScoredPassages:
            return self.search.run(asked, limit=limit, only=within)

        per_document = options["per_document"]
        result = run(k, only) if per_document is None else _grouped(run, k, per_document, only)
        text = asked.question.text
        scored, most = result.passages, options["n_quotes"]
        quoted = quotes(
            text,
            [one.passage for one in scored],
            similarities=[one.similarities for one in scored],
            most=most,
        )
        found = []
        for one, own in zip(scored, quoted, strict=True):
            before, after = self._neighbours(one.passage, options["neighbours"])
            quotes_wanted = own if most else ()
            found.append(
                FoundPassage(one.passage, one.score, one.channels, quotes_wanted, before, after, text)
            )
        return Found(found, definitions, result.confidence)

    def _neighbours(self, passage: Passage, n: int) -> tuple[tuple[Passage, ...], tuple[Passage, ...]]:
        if not n:
            return (), ()
        wanted = [
            *range(passage.ordinal - n, passage.ordinal),
            *range(passage.ordinal + 1, passage.ordinal + n + 1),
        ]
        near = sorted(
            self.search.store.select({"document": [passage.document_id], "ordinal": wanted}),
            key=lambda other: other.ordinal,
        )
        before = tuple(other for other in near if other.ordinal < passage.ordinal)
        return before, tuple(other for other in near if other.ordinal > passage.ordinal)


def _grouped(
    run: Callable[[int, Filter | None], ScoredPassages], k: int, per_document: int, only: Filter | None
) -> ScoredPassages:
    """The best passages of each of the k best documents.

    More candidates are asked for until they name k documents, or there are no more. A document that
    is then short of passages is asked for its own.
    """
    limit, n_found = max(50, 10 * k * per_document), -1
    while True:
        found = run(limit, only)
        documents = list(dict.fromkeys(one.passage.document_id for one in found.passages))
        n_candidates = len(found.passages)
        if len(documents) >= k or n_candidates == n_found or n_candidates < limit:
            break
        limit, n_found = 4 * limit, n_candidates
    picked: list[ScoredPassage] = []
    for document in documents[:k]:
        own = [one for one in found.passages if one.passage.document_id == document]
        if len(own) < per_document:
            own = list(run(per_document, {**(only or {}), "document": [document]}).passages) or own
        picked += own[:per_document]
    return ScoredPassages(picked, found.confidence)

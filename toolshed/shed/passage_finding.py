"""Find passages: candidates by score, grouped where that is wanted, with quotes and neighbours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from toolshed.backbones.static import StaticEncoder
from toolshed.documents import Passage
from toolshed.intra_retrieval.passage_search import (
    PassageSearch,
    ScoredPassage,
    UsedDefinition,
    used_definitions,
)
from toolshed.knowledge_base.engine import Filter
from toolshed.knowledge_base.passages import passage_filter
from toolshed.options import PassageArguments
from toolshed.post_retrieval.quotes import quotes, static_similarities
from toolshed.queries import EncodedText
from toolshed.rankings import FoundPassage, Quote

# Encodes texts that have nothing to do with each other.
EncodeTexts = Callable[[Sequence[str]], Sequence[EncodedText]]


class Found(NamedTuple):
    """Passages, best first, and the definitions of terms that the question uses."""

    passages: Sequence[FoundPassage]
    definitions: Sequence[UsedDefinition]


@dataclass(frozen=True, slots=True)
class PassageFinder:
    """Finds passages in a store that is not empty.

    Attributes:
        search: The search.
        encode: Encodes texts for it.
        static: The static encoder, for quotes where there is no dense one.
    """

    search: PassageSearch
    encode: EncodeTexts
    static: StaticEncoder

    def find(self, asked: EncodedText, k: int, options: PassageArguments) -> Found:
        """The passages that answer encoded text.

        Raises:
            InvalidQueryError: If a filter makes no sense.
        """
        store = self.search.store
        only = passage_filter(options["filters"])
        definitions = used_definitions(asked.text, store, only) if options["expand_terms"] else []
        encoded = self.encode([one.text for one in definitions]) if definitions else ()

        def run(limit: int, within: Filter | None) -> list[ScoredPassage]:
            return self.search.run(asked, limit=limit, only=within, definitions=encoded)

        per_document = options["per_document"]
        if per_document is None:
            scored = run(k, only)
            passages = self._fetch(scored)
            # Others may delete from a shared store between the search and the reading.
            scored = [one for one in scored if one.passage_id in passages]
        else:
            scored, passages = self._grouped(run, k, per_document, only)
        ordered = [passages[one.passage_id] for one in scored]
        quoted = self._quotes(asked, ordered, options["n_quotes"])
        found = []
        for one, passage, own in zip(scored, ordered, quoted, strict=True):
            before, after = self._neighbours(passage, options["neighbours"])
            found.append(FoundPassage(passage, one.score, one.channels, own, before, after, asked.text))
        return Found(found, definitions)

    def _fetch(self, scored: Sequence[ScoredPassage]) -> dict[str, Passage]:
        passages = self.search.store.fetch([one.passage_id for one in scored])
        return {passage.passage_id: passage for passage in passages}

    def _grouped(
        self,
        run: Callable[[int, Filter | None], list[ScoredPassage]],
        k: int,
        per_document: int,
        only: Filter | None,
    ) -> tuple[list[ScoredPassage], dict[str, Passage]]:
        """The best passages of each of the k best documents.

        More candidates are asked for until they name k documents, or there are no more. A document that
        is then short of passages is asked for its own.
        """
        limit, n_found = max(50, 10 * k * per_document), -1
        while True:
            candidates = run(limit, only)
            passages = self._fetch(candidates)
            scored = [one for one in candidates if one.passage_id in passages]
            documents = list(dict.fromkeys(passages[one.passage_id].document_id for one in scored))
            if len(documents) >= k or len(candidates) == n_found or len(candidates) < limit:
                break
            limit, n_found = 4 * limit, len(candidates)
        picked: list[ScoredPassage] = []
        for document in documents[:k]:
            own = [one for one in scored if passages[one.passage_id].document_id == document]
            if len(own) < per_document:
                within = run(per_document + len(own), {**(only or {}), "document": [document]})
                known = {one.passage_id for one in own}
                # Scores of another search do not compare: they go below those of this one.
                least = min(one.score for one in own)
                more = [one for one in within if one.passage_id not in known]
                own += [ScoredPassage(one.passage_id, least * one.score, one.channels) for one in more]
            picked += own[:per_document]
        missing = [one for one in picked if one.passage_id not in passages]
        passages = {**passages, **self._fetch(missing)}
        return [one for one in picked if one.passage_id in passages], passages

    def _quotes(
        self, asked: EncodedText, passages: Sequence[Passage], most: int
    ) -> Sequence[tuple[Quote, ...]]:
        if not most:
            return [()] * len(passages)
        if "sentences" not in self.search.preset.channels:
            similarities = static_similarities(asked.vectors["static"], passages, self.static)
        else:
            vectors = self.search.store.sentence_vectors([passage.passage_id for passage in passages])
            similarities = [
                (vectors[passage.passage_id] @ asked.vectors["dense"]).tolist()
                if passage.passage_id in vectors
                else [0.0] * len(passage.quotable)
                for passage in passages
            ]
        return quotes(asked.text, passages, similarities=similarities, most=most)

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

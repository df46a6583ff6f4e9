"""The legal side of a knowledge base: index documents, search their passages, quote them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from toolshed.backbones.embedding import DenseEncoder
from toolshed.backbones.static import StaticEncoder
from toolshed.documents import LegalDocument, Passage, joined_text
from toolshed.errors import ConfigurationError, InvalidQueryError, UnknownDocumentError
from toolshed.indexing.passages import DocumentReport, Progress, sync_documents
from toolshed.intra_retrieval.passage_search import (
    PassageSearch,
    ScoredPassage,
    UsedDefinition,
    used_definitions,
)
from toolshed.knowledge_base.passages import FilterValue, PassageFilter, PassageStore, passage_filter
from toolshed.legal.passages import PassageOptions
from toolshed.legal.readers.files import find_files
from toolshed.post_retrieval.quotes import Quote, quotes, static_similarities

_MAX_QUERY_CHARACTERS = 20_000
_MAX_RESULTS = 1_000
_MAX_NEIGHBOURS = 10


@dataclass(frozen=True)
class FoundPassage:
    """A passage that a search returned.

    Attributes:
        passage: The passage; ``text[start:end]`` of its document.
        score: What passages are ordered by; comparable within one search only.
        channels: Similarity on every channel that named it: a cosine for ``dense``, BM25 for ``words``.
        quotes: The sentences that answer the query, best first.
        before: Neighbours before it, where they were asked for.
        after: Neighbours after it.
        part: The part of the query that it was found for.
    """

    passage: Passage
    score: float
    channels: Mapping[str, float]
    quotes: tuple[Quote, ...]
    before: tuple[Passage, ...] = ()
    after: tuple[Passage, ...] = ()
    part: str = ""

    @property
    def citation(self) -> str:
        """Where the first quote stands: title, sections from the outside in, page."""
        quote = self.quotes[0] if self.quotes else None
        offset = quote.start if quote else self.passage.start
        section = self.passage.section_at(offset)
        page = f"p. {self.passage.page}" if self.passage.page is not None else ""
        parts = [
            self.passage.title or self.passage.document_id,
            " > ".join(section.path) if section else "",
            page,
        ]
        return ", ".join(part for part in parts if part)

    @property
    def expanded_text(self) -> str:
        """The passage with its neighbours, as it stands in the document."""
        return joined_text([*self.before, self.passage, *self.after])

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON."""
        passage = self.passage
        return {
            "passage_id": passage.passage_id,
            "document": passage.document_id,
            "title": passage.title,
            "section_path": list(passage.section_path),
            "page": passage.page,
            "last_page": passage.last_page,
            "start": passage.start,
            "end": passage.end,
            "text": passage.text,
            "is_partial": passage.is_partial,
            "citation": self.citation,
            "quotes": [
                {
                    "start": quote.start,
                    "end": quote.end,
                    "quote": quote.text,
                    "section": quote.section,
                    "score": round(quote.score, 4),
                }
                for quote in self.quotes
            ],
            "cites": list(passage.cites),
            "defines": list(passage.defines),
            "score": round(self.score, 5),
            "channels": {name: round(value, 4) for name, value in self.channels.items()},
            "part": self.part,
            "before": [neighbour.text for neighbour in self.before],
            "after": [neighbour.text for neighbour in self.after],
        }


@dataclass(frozen=True)
class PassageSearchResult:
    """What a search for passages found.

    Attributes:
        query: The text that was searched.
        passages: The passages, best first; grouped by document where that was asked for.
        definitions: Definitions of terms in the query that were searched with it.
        n_passages: Size of the library.
    """

    query: str
    passages: Sequence[FoundPassage]
    definitions: Sequence[UsedDefinition]
    n_passages: int

    @property
    def by_document(self) -> dict[str, list[FoundPassage]]:
        """The passages by document, documents in the order of their best passage."""
        grouped: dict[str, list[FoundPassage]] = {}
        for found in self.passages:
            grouped.setdefault(found.passage.document_id, []).append(found)
        return grouped

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON."""
        return {
            "query": self.query,
            "passages": [{"rank": rank, **found.to_json()} for rank, found in enumerate(self.passages, 1)],
            "definitions": [
                {"term": used.term, "text": used.text, "document": used.document_id}
                for used in self.definitions
            ],
            "n_passages": self.n_passages,
        }


class PassageLibrary:
    """Legal documents in a knowledge base.

    Args:
        store: Opens where the passages are; called at first use.
        exists: Says whether anything was ever stored there, without making it.
        static: The static encoder.
        dense: The dense encoder, or None.
        reads_dense: Whether searches use the dense encoder.
    """

    def __init__(
        self,
        store: Callable[[], PassageStore],
        *,
        exists: Callable[[], bool],
        static: Callable[[], StaticEncoder],
        dense: Callable[[], DenseEncoder | None],
        reads_dense: bool,
    ) -> None:
        self._open_store, self._get_static, self._get_dense = store, static, dense
        self._exists = exists
        self._reads_dense = reads_dense

    def is_empty(self) -> bool:
        """Whether there are no passages."""
        return not self._exists() or not self.store.count()

    @cached_property
    def store(self) -> PassageStore:
        """Where the passages are."""
        return self._open_store()

    def close(self) -> None:
        """Release the store, where it was opened."""
        if "store" in self.__dict__:
            self.store.close()

    def sync(
        self,
        sources: Sequence[str | Path | LegalDocument],
        *,
        glob: str | None,
        segmenter: str,
        remove_missing: bool,
        n_workers: int,
        max_megabytes: int,
        progress: Progress | None = None,
    ) -> DocumentReport:
        """See :meth:`Toolshed.sync_documents`."""
        if not sources:
            raise ConfigurationError("give at least one file, folder or document")
        given = [source for source in sources if isinstance(source, LegalDocument)]
        paths = [source for source in sources if not isinstance(source, LegalDocument)]
        files, problems = find_files(paths, glob=glob)
        # A folder that could not be looked into may hold what seems to be gone.
        searched = [str(Path(path).resolve()) for path in paths] if remove_missing and not problems else []
        return sync_documents(
            self.store,
            [*files, *given],
            options=PassageOptions(segmenter=segmenter),
            static=self._get_static,
            dense=self._get_dense,
            remove_missing_from=searched,
            problems=problems,
            n_workers=n_workers,
            max_bytes=max_megabytes * 2**20,
            progress=progress or (lambda _done, _total: None),
        )

    def search(
        self,
        query: str,
        k: int,
        *,
        filters: Mapping[str, FilterValue] | None,
        neighbours: int,
        per_document: int | None,
        expand_terms: bool,
        n_quotes: int,
    ) -> PassageSearchResult:
        """See :meth:`Toolshed.search_passages`."""
        text = _checked(query, k, neighbours=neighbours, per_document=per_document, n_quotes=n_quotes)
        only = passage_filter(filters)
        if self.is_empty():
            return PassageSearchResult(query, (), (), 0)
        definitions = used_definitions(text, self.store, only) if expand_terms else []
        search = PassageSearch(
            self.store, self._get_static(), self._get_dense() if self._reads_dense else None
        )

        def run(limit: int, within: PassageFilter | None) -> list[ScoredPassage]:
            return search.run(text, limit=limit, only=within, definitions=definitions)

        if per_document is None:
            scored = run(k, only)
            passages = self._fetch(scored)
            # Others may delete from a shared store between the search and the reading.
            scored = [one for one in scored if one.passage_id in passages]
        else:
            scored, passages = self._grouped(run, k, per_document, only)
        found = self._found(text, scored, passages, neighbours=neighbours, n_quotes=n_quotes)
        return PassageSearchResult(query, found, definitions, self.store.count())

    def _fetch(self, scored: Sequence[ScoredPassage]) -> dict[str, Passage]:
        passages = self.store.fetch([one.passage_id for one in scored])
        return {passage.passage_id: passage for passage in passages}

    def _grouped(
        self,
        run: Callable[[int, PassageFilter | None], list[ScoredPassage]],
        k: int,
        per_document: int,
        only: PassageFilter | None,
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

    def _found(
        self,
        query: str,
        scored: Sequence[ScoredPassage],
        passages: Mapping[str, Passage],
        *,
        neighbours: int,
        n_quotes: int,
    ) -> list[FoundPassage]:
        ordered = [passages[one.passage_id] for one in scored]
        quoted = self._quotes(query, ordered, n_quotes) if n_quotes else []
        found = []
        for position, (one, passage) in enumerate(zip(scored, ordered, strict=True)):
            before, after = self._neighbours(passage, neighbours)
            picked = quoted[position] if quoted else ()
            found.append(FoundPassage(passage, one.score, one.channels, picked, before, after, query))
        return found

    def _quotes(self, query: str, passages: Sequence[Passage], most: int) -> list[tuple[Quote, ...]]:
        dense = self._get_dense() if self._reads_dense else None
        if dense is None:
            similarities = static_similarities(query, passages, self._get_static())
        else:
            vectors = self.store.sentence_vectors([passage.passage_id for passage in passages])
            asked = dense.encode([query])[0]
            similarities = [
                (vectors[passage.passage_id] @ asked).tolist()
                if passage.passage_id in vectors
                else [0.0] * len(passage.quotable)
                for passage in passages
            ]
        return quotes(query, passages, similarities=similarities, most=most)

    def _neighbours(self, passage: Passage, n: int) -> tuple[tuple[Passage, ...], tuple[Passage, ...]]:
        if not n:
            return (), ()
        wanted = [
            *range(passage.ordinal - n, passage.ordinal),
            *range(passage.ordinal + 1, passage.ordinal + n + 1),
        ]
        near = sorted(
            self.store.select({"document": [passage.document_id], "ordinal": wanted}),
            key=lambda other: other.ordinal,
        )
        before = tuple(other for other in near if other.ordinal < passage.ordinal)
        return before, tuple(other for other in near if other.ordinal > passage.ordinal)

    def document_ids(self) -> list[str]:
        """The ids of all documents, sorted."""
        return [] if self.is_empty() else [one.document_id for one in self.store.stored_documents()]

    def passages_of(self, document_id: str) -> list[Passage]:
        """All passages of a document, in order.

        Raises:
            UnknownDocumentError: If there is no such document.
        """
        stored = [] if self.is_empty() else self.store.select({"document": [document_id]})
        found = sorted(stored, key=lambda passage: passage.ordinal)
        if not found:
            raise UnknownDocumentError(f"there is no document {document_id!r} in the knowledge base")
        return found

    def delete(self, document_ids: Sequence[str]) -> int:
        """Remove documents; returns how many there were."""
        wanted = set() if self.is_empty() else set(document_ids)
        if not wanted:
            return 0
        present = [document for document in self.store.stored_documents() if document.document_id in wanted]
        for document in present:
            self.store.delete(sorted(document.passage_ids))
        return len(present)


def _checked(query: str, k: int, *, neighbours: int, per_document: int | None, n_quotes: int) -> str:
    """The query as it can be encoded.

    Raises:
        InvalidQueryError: If the query is empty or too long, or an option is out of range.
    """
    if not query.strip():
        raise InvalidQueryError("the query is empty; say what the passages are to be about")
    if len(query) > _MAX_QUERY_CHARACTERS:
        raise InvalidQueryError(
            f"the query has {len(query):,} characters; at most {_MAX_QUERY_CHARACTERS:,} are searched"
        )
    for name, value, least, most in (
        ("k", k, 1, _MAX_RESULTS),
        ("neighbours", neighbours, 0, _MAX_NEIGHBOURS),
        ("per_document", per_document if per_document is not None else 1, 1, _MAX_RESULTS),
        ("n_quotes", n_quotes, 0, 20),
    ):
        if not least <= value <= most:
            raise InvalidQueryError(f"{name} is {value}; it lies between {least} and {most:,}")
    # Lone surrogates are no text to tokenizers; one character takes the place of one.
    return query.encode("utf-8", "replace").decode()

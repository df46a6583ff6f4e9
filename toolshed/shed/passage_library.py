"""The legal side of a knowledge base: index documents, search their passages, list and remove them."""

import threading
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from toolshed.blas import few_blas_threads
from toolshed.documents import LegalDocument, Passage
from toolshed.errors import ConfigurationError, UnknownDocumentError
from toolshed.half_characters import without_half_characters
from toolshed.knowledge_base.passages import PASSAGE_LAYOUT, PassageStore, passage_filter
from toolshed.options import DocumentArguments, PassageArguments, checked
from toolshed.post_retrieval.governing import Govern
from toolshed.presets import PASSAGES, STATIC_PASSAGES
from toolshed.queries import MAX_QUESTION_CHARACTERS, EncodedText, checked_text
from toolshed.rankings import FoundPassage
from toolshed.shed.encoders import Encoders
from toolshed.shed.results import PassageSearchResult

if TYPE_CHECKING:
    from toolshed.indexing.passages import DocumentReport
    from toolshed.intra_retrieval.passage_sketch import SketchedPassages
    from toolshed.shed.passage_finding import PassageFinder

# In any precision.
_OWN_ENCODER = "all-MiniLM-L6-v2"


class PassageLibrary:
    """Legal documents in a knowledge base.

    Args:
        store: Opens where the passages are; called at first use.
        exists: Says whether anything was ever stored there, without making it.
        encoders: The encoders.
        blas_threads: Most threads of linear algebra while they are searched; None for any.
    """

    def __init__(
        self,
        store: Callable[[], PassageStore],
        *,
        exists: Callable[[], bool],
        encoders: Encoders,
        blas_threads: int | None = 1,
    ) -> None:
        self._blas_threads = blas_threads
        self._open_store, self._exists, self._encoders = store, exists, encoders
        # From Python 3.12 on, a cached property may be made by two threads; the second finds it locked.
        self._lock = threading.Lock()
        self._opened: PassageStore | None = None
        self._preset = PASSAGES if encoders.reads_dense else STATIC_PASSAGES

    def is_empty(self) -> bool:
        """Whether there are no passages."""
        return not self._count()

    def _count(self) -> int:
        return self.store.count() if self._exists() else 0

    @property
    def store(self) -> PassageStore:
        """Where the passages are; of threads that ask for it at once, one opens it."""
        with self._lock:
            if self._opened is None:
                self._opened = self._open_store()
            return self._opened

    def close(self) -> None:
        """Release the store, where it was opened."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()

    def sync(
        self,
        sources: Sequence[str | Path | LegalDocument],
        given: DocumentArguments,
        *,
        remove_missing: bool,
    ) -> "DocumentReport":
        """See :meth:`Toolshed.sync_documents`."""
        # Readers and segmenters of legal text: what only searches need not wait for them.
        from toolshed.indexing.passages import Reading, sync_documents
        from toolshed.indexing.tools import unwatched
        from toolshed.legal.passages import PassageOptions
        from toolshed.legal.readers.files import find_files

        options = checked(DocumentArguments, given)
        if not sources:
            raise ConfigurationError("give at least one file, folder or document")
        documents = [source.whole for source in sources if isinstance(source, LegalDocument)]
        paths = [source for source in sources if not isinstance(source, LegalDocument)]
        files, problems = find_files(paths, glob=options["glob"])
        # A folder that could not be looked into may hold what seems to be gone.
        searched = [str(Path(path).resolve()) for path in paths] if remove_missing and not problems else []
        report = sync_documents(
            self.store,
            [*files, *documents],
            options=PassageOptions(segmenter=options["segmenter"]),
            static=lambda: self._encoders.static,
            dense=lambda: self._encoders.stored,
            remove_missing_from=searched,
            problems=problems,
            n_workers=options["n_workers"],
            reading=Reading(options["max_megabytes"] * 2**20, options["tracked"], options["ocr"]),
            progress=options["progress"] or unwatched,
        )
        self.sketched.renew()
        return report

    def search(self, query: str, k: int, given: PassageArguments) -> PassageSearchResult:
        """See :meth:`Toolshed.search_passages`."""
        options = checked(PassageArguments, given, k=k)
        text = checked_text(query, most=MAX_QUESTION_CHARACTERS)
        n_passages = self._count()
        if not n_passages:
            passage_filter(options["filters"])
            return PassageSearchResult(query, (), (), 0, 0.0, "no_match", "there are no documents")
        with few_blas_threads(self._blas_threads):
            found = self.finder.find(text, k, options)
        answered = self._preset.answered
        given_least = options["abstain_below"]
        return PassageSearchResult.of(
            text,
            found,
            n_passages,
            unsure_below=answered.unsure_below,
            abstain_below=self.abstain_below if given_least is None else given_least,
        )

    @property
    def abstain_below(self) -> float:
        """Confidence below which no passage is returned, unless a search says otherwise.

        Cosines of other encoders mean other things than those it was chosen on: with them nothing is refused.
        """
        is_own = (self._encoders.manifest.encoder or _OWN_ENCODER).startswith(_OWN_ENCODER)
        return self._preset.answered.abstain_below if is_own else 0.0

    def damages(self) -> list[str]:
        """See :meth:`Toolshed.damages`."""
        return list(self.store.check()) if self._exists() else []

    def governing(self) -> Govern:
        """The stage that finds the passages that govern needs; they are searched with the default options."""
        options = checked(PassageArguments, {})
        # Asked once a search, whatever it needs.
        is_empty = cache(self.is_empty)

        def find(need: EncodedText, most: int) -> Sequence[FoundPassage]:
            return () if is_empty() else self.finder.find_encoded(need, most, options).passages

        return Govern(find, self._preset.min_cosine)

    @cached_property
    def finder(self) -> "PassageFinder":
        """Finds passages where there are any."""
        # Searches of tools do without.
        from toolshed.intra_retrieval.passage_search import PassageSearch
        from toolshed.shed.passage_finding import PassageFinder

        name = "dense" if self._encoders.reads_dense else "static"
        search = PassageSearch(self.store, self._preset, self._encoders.static, self.sketched)
        return PassageFinder(search, {name: self._encoders.read[name]})

    @cached_property
    def sketched(self) -> "SketchedPassages":
        """What very many passages are searched by; made anew when documents are indexed or deleted."""
        from toolshed.intra_retrieval.passage_sketch import SketchedPassages

        channels = map(PASSAGE_LAYOUT.channel, self._preset.channels)
        return SketchedPassages(self.store, next(one.name for one in channels if one.kind == "dense"))

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
        wanted = set() if self.is_empty() else set(map(without_half_characters, document_ids))
        if not wanted:
            return 0
        present = [document for document in self.store.stored_documents() if document.document_id in wanted]
        for document in present:
            self.store.delete(sorted(document.passage_ids))
        self.sketched.renew()
        return len(present)

"""What a knowledge base does with legal text: index it, search its passages, list and remove documents."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from toolshed.catalog.reach import Reach
from toolshed.documents import LegalDocument, Passage
from toolshed.options import DocumentArguments, PassageArguments
from toolshed.shed.booking import Booking
from toolshed.shed.passage_library import PassageLibrary
from toolshed.shed.results import PassageSearchResult

if TYPE_CHECKING:
    from toolshed.indexing.passages import DocumentReport


class DocumentVerbs:
    """The verbs of legal text.

    Attributes:
        passages: The documents.
        booking: Where is booked what they cost.
        reach: What whoever names files may reach.
    """

    passages: PassageLibrary
    booking: Booking
    reach: Reach

    def add_documents(
        self, *sources: str | Path | LegalDocument, **options: Unpack[DocumentArguments]
    ) -> "DocumentReport":
        """Index legal documents; those that are there and have not changed cost nothing.

        Args:
            sources: Files, folders that are searched through, :class:`LegalDocument`.
            options: See :class:`~toolshed.options.DocumentArguments`.

        Returns:
            What changed, and for each file that could not be read the reason; the others are indexed.

        Raises:
            SourceError: If a path does not exist.
            DocumentConflictError: If two documents have the same id.
        """
        self._check_files(sources)
        with self.booking.run("indexing") as run:
            report = self.passages.sync(sources, options, remove_missing=False)
        return replace(report, unbooked=run.unbooked)

    def sync_documents(
        self, *sources: str | Path | LegalDocument, **options: Unpack[DocumentArguments]
    ) -> "DocumentReport":
        """Like :meth:`add_documents`, and remove documents whose files are gone from these folders."""
        self._check_files(sources)
        with self.booking.run("indexing") as run:
            report = self.passages.sync(sources, options, remove_missing=True)
        return replace(report, unbooked=run.unbooked)

    def search_passages(
        self, query: str, k: int = 5, **options: Unpack[PassageArguments]
    ) -> PassageSearchResult:
        """Find the passages of legal text that answer a question.

        Args:
            query: The question, in the user's words.
            k: Most passages to return; most documents, where they are grouped.
            options: See :class:`~toolshed.options.PassageArguments`.

        Raises:
            InvalidQueryError: If the query is empty or too long, or an option is out of range.
        """
        with self.booking.run("retrieval", options.get("task_id")) as run:
            found = self.passages.search(query, k, options)
        return replace(found, unbooked=run.unbooked)

    def list_documents(self) -> list[str]:
        """The ids of all documents, sorted."""
        return self.passages.document_ids()

    def get_passages(self, document_id: str) -> list[Passage]:
        """All passages of a document, in order.

        Raises:
            UnknownDocumentError: If there is no such document.
        """
        return self.passages.passages_of(document_id)

    def delete_documents(self, *document_ids: str) -> int:
        """Remove documents; returns how many there were."""
        return self.passages.delete(document_ids)

    def _check_files(self, sources: Sequence[object]) -> None:
        from toolshed.catalog.sources import check_files

        check_files(sources, self.reach)

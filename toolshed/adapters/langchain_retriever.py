"""LangChain: the passages of a knowledge base as a retriever."""

from collections.abc import Mapping
from typing import Any, Protocol

from toolshed.errors import ConfigurationError
from toolshed.knowledge_base.passages import FilterValue
from toolshed.shed.passage_library import FoundPassage, PassageSearchResult

try:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
except ImportError as missing:
    raise ConfigurationError(
        f"{missing.name} is not installed; run pip install 'toolshed-kb[langchain]'"
    ) from missing


class SearchesPassages(Protocol):
    """Anything that searches passages as :class:`~toolshed.shed.shed.Toolshed` does."""

    def search_passages(self, query: str, k: int = 5, **options: Any) -> PassageSearchResult:
        """See :meth:`Toolshed.search_passages`."""


class ToolshedRetriever(BaseRetriever):
    """Retrieves passages of legal text as LangChain documents.

    Attributes:
        shed: The knowledge base, a :class:`~toolshed.shed.shed.Toolshed`.
        k: Most passages to return.
        filters: Values by field, as :meth:`Toolshed.search_passages` takes them.
        neighbours: Passages before and after each that are part of its document.
    """

    # Any: pydantic would check a protocol by isinstance, which says nothing about signatures.
    shed: Any
    k: int = 5
    filters: Mapping[str, FilterValue] | None = None
    neighbours: int = 0

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002  # the base class's signature
    ) -> list[Document]:
        shed: SearchesPassages = self.shed
        found = shed.search_passages(query, self.k, filters=self.filters, neighbours=self.neighbours)
        return [_document(one) for one in found.passages]


def _document(found: FoundPassage) -> Document:
    """A passage with its neighbours; offsets are those of the text in its document."""
    first = found.before[0] if found.before else found.passage
    last = found.after[-1] if found.after else found.passage
    value = found.to_json()
    kept = ("document", "title", "section_path", "page", "citation", "quotes", "cites", "score")
    return Document(
        page_content=found.expanded_text,
        id=found.passage.passage_id,
        metadata={"start_index": first.start, "end_index": last.end, **{name: value[name] for name in kept}},
    )

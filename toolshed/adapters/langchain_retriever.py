"""LangChain: the passages of a knowledge base as a retriever."""

from typing import Any, Unpack

from toolshed.errors import missing_extra
from toolshed.options import PassageArguments, checked
from toolshed.rankings import FoundPassage
from toolshed.shed.shed import Toolshed

try:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
except ImportError as missing:
    raise missing_extra(str(missing.name), "langchain") from missing


class ToolshedRetriever(BaseRetriever):
    """Retrieves passages of legal text as LangChain documents.

    Args:
        shed: The knowledge base, a :class:`~toolshed.shed.shed.Toolshed`.
        k: Most passages to return.
        options: See :class:`~toolshed.options.PassageArguments`.

    Raises:
        ConfigurationError: If there is no option of a name.
        InvalidQueryError: If an option is out of range.
    """

    # Any: pydantic would check the types of an open knowledge base.
    shed: Any
    k: int
    options: Any

    def __init__(self, shed: Toolshed, k: int = 5, **options: Unpack[PassageArguments]) -> None:
        given = checked(PassageArguments, options, k=k)
        super().__init__(shed=shed, k=k, options=given)  # type: ignore[call-arg]  # fields of ours, which pydantic takes

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002  # the base class's signature
    ) -> list[Document]:
        found = self.shed.search_passages(query, self.k, **self.options)
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

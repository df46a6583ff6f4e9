"""The LangChain retriever over a real knowledge base."""

from typing import Any

import pytest

from toolshed import ToolshedRetriever
from toolshed.documents import LegalDocument
from toolshed.errors import ConfigurationError
from toolshed.options import PassageArguments, checked, declared_options
from toolshed.shed.results import PassageSearchResult
from toolshed.shed.shed import Toolshed

TEXT = (
    "4.2 Late Fees. A tenant owes a late fee of five percent.\n\n"
    + "Parking is allowed behind the house. " * 60
)


def test_passages_arrive_as_documents(shed: Toolshed) -> None:
    shed.add_documents(
        LegalDocument("lease.txt", TEXT, "Lease"), LegalDocument("other.txt", "Nothing is due.")
    )
    retriever = ToolshedRetriever(shed=shed, k=1, filters={"document": "lease.txt"}, neighbours=1)
    (document,) = retriever.invoke("What late fee is owed?")
    start, end = document.metadata["start_index"], document.metadata["end_index"]
    assert TEXT[start:end] == document.page_content
    assert document.metadata["citation"] == "Lease, 4.2 Late Fees"
    assert document.metadata["quotes"][0]["quote"] == "A tenant owes a late fee of five percent."


async def test_it_can_be_awaited(shed: Toolshed) -> None:
    shed.add_documents(LegalDocument("lease.txt", TEXT, "Lease"))
    assert len(await ToolshedRetriever(shed=shed, k=2).ainvoke("late fee")) == 2


# A value for every option that is not its default; an option that is new needs one here.
OTHER_VALUES: dict[str, Any] = {
    "abstain_below": 0.5,
    "filters": {"document": "lease.txt"},
    "neighbours": 1,
    "per_document": 2,
    "expand_terms": False,
    "n_quotes": 3,
    "task_id": "task",
}


def test_every_option_of_a_search_is_passed_on(shed: Toolshed, monkeypatch: pytest.MonkeyPatch) -> None:
    declared = [one.name for one in declared_options(PassageArguments)]
    assert list(OTHER_VALUES) == declared
    asked: list[tuple[str, int, dict[str, Any]]] = []

    def search(query: str, k: int, **options: Any) -> PassageSearchResult:
        asked.append((query, k, options))
        return PassageSearchResult(query, (), (), 0)

    monkeypatch.setattr(shed, "search_passages", search)
    ToolshedRetriever(shed=shed, k=7, **OTHER_VALUES).invoke("late fee")
    for name, value in OTHER_VALUES.items():
        ToolshedRetriever(shed=shed, **{name: value}).invoke("late fee")
    defaults = checked(PassageArguments, {})
    assert all(OTHER_VALUES[name] != defaults[name] for name in declared)  # type: ignore[literal-required]  # declared
    assert asked == [
        ("late fee", 7, OTHER_VALUES),
        *(("late fee", 5, {**defaults, name: value}) for name, value in OTHER_VALUES.items()),
    ]


def test_an_option_that_there_is_not_is_refused_when_it_is_made(shed: Toolshed) -> None:
    with pytest.raises(ConfigurationError, match="unknown option 'neighbors'"):
        ToolshedRetriever(shed=shed, neighbors=1)  # type: ignore[call-arg]  # what is tested

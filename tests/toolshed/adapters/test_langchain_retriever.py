"""The LangChain retriever over a real knowledge base."""

from toolshed import ToolshedRetriever
from toolshed.documents import LegalDocument
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

"""The endpoints of passages and their documents."""

import httpx
import pytest

from tests.api.serving import problem
from toolshed.documents import LegalDocument
from toolshed.shed.shed import Toolshed


def test_passages_are_found_cited_and_filtered(client: httpx.Client, shed: Toolshed) -> None:
    shed.add_documents(
        LegalDocument("lease.txt", "4.2 Late Fees. A tenant who pays late owes five percent.", "Lease"),
        LegalDocument("code.txt", "§ 9-401. Records. A landlord shall keep records.", "Code"),
    )
    answer = client.post("/v1/passages/search", json={"query": "What does a late tenant owe?", "k": 1})
    (passage,) = answer.json()["passages"]
    assert passage["citation"] == "Lease, 4.2 Late Fees"
    assert passage["quotes"][0]["quote"] == "A tenant who pays late owes five percent."
    filtered = client.post(
        "/v1/passages/search", json={"query": "late", "filters": {"section": ["9-401"]}, "n_quotes": 0}
    )
    assert [(p["document"], p["quotes"]) for p in filtered.json()["passages"]] == [("code.txt", [])]
    page = client.get("/v1/documents", params={"limit": 1}).json()
    assert page == {"document_ids": ["code.txt"], "total": 2, "next_after": "code.txt"}
    both = client.post(
        "/v1/tools/search", json={"query": "A landlord shall keep records", "include_passages": True}
    )
    assert [found["document"] for found in both.json()["passages"]] == ["code.txt"]


@pytest.mark.parametrize(
    "body",
    [
        {"query": ""},
        {"query": "x", "filters": {"author": "y"}},
        {"query": "x", "filters": {"page": "two"}},
        {"query": "x", "k": 60, "per_document": 2},
        {"query": "x", "neighbours": 11},
        {"query": "x", "colour": "red"},
    ],
    ids=str,
)
def test_requests_for_passages_that_make_no_sense_are_refused(
    client: httpx.Client, body: dict[str, object]
) -> None:
    assert problem(client.post("/v1/passages/search", json=body))[0] == 422


def test_without_documents_there_are_no_passages(client: httpx.Client) -> None:
    assert client.post("/v1/passages/search", json={"query": "late"}).json()["passages"] == []
    assert client.get("/v1/documents").json() == {"document_ids": [], "total": 0, "next_after": None}

"""The endpoints of documents: add texts and files, look at passages, remove."""

import httpx
import pytest

from tests.api.following import done
from tests.api.serving import problem

LEASE = "4.2 Late Fees. A tenant who pays late owes five percent."


def test_texts_and_files_are_indexed_found_looked_at_and_removed(client: httpx.Client) -> None:
    body = {"documents": [{"document_id": "lease.txt", "text": LEASE, "title": "Lease"}]}
    assert done(client, client.post("/v1/documents", json=body))["result"]["added"] == ["lease.txt"]
    file = client.put(
        "/v1/documents/law/code_of_records.md", content=b"# Records\n\nA landlord keeps records."
    )
    assert done(client, file)["result"]["added"] == ["law/code_of_records.md"]
    found = client.post("/v1/passages/search", json={"query": "What does a late tenant owe?", "k": 1}).json()
    assert found["passages"][0]["document"] == "lease.txt"
    told = client.get("/v1/documents/law/code_of_records.md/passages").json()
    assert told["total"] == 1
    assert told["passages"][0]["text"].endswith("A landlord keeps records.")
    assert client.delete("/v1/documents/lease.txt").json() == {"removed": ["lease.txt"]}
    assert problem(client.delete("/v1/documents/lease.txt")) == (404, "unknown_document")
    assert problem(client.get("/v1/documents/lease.txt/passages")) == (404, "unknown_document")


def test_passages_come_page_by_page(client: httpx.Client) -> None:
    text = " ".join(
        f"Section {n} says that party number {n} shall pay the sum of {n} dollars." for n in range(200)
    )
    body = {"documents": [{"document_id": "long", "text": text}]}
    done(client, client.post("/v1/documents", json=body))
    ordinals, after = [], -1
    while after is not None:
        page = client.get("/v1/documents/long/passages", params={"limit": 2, "after": after}).json()
        ordinals += [one["ordinal"] for one in page["passages"]]
        after = page["next_after"]
    assert ordinals == list(range(page["total"]))
    assert page["total"] > 4


@pytest.mark.parametrize(
    "documents",
    [[], [{"document_id": "a", "text": ""}], [{"text": "x"}]],
    ids=["none", "empty", "nameless"],
)
def test_documents_that_will_not_do_are_refused(client: httpx.Client, documents: list[object]) -> None:
    assert problem(client.post("/v1/documents", json={"documents": documents})) == (422, "invalid_request")


def test_two_documents_with_one_id_are_a_conflict(client: httpx.Client) -> None:
    twice = [{"document_id": "a", "text": "x"}] * 2
    assert problem(client.post("/v1/documents", json={"documents": twice})) == (409, "document_conflict")


def test_a_file_of_no_kind_is_refused_and_one_that_cannot_be_read_told(client: httpx.Client) -> None:
    assert problem(client.put("/v1/documents/a.exe", content=b"MZ")) == (422, "invalid_document")
    job = done(client, client.put("/v1/documents/a.pdf", content=b"no pdf"))
    assert (job["status"], job["error"]["code"]) == ("failed", "unreadable_source")

"""Searching legal passages: filters, groups, neighbours, quotes; tools with the text that governs them."""

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import OpenShed
from toolshed import AsyncToolshed, Toolshed
from toolshed.documents import LegalDocument
from toolshed.errors import InvalidQueryError, UnknownDocumentError
from toolshed.testing import HashingEncoder, make_tool

FILLER = "The committee considered the matter at length and adjourned. " * 14
LEASE = LegalDocument(
    "lease.txt",
    f'1.1 Definitions. "Security Deposit" means the sum of two months of rent.\n\n{FILLER}\n\n'
    f"4.2 Late Fees. A tenant who pays late owes a fee of five percent. {FILLER}\n\n"
    f"5.1 Deposit. The Security Deposit is returned within thirty days. {FILLER}",
    "Office Lease",
)
STATUTE = LegalDocument(
    "statute.txt",
    f"§ 9-401. Records. A landlord shall keep records for seven years. See 12 C.F.R. § 1026.22. {FILLER}\n\n"
    f"§ 9-402. Late fees. A late fee above ten percent is void. {FILLER}",
    "Housing Code",
    page_starts=(0, 900),
)


@pytest.fixture
def filled(shed: Toolshed) -> Toolshed:
    shed.add_documents(LEASE, STATUTE)
    return shed


def test_results_cite_and_quote_exactly(filled: Toolshed) -> None:
    found = filled.search_passages("What fee does a tenant owe who pays late?", k=2).passages[0]
    assert found.passage.document_id == "lease.txt"
    quote = found.quotes[0]
    assert quote.text == "A tenant who pays late owes a fee of five percent."
    assert LEASE.text[quote.start : quote.end] == quote.text
    assert LEASE.text[found.passage.start : found.passage.end] == found.passage.text
    assert found.citation == "Office Lease, 4.2 Late Fees"
    value = found.to_json()
    assert value["quotes"][0]["quote"] == quote.text
    assert (value["document"], value["start"]) == ("lease.txt", found.passage.start)


def test_pages_are_cited(filled: Toolshed) -> None:
    found = filled.search_passages(
        "Which late fee is void?", k=1, filters={"document": "statute.txt"}
    ).passages[0]
    assert found.citation == "Housing Code, § 9-402. Late fees, p. 2"


@pytest.mark.parametrize(
    ("filters", "documents"),
    [
        ({"section": "§ 9-402"}, {"statute.txt"}),
        ({"section": ["4.2", "9-402"]}, {"lease.txt", "statute.txt"}),
        ({"cites": "12 CFR 1026.22"}, {"statute.txt"}),
        ({"defines": "Security Deposit"}, {"lease.txt"}),
        ({"page": 2}, {"statute.txt"}),
        ({"document": "nowhere.txt"}, set()),
    ],
    ids=lambda value: str(sorted(value)),
)
def test_filters_narrow_the_search(filled: Toolshed, filters: dict[str, object], documents: set[str]) -> None:
    found = filled.search_passages("late fees and records", k=20, filters=filters)  # type: ignore[arg-type]  # cases of a table
    assert set(found.by_document) == documents


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": {"author": "x"}}, "unknown filter 'author'; filter by document"),
        ({"filters": {"page": "two"}}, "takes whole numbers"),
        ({"filters": {"cites": []}}, "has no values"),
        ({"k": 0}, "k is 0"),
        ({"neighbours": 11}, "neighbours is 11"),
        ({"per_document": 0}, "per_document is 0"),
    ],
    ids=str,
)
def test_options_that_make_no_sense_are_refused(
    filled: Toolshed, options: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidQueryError, match=message):
        filled.search_passages("late fees", **options)  # type: ignore[arg-type]  # what is tested


@pytest.mark.parametrize("query", ["", "  \n", "x" * 20_001])
def test_queries_that_cannot_be_searched_are_refused(filled: Toolshed, query: str) -> None:
    with pytest.raises(InvalidQueryError):
        filled.search_passages(query)


@pytest.mark.parametrize("query", ["?!", "the of and", "\ud800 late fees", "租金"])
def test_odd_queries_are_answered(filled: Toolshed, query: str) -> None:
    assert filled.search_passages(query, k=3).passages


def test_groups_hold_as_many_passages_of_each_document(filled: Toolshed) -> None:
    found = filled.search_passages("late fees", k=2, per_document=2)
    assert [len(passages) for passages in found.by_document.values()] == [2, 2]
    scores = [passages[0].score for passages in found.by_document.values()]
    assert scores == sorted(scores, reverse=True)
    assert len(filled.search_passages("late fees", k=1, per_document=1).passages) == 1


def test_a_short_group_is_filled_from_its_own_document(open_shed: OpenShed) -> None:
    shed = open_shed()
    crowd = [LegalDocument(f"crowd{number}", f"Late fees are due on day {number}.") for number in range(300)]
    shed.add_documents(*crowd, LegalDocument("wanted", f"Late late fees fees. {FILLER} {FILLER} {FILLER}"))
    found = shed.search_passages(
        "late late fees fees", k=300, per_document=2, filters={"document": ["wanted", "crowd1"]}
    )
    assert {document: len(passages) for document, passages in found.by_document.items()} == {
        "wanted": 2,
        "crowd1": 1,
    }


def test_neighbours_join_to_the_text_of_the_document(filled: Toolshed) -> None:
    found = filled.search_passages("late fee of five percent", k=1, neighbours=1).passages[0]
    assert found.before
    assert found.after
    assert LEASE.text[found.before[0].start : found.after[-1].end] == found.expanded_text


def test_a_defined_term_brings_its_definition_along(filled: Toolshed) -> None:
    found = filled.search_passages("When is the Security Deposit returned?", k=3)
    assert [used.term for used in found.definitions] == ["Security Deposit"]
    assert "two months of rent" in found.definitions[0].text
    assert (
        filled.search_passages("When is the Security Deposit returned?", expand_terms=False).definitions == []
    )


def test_a_shed_without_documents_answers_and_stays_as_it_is(shed: Toolshed, tmp_path: Path) -> None:
    assert list(shed.search_passages("late fees").passages) == []
    assert shed.list_documents() == []
    assert shed.delete_documents("a") == 0
    with pytest.raises(UnknownDocumentError, match="'a'"):
        shed.get_passages("a")
    assert not (tmp_path / "shed" / "passages").exists()


@pytest.mark.parametrize("per_document", [None, 2])
def test_passages_deleted_while_a_search_runs_are_left_out(
    filled: Toolshed, monkeypatch: pytest.MonkeyPatch, per_document: int | None
) -> None:
    store = filled.passages.store
    search = store.search

    def search_then_delete(*arguments: Any, **options: Any) -> Any:
        hits = search(*arguments, **options)
        filled.delete_documents("lease.txt")
        return hits

    monkeypatch.setattr(store, "search", search_then_delete)
    found = filled.search_passages("late fees", k=5, per_document=per_document)
    assert set(found.by_document) == {"statute.txt"}


def test_documents_are_deleted(filled: Toolshed) -> None:
    assert filled.delete_documents("lease.txt", "nowhere") == 1
    assert filled.list_documents() == ["statute.txt"]


def test_tools_and_governing_passages_come_together_need_by_need(shed: Toolshed) -> None:
    shed.add_documents(
        LegalDocument("lease.txt", "4.2 Late Fees. A tenant who pays late owes a late fee.", "Office Lease"),
        LegalDocument("code.txt", "§ 9-401. Records. A landlord shall keep records.", "Housing Code"),
        LegalDocument("recipe.txt", "Stir the soup and season it with salt.", "Soup"),
    )
    shed.add_tools(
        make_tool("charge_late_fee", "Charge a tenant a late fee."),
        make_tool("archive_records", "Archive records of a landlord for years."),
    )
    found = shed.search(
        "Charge the tenant a late fee. Then archive the landlord's records.",
        k=4,
        include_passages=True,
        passages_per_need=1,
    )
    assert [need.text for need in found.needs] == [
        "Charge the tenant a late fee.",
        "archive the landlord's records.",
    ]
    fee, records = found.needs
    assert fee.tools[0].tool.name == "charge_late_fee"
    assert records.tools[0].tool.name == "archive_records"
    assert [one.passage.document_id for one in fee.passages] == ["lease.txt"]
    assert [one.passage.document_id for one in records.passages] == ["code.txt"]
    assert [one.sub_query for one in found.passages] == [need.text for need in found.needs]
    assert len(found.to_json()["passages"]) == 2
    assert "Housing Code" in found.explain()
    assert shed.search("Charge the tenant a late fee.").passages == ()
    assert shed.search("Bake bread.", include_passages=True).passages == ()


def test_the_instant_pipeline_searches_what_the_default_wrote(tmp_path: Path) -> None:
    with Toolshed(tmp_path / "shed", encoder=HashingEncoder()) as shed:
        shed.add_documents(LEASE, STATUTE)
    with Toolshed(tmp_path / "shed", pipeline="instant") as shed:
        (found,) = shed.search_passages("A landlord keeps records", k=1).passages
        assert found.passage.document_id == "statute.txt"
        assert set(found.channels) == {"static", "sentences", "words"}


async def test_the_asynchronous_shed_has_the_same_verbs() -> None:
    async with AsyncToolshed("memory:", encoder=HashingEncoder()) as shed:
        await shed.add_documents(LEASE)
        await shed.sync_documents(STATUTE)
        assert await shed.list_documents() == ["lease.txt", "statute.txt"]
        assert (await shed.search_passages("late fees", k=1)).passages
        assert await shed.get_passages("lease.txt")
        assert await shed.delete_documents("lease.txt") == 1

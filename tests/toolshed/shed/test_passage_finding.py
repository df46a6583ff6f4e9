"""Finding passages in a store: groups that need more candidates, neighbours, quotes."""

from dataclasses import replace
from typing import Any

import pytest

from toolshed.documents import LegalDocument
from toolshed.intra_retrieval.passage_search import PassageSearch
from toolshed.knowledge_base.memory import MemoryEngine
from toolshed.knowledge_base.passages import PASSAGE_LAYOUT, PassageStore
from toolshed.options import PassageArguments, checked
from toolshed.presets import PASSAGES, STATIC_PASSAGES, PassagePreset
from toolshed.shed.passage_finding import Found, PassageFinder
from toolshed.testing.contract_samples import ENCODER, MANIFEST, STATIC, passages

ARTICLES = "\n\n".join(f"{n}.1 Fee {n}. The fee number {n} falls due in week {n}." for n in range(1, 6))
WORDS_ONLY = replace(PASSAGES, channels=("words",), weights={"words": 1.0})


def finder(*documents: LegalDocument, preset: PassagePreset = PASSAGES) -> PassageFinder:
    store = PassageStore(MemoryEngine(PASSAGE_LAYOUT.schema, MANIFEST))
    for document in documents:
        store.upsert(passages(document))
    return PassageFinder(PassageSearch(store, preset, STATIC), {"dense": ENCODER, "static": STATIC})


def find(by: PassageFinder, query: str, k: int = 5, **options: Any) -> Found:
    return by.find(query, k, checked(PassageArguments, options))


def test_candidates_are_asked_for_until_they_name_enough_documents() -> None:
    crowd = LegalDocument(
        "crowd", "\n\n".join(f"{n}. Rent rent rent rent, floor {n}." for n in range(1, 130))
    )
    other = LegalDocument(
        "other", "The rent of a garage is paid in advance, at the latest on the first Monday."
    )
    by = finder(crowd, other, preset=WORDS_ONLY)
    asked, _ = by.asked("rent", checked(PassageArguments, {}))
    first = by.search.run(asked, limit=50)
    assert {one.passage.document_id for one in first.passages} == {"crowd"}
    found = find(by, "rent", k=2, per_document=1)
    assert [one.passage.document_id for one in found.passages] == ["crowd", "other"]


def test_fewer_documents_than_are_wanted_end_the_search() -> None:
    by = finder(LegalDocument("a", "The rent is due."), LegalDocument("b", "The rent is late."))
    found = find(by, "rent", k=9, per_document=3)
    assert sorted(one.passage.document_id for one in found.passages) == ["a", "b"]


@pytest.mark.parametrize(
    ("week", "n", "before", "after"),
    [
        pytest.param(1, 2, [], [1, 2], id="at-the-start"),
        pytest.param(3, 1, [1], [3], id="inside"),
        pytest.param(5, 9, [0, 1, 2, 3], [], id="at-the-end"),
        pytest.param(3, 0, [], [], id="none-wanted"),
    ],
)
def test_neighbours_are_of_the_same_document_and_in_order(
    week: int, n: int, before: list[int], after: list[int]
) -> None:
    by = finder(LegalDocument("fees", ARTICLES), LegalDocument("twin", ARTICLES))
    found = find(by, f"week {week}", k=1, filters={"document": "fees"}, neighbours=n).passages[0]
    assert [other.ordinal for other in found.before] == before
    assert [other.ordinal for other in found.after] == after
    assert {other.document_id for other in (*found.before, *found.after)} <= {"fees"}


@pytest.mark.parametrize("preset", [PASSAGES, STATIC_PASSAGES], ids=["dense", "static"])
def test_as_many_sentences_are_quoted_as_are_wanted(preset: PassagePreset) -> None:
    text = "The tenant owes a late fee. The landlord owes no fee. Pets are allowed in all the gardens."
    by = finder(LegalDocument("lease", text), preset=preset)
    quoted = find(by, "Which late fee does the tenant owe?", n_quotes=1).passages[0].quotes
    assert [quote.text for quote in quoted] == ["The tenant owes a late fee."]
    assert find(by, "Which late fee does the tenant owe?", n_quotes=0).passages[0].quotes == ()

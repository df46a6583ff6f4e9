"""Hybrid search over passages, and the definitions of terms that a question uses."""

from dataclasses import replace
from typing import Any

import pytest

from toolshed.documents import LegalDocument
from toolshed.intra_retrieval.encoding import encode_texts
from toolshed.intra_retrieval.passage_search import PassageSearch, used_definitions
from toolshed.knowledge_base.engine import Hit, VectorQuery
from toolshed.knowledge_base.memory import MemoryEngine
from toolshed.knowledge_base.passages import PASSAGE_LAYOUT, PassageStore
from toolshed.presets import PassagePreset
from toolshed.queries import EncodedText
from toolshed.testing.contract_samples import ENCODER, MANIFEST, STATIC, passages

PRESET = PassagePreset({"dense": 0.7, "sentences": 1.0, "words": 0.5}, {})


def store(**texts: str) -> PassageStore:
    made = PassageStore(MemoryEngine(PASSAGE_LAYOUT.schema, MANIFEST))
    for name, text in texts.items():
        made.upsert(passages(LegalDocument(name, text)))
    return made


def asked(text: str) -> EncodedText:
    return encode_texts([text], {"dense": ENCODER, "static": STATIC})[0]


def names(by: PassageSearch, query: str, **options: Any) -> list[str]:
    found = by.run(asked(query), limit=options.pop("limit", 9), **options)
    return [passage.document_id for passage in by.store.fetch([one.passage_id for one in found])]


def test_the_best_passages_come_first_and_no_more_than_wanted() -> None:
    search = PassageSearch(store(fees="A late fee is due.", pets="Pets are allowed.", law="Fee law."), PRESET)
    assert names(search, "When is a late fee due?")[0] == "fees"
    assert len(names(search, "When is a late fee due?", limit=2)) == 2
    scored = search.run(asked("late fee"), limit=9)
    assert [one.score for one in scored] == sorted((one.score for one in scored), reverse=True)
    assert all(0 <= one.score <= 1 for one in scored)


def test_ties_are_ordered_by_passage_id() -> None:
    search = PassageSearch(store(**dict.fromkeys("dcba", "The same words.")), PRESET)
    found = [one.passage_id for one in search.run(asked("same words"), limit=9)]
    assert found == sorted(found)
    assert len(found) == 4


def test_a_question_of_stop_words_alone_is_not_looked_up_by_words(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = store(fees="A late fee is due.")
    seen: list[str] = []

    def search(queries: list[VectorQuery], **_: Any) -> list[list[Hit]]:
        seen.extend(query.channel for query in queries)
        return [[] for _ in queries]

    monkeypatch.setattr(kept, "search", search)
    assert PassageSearch(kept, PRESET).run(asked("of the and"), limit=3) == []
    assert seen == ["dense", "sentences"]


def test_a_definition_has_less_of_a_say_than_the_question_and_names_no_channel() -> None:
    kept = store(fees="A late fee is due.", rent="Rent is the sum of all.", pets="Pets are allowed.")
    search = PassageSearch(kept, PassagePreset({"words": 1.0}, {}))
    assert names(search, "late fee", definitions=[asked("rent sum")]) == ["fees", "rent"]
    fee, rent = search.run(asked("late fee"), limit=9, definitions=[asked("rent sum")])
    assert rent.score == pytest.approx(fee.score / 4)
    assert (set(fee.channels), dict(rent.channels)) == ({"words"}, {})


LEASE = {
    "lease": '1. "Security Deposit" means two months of rent. "Losses" means all damages. '
    '"Rent" means the monthly sum. "Late Fee Rate" means five percent.',
    "other": '"Security Deposit" means a deposit of another contract.',
}


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        pytest.param("When is the Security Deposit returned?", ["Security Deposit"], id="a-term"),
        pytest.param("when is the security deposit returned?", ["Security Deposit"], id="in-small-letters"),
        pytest.param("Who bears Losses?", ["Losses"], id="a-capital-inside"),
        pytest.param("Losses of the tenant", [], id="a-capital-that-opens"),
        pytest.param("who bears losses?", [], id="an-English-word"),
        pytest.param(
            "Is the “Security Deposit” above Losses, Rent and the Late Fee Rate?",
            ["Late Fee Rate", "Security Deposit", "Losses"],
            id="the-longest-three",
        ),
        pytest.param("of the", [], id="stop-words"),
    ],
)
def test_terms_are_those_that_the_question_uses_as_terms(query: str, terms: list[str]) -> None:
    found = used_definitions(query, store(**LEASE), {"document": ["lease"]})
    assert [used.term for used in found] == terms
    assert {used.document_id for used in found} <= {"lease"}


def test_a_term_that_is_defined_twice_is_used_once_and_a_long_definition_cut() -> None:
    sentence = '"Rent" means the sum and ' + "so on and so forth, " * 40 + "all."
    (cut,) = passages(LegalDocument("long", '"Rent" means it.'))
    whole = replace(cut.passage, text=sentence, end=len(sentence), sentences=((0, len(sentence)),))
    kept = store(short='"Rent" means the sum.')
    kept.upsert([replace(cut, passage=whole)])
    (used,) = used_definitions("Who pays Rent?", kept, None)
    assert used.term == "Rent"
    (long,) = used_definitions("Who pays Rent?", kept, {"document": ["long"]})
    assert (long.text, long.document_id) == (sentence[:400], "long")


def test_a_question_without_end_is_not_looked_up_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = store(**LEASE)
    looked_up: list[int] = []
    select = kept.select
    monkeypatch.setattr(kept, "select", lambda only: looked_up.append(len(only["defines"])) or select(only))
    used_definitions(" ".join(f"Term{n}" for n in range(4_000)), kept, None)
    assert looked_up == [400]

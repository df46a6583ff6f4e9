"""Search over passages, and the definitions of terms that a question uses."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from toolshed.documents import LegalDocument
from toolshed.intra_retrieval.encoding import encode_question, encode_texts
from toolshed.intra_retrieval.passage_search import (
    AskedQuestion,
    PassageSearch,
    used_definitions,
    with_definitions,
)
from toolshed.intra_retrieval.questions import read_question
from toolshed.knowledge_base.engine import Hit, VectorQuery
from toolshed.knowledge_base.memory import MemoryEngine
from toolshed.knowledge_base.passages import PASSAGE_LAYOUT, PassageStore
from toolshed.presets import PASSAGES
from toolshed.testing.contract_samples import ENCODER, MANIFEST, STATIC, passages

ENCODERS = {"dense": ENCODER, "static": STATIC}


def store(**texts: str) -> PassageStore:
    made = PassageStore(MemoryEngine(PASSAGE_LAYOUT.schema, MANIFEST))
    for name, text in texts.items():
        made.upsert(passages(LegalDocument(name, text)))
    return made


def asked(text: str, kept: PassageStore) -> AskedQuestion:
    question = read_question(text, kept)
    return AskedQuestion(question, encode_question(text, question.name_spans, ENCODERS))


def found_in(kept: PassageStore, query: str, *, limit: int = 9) -> list[str]:
    found = PassageSearch(kept, PASSAGES, STATIC).run(asked(query, kept), limit=limit)
    return [one.passage.document_id for one in found.passages]


def test_the_best_passages_come_first_and_no_more_than_wanted() -> None:
    kept = store(fees="A late fee is due.", pets="Pets are allowed.", law="Fee law.")
    assert found_in(kept, "When is a late fee due?")[0] == "fees"
    assert len(found_in(kept, "When is a late fee due?", limit=2)) == 2
    found = PassageSearch(kept, PASSAGES, STATIC).run(asked("late fee", kept), limit=9)
    scores = [one.score for one in found.passages]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in [*scores, found.confidence])


def test_a_score_is_the_same_whatever_else_is_found() -> None:
    alone, crowd = store(fees="A late fee is due."), {f"x{n}": f"Fee {n} is late." for n in range(9)}
    kept = store(fees="A late fee is due.", **crowd)
    scores = []
    for one in (alone, kept):
        found = PassageSearch(one, PASSAGES, STATIC).run(asked("When is a late fee due?", one), limit=20)
        scores += [one.score for one in found.passages if one.passage.document_id == "fees"]
    assert scores[0] == pytest.approx(scores[1])


def test_ties_are_ordered_by_passage_id() -> None:
    kept = store(**dict.fromkeys("dcba", "The same words."))
    run = PassageSearch(kept, PASSAGES, STATIC).run(asked("same words", kept), limit=9)
    found = [one.passage.passage_id for one in run.passages]
    assert found == sorted(found)
    assert len(found) == 4


def test_nothing_stored_is_no_answer() -> None:
    kept = store()
    found = PassageSearch(kept, PASSAGES, STATIC).run(asked("late fee", kept), limit=9)
    assert (list(found.passages), found.confidence) == ([], 0.0)


def test_a_question_of_stop_words_alone_is_not_looked_up_by_words(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = store(fees="A late fee is due.")
    seen: list[str] = []

    def search(queries: list[VectorQuery], **_: Any) -> list[list[Hit]]:
        seen.extend(query.channel for query in queries)
        return [[] for _ in queries]

    monkeypatch.setattr(kept, "search", search)
    assert PassageSearch(kept, PASSAGES, STATIC).run(asked("of the and", kept), limit=3).passages == ()
    assert seen == ["dense"]


def test_a_question_that_names_a_party_finds_the_clause_of_its_contract() -> None:
    clause = "The Company shall pay a fee of five dollars for each day."
    kept = store(
        **{f"other{n}": f"Contract of Firm{n}x.\n\n1. Pay. {clause}" for n in range(9)},
        wanted=f"Contract between Corvid Therapeutics, Inc. and Dr. Ferro.\n\n1. Pay. {clause}",
    )
    assert found_in(kept, "Which fee does Corvid pay for a day?")[0] == "wanted"


def test_a_definition_question_speaks_for_the_definition() -> None:
    kept = store(
        use="The Security Deposit is returned to the tenant.",
        defined='1. "Security Deposit" means two months of rent.',
    )
    search = PassageSearch(kept, PASSAGES, STATIC)
    weighed = {
        query: {
            one.passage.document_id: one.features.definition
            for one in search.candidates(asked(query, kept), limit=9)
        }
        for query in ("What is the Security Deposit?", "When is the Security Deposit paid?")
    }
    assert list(weighed.values()) == [{"use": 0, "defined": 1}, {"use": 0, "defined": 0}]


def test_a_question_is_moved_towards_the_definitions_that_it_uses_and_stays_of_length_one() -> None:
    question, meant = encode_texts(["late fee", "rent sum"], ENCODERS)
    moved = with_definitions(question, [meant], weight=0.25)
    for name, vector in moved.vectors.items():
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
        assert vector @ meant.vectors[name] > question.vectors[name] @ meant.vectors[name]
    assert with_definitions(question, [], weight=0.25) is question


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

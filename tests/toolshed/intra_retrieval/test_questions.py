"""What a question asks of legal text, read from its words."""

import pytest

from toolshed.documents import LegalDocument
from toolshed.intra_retrieval.questions import Question, is_defined, read_question
from toolshed.knowledge_base.memory import MemoryEngine
from toolshed.knowledge_base.passages import PASSAGE_LAYOUT, PassageStore
from toolshed.testing.contract_samples import MANIFEST, passages

TEXTS = {f"d{n}": f"Contract of Firm{chr(97 + n)}. It is signed." for n in range(9)} | {
    "corvid": "Contract of Corvid Therapeutics. It is signed."
}


@pytest.fixture(scope="module")
def store() -> PassageStore:
    made = PassageStore(MemoryEngine(PASSAGE_LAYOUT.schema, MANIFEST))
    for name, text in TEXTS.items():
        made.upsert(passages(LegalDocument(name, text)))
    return made


def test_a_name_is_what_few_documents_are_called_by(store: PassageStore) -> None:
    question = read_question("What does Corvid pay for the Contract?", store)
    assert question.names.keys() == {"corvid"}
    assert [question.text[start:end] for start, end in question.name_spans] == ["Corvid"]
    assert question.terms == {"pay", "contract"}


@pytest.mark.parametrize(
    "text",
    ["what does corvid pay?", "What does Acme pay?", "Contract", ""],
    ids=list("abcd"),
)
def test_what_names_no_document_is_no_name(store: PassageStore, text: str) -> None:
    assert read_question(text, store).names == {}


def test_a_question_of_names_alone_keeps_its_words(store: PassageStore) -> None:
    assert read_question("Corvid Therapeutics", store).terms == {"corvid", "therapeut"}


def test_no_more_words_are_looked_up_than_twelve(
    store: PassageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[object] = []
    monkeypatch.setattr(store, "count", lambda only=None: counted.append(only) or 1)
    read_question("Word " * 4_000, store)
    assert len(counted) == 13


@pytest.mark.parametrize(
    ("text", "definition", "amounts"),
    [
        ("What is a Chargeback?", True, set()),
        ("How is the term defined?", True, set()),
        ("Who counts as a user?", True, set()),
        ("How much does it cost?", False, {"money"}),
        ("By when must he pay?", False, {"time"}),
        ("How many hens may I keep?", False, {"number"}),
        ("May I keep hens?", False, set()),
    ],
)
def test_what_is_asked_for(store: PassageStore, text: str, definition: bool, amounts: set[str]) -> None:
    question = read_question(text, store)
    assert (question.asks_definition, question.amounts) == (definition, amounts)


@pytest.mark.parametrize(
    ("text", "defines", "expected"),
    [
        ("What is a Business Day?", ("Business Day",), True),
        ("What are business days?", ("Business Day",), True),
        ("When is the next Business Day?", ("Business Day",), False),
        ("What is the fee for a Business Day?", ("Business Day",), False),
        ("What does Business Day mean?", ("Business Day",), True),
        ("What is the meaning of the term Business Day?", ("Business Day",), True),
        ("Who counts as a user of the boat?", ("User",), True),
        ("What is a Holiday?", ("Business Day", ""), False),
        ("What is a Holiday?", (), False),
    ],
)
def test_a_definition_answers_where_its_meaning_is_asked(
    store: PassageStore, text: str, defines: tuple[str, ...], expected: bool
) -> None:
    question: Question = read_question(text, store)
    assert is_defined(question, defines) is expected

"""The boundary model is what its training command makes, on data that it may be fitted on."""

from importlib.resources import files
from math import exp

import pytest

from toolshed.legal.boundary_model import _WEIGHTS, ModelName
from toolshed.legal.sentences import segmenter_named
from toolshed_evals.datasets import data_folder
from toolshed_evals.legal import training
from toolshed_evals.legal.gold import load_gold, score_boundaries


@pytest.mark.parametrize("model", ["decisions", "instruments", "romance"])
def test_the_training_reproduces_the_shipped_weights_bit_for_bit(model: ModelName) -> None:
    shipped = files("toolshed.legal").joinpath(_WEIGHTS[model]).read_text(encoding="utf-8")
    assert training.weights_json(training.documents_of(model)) == shipped


def test_our_contracts_and_statutes_are_cut_as_we_marked_them() -> None:
    kept = training.kept_documents()
    scores = score_boundaries(kept, [segmenter_named("legal").spans(document.text) for document in kept])
    assert sum(len(document.spans) for document in kept) > 2_000
    assert scores.precision >= 0.995
    assert scores.recall >= 0.985


def test_a_model_carries_over_to_a_genre_it_never_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    # As good after a few of the passes over the examples.
    monkeypatch.setattr(training, "_EPOCHS", 8)
    documents = load_gold(data_folder() / "legal")
    genres = sorted({document.genre for document in documents})
    spans = {}
    for genre in genres:
        others = [document for document in documents if document.genre != genre]
        model = training.fitted_model([*others, training.written_documents()[0]])
        for document in documents:
            if document.genre == genre:
                spans[document.document_id] = list(model.spans(document.text, 0.75))
    scores = score_boundaries(documents, [spans[document.document_id] for document in documents])
    assert len(genres) == 3
    assert scores.precision >= 0.978
    assert scores.f1 >= 0.97
    assert scores.cut <= 0.013


def test_marked_sentences_become_spans() -> None:
    document = training.parse_marked("One.‖ Two\nlines.‖\n\n1. ‖Three.‖\n", "d")
    assert document.text == "One. Two\nlines.\n\n1. Three.\n"
    assert [document.text[start:end] for start, end in document.spans] == [
        "One.",
        "Two\nlines.",
        "1.",
        "Three.",
    ]


def test_wrapping_keeps_every_offset() -> None:
    document = training.parse_marked("One two three four.‖ Five  six seven eight nine ten.‖", "d")
    narrow = training.wrapped(document, 12)
    assert narrow.spans == document.spans
    assert len(narrow.text) == len(document.text)
    assert narrow.text.split() == document.text.split()
    assert max(map(len, narrow.text.split("\n"))) <= 15


@pytest.mark.parametrize("score", [-40.0, -3.0, 0.0, 0.5, 12.0])
def test_the_portable_sigmoid_is_one(score: float) -> None:
    assert training._sigmoid(score) == pytest.approx(1 / (1 + exp(-score)), abs=2e-3)

"""The boundary model is what its training command makes, on data that it may be fitted on."""

from importlib.resources import files
from math import exp

import pytest

from toolshed_evals.datasets import data_folder
from toolshed_evals.legal import training
from toolshed_evals.legal.gold import load_gold, score_boundaries


def test_the_training_reproduces_the_shipped_weights_bit_for_bit() -> None:
    documents = [*load_gold(data_folder() / "legal"), training.written_document()]
    shipped = files("toolshed.legal").joinpath("boundary_weights.json").read_text(encoding="utf-8")
    assert training.weights_json(documents) == shipped


def test_a_model_carries_over_to_a_genre_it_never_saw() -> None:
    documents = load_gold(data_folder() / "legal")
    genres = sorted({document.genre for document in documents})
    spans = {}
    for genre in genres:
        others = [document for document in documents if document.genre != genre]
        model = training.fitted_model([*others, training.written_document()])
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

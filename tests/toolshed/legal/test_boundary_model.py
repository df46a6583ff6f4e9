"""The linear model: what it remembers changes nothing, and what has no weight says nothing."""

import pytest
from hypothesis import given, settings

from tests.toolshed.legal.test_sentences import TEXTS
from toolshed.legal.boundary_features import candidates
from toolshed.legal.boundary_model import (
    BoundaryModel,
    Reader,
    all_features,
    fitted_on,
    shipped_model,
    text_hash,
    weights_version,
)

SHIPPED = shipped_model()


@settings(max_examples=100, deadline=None)
@given(text=TEXTS)
def test_a_score_is_the_bias_and_the_weights_of_all_features(text: str) -> None:
    weights = {}
    seen = []
    reader = Reader(text)
    for candidate in candidates(text):
        if candidate.end <= reader.sentence:
            continue
        seen.append(reader.describe(candidate))
        weights |= {feature: (sum(feature.encode()) % 17 - 8) / 8 for feature in all_features(seen[-1])}
    model = BoundaryModel(weights, 0.25)
    for description in seen:
        expected = 0.25 + sum(weights[feature] for feature in all_features(description))
        # Twice: the second time from memory.
        assert model.score(description) == model.score(description) == pytest.approx(expected)


def test_features_without_a_weight_weigh_nothing() -> None:
    text = "He lost. She won."
    nothing = BoundaryModel({}, -1.0)
    assert list(nothing.spans(text, 0.0)) == [(0, len(text))]
    assert list(nothing.spans(text, -2.0)) == [(0, 8), (9, len(text))]


def test_two_models_share_no_memory_and_agree() -> None:
    text = "The fee is due. It was paid on Jan. 5, 2004, by Acme Inc. The rest is owed."
    assert list(SHIPPED.spans(text, 0.0)) == list(shipped_model().spans(text, 0.0))


def test_the_shipped_weights_say_what_they_were_fitted_on() -> None:
    assert len(weights_version()) == 8
    assert fitted_on()
    assert {len(known) for known in fitted_on()} == {len(text_hash("any"))}
    assert text_hash("\ud800") not in fitted_on()

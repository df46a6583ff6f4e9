"""What tells small talk from requests, fitted on texts of our own."""

import numpy as np

from toolshed.backbones.static import shared_static
from toolshed_evals.fitting.confidence import auroc
from toolshed_evals.fitting.small_talk import SMALL_TALK
from toolshed_evals.fitting.talk_head import NEEDS, REQUESTS, TALK, fit_talk, texts_of


def test_what_is_judged_with_is_not_fitted_on() -> None:
    fitted_on = {text.lower().strip("?!. ") for texts in texts_of(TALK).values() for text in texts}
    assert fitted_on.isdisjoint(text.lower().strip("?!. ") for text in SMALL_TALK)
    assert len(fitted_on) > 300


def test_a_topic_that_was_left_out_is_told_apart() -> None:
    encode = shared_static().encode
    topics = texts_of(TALK)
    left_out = topics.pop("about the assistant")
    requests = [text for texts in texts_of(REQUESTS).values() for text in texts]
    needs = [text for texts in texts_of(NEEDS).values() for text in texts]
    weights = fit_talk(
        encode([text for texts in topics.values() for text in texts]), encode(requests[::2]), encode(needs)
    )
    judged = np.concatenate([encode(left_out), encode(requests[1::2])])
    labels = np.arange(len(judged)) < len(left_out)
    assert auroc(judged @ weights[1:], labels) > 0.9

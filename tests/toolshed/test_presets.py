"""The numbers that were tuned, held to what the layouts and the declarations say."""

from typing import get_args

import numpy as np
import pytest

from toolshed.knowledge_base.passages import PASSAGE_LAYOUT
from toolshed.knowledge_base.tools import TOOL_LAYOUT
from toolshed.options import PipelineName
from toolshed.presets import PASSAGES, PIPELINES, STATIC_PASSAGES, PassagePreset

NAMES = get_args(PipelineName)


def test_every_declared_pipeline_has_its_numbers() -> None:
    assert list(PIPELINES) == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_channels_exist_and_follow_the_whole_that_they_add_to(name: PipelineName) -> None:
    preset = PIPELINES[name]
    channels = list(preset.channels)
    for channel in map(TOOL_LAYOUT.channel, channels):
        if channel.whole is not None:
            assert channels.index(channel.whole) < channels.index(channel.name)
    assert all(weight > 0 for weight in preset.channels.values())
    # Confidence is read from what was scored, and from nothing else.
    assert preset.calibration.weights.keys() <= preset.channels.keys()


@pytest.mark.parametrize("name", NAMES)
def test_more_similarity_never_means_less_confidence(name: PipelineName) -> None:
    calibration = PIPELINES[name].calibration
    rising = np.linspace(-1, 1, 21, dtype=np.float32)
    for channel in calibration.weights:
        similarities = {other: np.zeros(21, np.float32) for other in calibration.weights} | {channel: rising}
        probabilities = calibration.probabilities(similarities)
        assert (np.diff(probabilities) > 0).all()
        assert 0 < probabilities.min() < probabilities.max() < 1


def test_a_tool_without_similarity_is_not_found_where_pipelines_abstain() -> None:
    nothing = np.zeros(1, np.float32)
    for name in ("default", "instant"):
        calibration = PIPELINES[name].calibration  # type: ignore[index]  # a name of the table
        unlike = dict.fromkeys(calibration.weights, nothing)
        assert calibration.probabilities(unlike)[0] < calibration.abstain_below


@pytest.mark.parametrize("preset", [PASSAGES, STATIC_PASSAGES], ids=["dense", "static"])
def test_passages_govern_by_channels_of_their_own_encoder(preset: PassagePreset) -> None:
    channels = [PASSAGE_LAYOUT.channel(name) for name in preset.channels]
    assert len({channel.encoding for channel in channels} - {"words"}) == 1
    # Sentences are compared with the same vector as the passages that they stand in.
    assert preset.min_cosine.keys() <= {*preset.channels, "sentences"}
    assert preset.encoding in preset.channels
    assert all(PASSAGE_LAYOUT.channel(name).kind != "sparse" for name in preset.min_cosine), (
        "BM25 is no cosine"
    )

import numpy as np
import pytest

from toolshed.backbones.minilm import MiniLMEncoder
from toolshed.backbones.static import shared_static
from toolshed.intra_retrieval.small_talk import SmallTalk, small_talk_for
from toolshed.testing import HashingEncoder


@pytest.fixture(scope="module")
def encoder() -> MiniLMEncoder:
    return MiniLMEncoder()


def test_it_reads_the_whole_request_by_its_encoder() -> None:
    told = SmallTalk("dense", np.array([0.5, 1, -2], np.float32))
    vectors = {"dense": np.array([[1, 0], [0, 1]], np.float32), "static": np.ones((2, 3), np.float32)}
    assert told.log_odds(vectors) == pytest.approx(1.5)


def test_small_talk_is_told_from_requests_and_from_needs(encoder: MiniLMEncoder) -> None:
    shipped = small_talk_for({"dense": encoder, "static": shared_static()}, "dense")
    assert shipped is not None
    talk, asked = (
        [shipped.log_odds({"dense": encoder.encode([text])}) for text in texts]
        for texts in (
            ["how are you?", "oh, that was lovely", "are you a person?", "tell me a joke"],
            ["book a desk for Friday", "what is the weather in Rome?", "our fridge is empty"],
        )
    )
    assert min(talk) > 0.5
    assert max(asked) < 0.5


def test_another_encoder_leaves_it_to_static_vectors() -> None:
    other = small_talk_for({"dense": HashingEncoder(), "static": shared_static()}, "dense")
    assert other is not None
    assert other.encoder == "static"
    assert len(other.weights) == 257
    assert small_talk_for({"dense": HashingEncoder()}, "dense") is None

import numpy as np

from toolshed.backbones.minilm import MiniLMEncoder
from toolshed.intra_retrieval.query_head import QueryHead, head_for
from toolshed.queries import Encodings
from toolshed.testing import HashingEncoder


def test_a_head_of_zeros_changes_nothing() -> None:
    vectors = np.eye(3, dtype=np.float32)
    np.testing.assert_allclose(QueryHead(np.zeros((3, 3), np.float32)).vectors(vectors), vectors)


def test_requests_are_moved_and_keep_their_length() -> None:
    head = QueryHead(np.array([[0, 1], [0, 0]], np.float32))
    static = np.ones((1, 2), np.float32)
    encodings = Encodings({"dense": np.array([[1, 0]], np.float32), "static": static}, ())
    moved = head.apply(encodings)
    np.testing.assert_allclose(moved.vectors["dense"], [[0.5**0.5, 0.5**0.5]], rtol=1e-6)
    np.testing.assert_array_equal(moved.vectors["static"], encodings.vectors["static"])


def test_only_the_encoder_that_it_was_fitted_for_has_a_head() -> None:
    shipped = head_for({"dense": MiniLMEncoder()})
    assert shipped is not None
    assert shipped.matrix.shape == (384, 384)
    assert np.isfinite(shipped.matrix).all()
    assert head_for({"dense": HashingEncoder()}) is None
    assert head_for({}) is None

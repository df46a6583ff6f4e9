import numpy as np
import pytest

from toolshed.backbones.static import StaticEncoder
from toolshed.knowledge_base.tools import ToolRecord
from toolshed.pre_retrieval.embedding import embed_tools
from toolshed.testing import HashingEncoder, make_tool
from toolshed.vectors import SparseVector, Vectors

STATIC = StaticEncoder()


def vectors(record: ToolRecord) -> dict[str, Vectors]:
    return {name: v for name, v in record.vectors.items() if not isinstance(v, SparseVector)}


def test_the_dense_vector_is_the_centre_of_the_views() -> None:
    encoder = HashingEncoder()
    (record,) = embed_tools([make_tool("getForecast", "Weather.")], static=STATIC, dense=encoder).records
    views = HashingEncoder().encode(["get forecast", "get forecast: Weather.", "I want to weather."])
    centre = views.mean(axis=0)
    np.testing.assert_allclose(vectors(record)["dense"], centre / np.linalg.norm(centre), atol=1e-6)


def test_without_an_encoder_there_are_static_vectors_only() -> None:
    (record,) = embed_tools([make_tool("a", "One use. Another use.")], static=STATIC, dense=None).records
    assert record.vectors.keys() == {"static", "static_topics", "words", "ngrams"}
    assert vectors(record)["static_topics"].shape == (2, 256)
    assert np.linalg.norm(vectors(record)["static"]) == pytest.approx(1, abs=1e-5)


def test_texts_that_tools_share_are_encoded_once() -> None:
    encoder = HashingEncoder()
    twins = [make_tool("same", "Same.", source=source) for source in "abc"]
    embed_tools(twins, static=STATIC, dense=encoder)
    assert len(encoder.encoded) == 3

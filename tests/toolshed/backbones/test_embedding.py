import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from openai import OpenAI

from tests.qdrant_stub import loopback_server
from toolshed.backbones.embedding import (
    LangChainEncoder,
    OpenAIEncoder,
    SentenceTransformerEncoder,
    TokenVectors,
    checked_vectors,
    normalise,
)
from toolshed.backbones.minilm import MiniLMEncoder, weights_folder
from toolshed.errors import ConfigurationError, EncoderError


def test_pooling_takes_the_tokens_inside_each_span() -> None:
    hidden = np.array([[9, 9], [1, 0], [0, 1], [9, 9]], np.float32)
    tokens = TokenVectors(hidden, np.array([[0, 0], [0, 4], [5, 9], [0, 0]]))
    pooled = tokens.pool([(0, 4), (5, 9), (0, 9), (20, 30)])
    np.testing.assert_allclose(pooled[:3], [[1, 0], [0, 1], [0.5, 0.5]])
    # A span without tokens of its own gets the mean of all.
    np.testing.assert_allclose(pooled[3], hidden.mean(axis=0))


def test_rows_without_direction_become_zero() -> None:
    np.testing.assert_allclose(normalise(np.array([[3, 4], [0, 0]], np.float32)), [[0.6, 0.8], [0, 0]])


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        pytest.param([[1.0, float("nan")]], "NaN or infinity for text 0", id="nan"),
        pytest.param([[1.0, float("inf")]], "NaN or infinity for text 0", id="infinity"),
        pytest.param([[0.0, 0.0]], "a vector of zeros", id="zeros"),
        pytest.param([[1.0], [2.0]], r"shape \(2, 1\) for 1 texts", id="too-many"),
        pytest.param([1.0], r"shape \(1,\)", id="flat"),
    ],
)
def test_unusable_vectors_are_refused(vectors: Any, message: str) -> None:
    with pytest.raises(EncoderError, match=message):
        checked_vectors(vectors, n_texts=1, model_id="m")


def test_any_sentence_transformers_model_can_be_used() -> None:
    encoder = SentenceTransformerEncoder(str(weights_folder()))
    assert encoder.dimension == 384
    cosine = float((encoder.encode(["rain"]) @ MiniLMEncoder("fp32").encode(["rain"]).T)[0, 0])
    assert cosine >= 0.9999


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigurationError, match="/no/such/model"):
        SentenceTransformerEncoder("/no/such/model")


def test_langchain_embeddings_can_be_used() -> None:
    encoder = LangChainEncoder(DeterministicFakeEmbedding(size=16), model_id="fake")
    assert encoder.dimension == 16
    assert encoder.model_id == "langchain:fake"
    assert np.linalg.norm(encoder.encode(["a", "b"]), axis=1) == pytest.approx([1, 1])


class EmbeddingApi(BaseHTTPRequestHandler):
    """An OpenAI-compatible API: the vector of a text is its length and its first letter."""

    requests: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.requests.append(body)
        if body["model"] == "missing":
            status, reply = (
                404,
                {"error": {"message": "The model does not exist", "type": "invalid_request_error"}},
            )
        else:
            status, reply = 200, {"object": "list", "model": body["model"], "data": self._data(body["input"])}
        content = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _data(self, texts: list[str]) -> list[dict[str, Any]]:
        rows = [
            {"object": "embedding", "index": n, "embedding": [len(text), ord(text[0])]}
            for n, text in enumerate(texts)
        ]
        # The API does not promise an order.
        return rows[::-1]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
        """Keep the tests' output quiet."""


@pytest.fixture
def api() -> Iterator[OpenAI]:
    EmbeddingApi.requests = []
    with loopback_server(EmbeddingApi) as url, OpenAI(base_url=url, api_key="k", max_retries=0) as client:
        yield client


def test_openai_embeddings_come_in_batches_and_in_order(api: OpenAI) -> None:
    encoder = OpenAIEncoder("small", client=api, batch_size=2)
    vectors = encoder.encode(["a", "bb", "ccc"])
    assert [len(request["input"]) for request in EmbeddingApi.requests] == [2, 1]
    np.testing.assert_allclose(vectors[1], normalise(np.array([[2, ord("b")]], np.float32))[0])


def test_openai_is_asked_for_its_dimension_once(api: OpenAI) -> None:
    encoder = OpenAIEncoder("small", client=api)
    assert (encoder.dimension, encoder.dimension) == (2, 2)
    assert len(EmbeddingApi.requests) == 1
    assert OpenAIEncoder("small", client=api, dimension=256).model_id == "openai:small:256"


def test_a_refusal_of_openai_is_translated(api: OpenAI) -> None:
    with pytest.raises(EncoderError, match="refused 'missing'"):
        OpenAIEncoder("missing", client=api).encode(["a"])

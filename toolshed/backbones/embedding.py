"""Dense encoders: the protocols, the adapters for models of others, and pooling of token vectors."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

import numpy as np
from numpy.typing import NDArray

from toolshed.errors import ConfigurationError, EncoderError, missing_extra
from toolshed.metering.provider_usage import usage_or_estimate
from toolshed.metering.runs import MeteredCall, report_call
from toolshed.metering.usage import estimated_tokens, estimated_usage
from toolshed.vectors import Vectors

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

# Below this a vector has no direction worth keeping.
_MIN_NORM = 1e-9


class DenseEncoder(Protocol):
    """Turns texts into vectors of length one."""

    @property
    def model_id(self) -> str:
        """Name and version of the model; stored in the knowledge base and checked when it is opened."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 ``[len(texts), dimension]``, each row of length one."""


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """The last hidden states of one text.

    Attributes:
        hidden: float32 ``[n_tokens, dimension]``, special tokens included.
        offsets: int ``[n_tokens, 2]``, start and end of each token in the text; special tokens have
            an empty span.
    """

    hidden: Vectors
    offsets: NDArray[np.int64]

    def pool(self, spans: Sequence[tuple[int, int]]) -> Vectors:
        """Mean of the tokens inside each span, float32 ``[len(spans), dimension]``.

        A span without a token of its own gets the mean of all tokens.
        """
        starts, ends = self.offsets.T
        wanted = np.array(spans, np.int64).reshape(-1, 2)
        inside = (starts >= wanted[:, :1]) & (ends <= wanted[:, 1:]) & (ends > starts)
        inside[~inside.any(axis=1)] = True
        shares = inside / inside.sum(axis=1, keepdims=True)
        return np.asarray(shares.astype(np.float32) @ self.hidden)


class TokenEncoder(DenseEncoder, Protocol):
    """A dense encoder that also shows its token vectors, so that spans share one encoding."""

    @property
    def is_contextual(self) -> bool:
        """Whether a token's vector depends on the text around it."""

    def encode_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """Return the token vectors of each text, not normalised."""


def shows_tokens(encoder: DenseEncoder) -> TypeGuard[TokenEncoder]:
    """Whether it is a :class:`TokenEncoder`; ``isinstance`` would take some ten microseconds."""
    return hasattr(encoder, "encode_tokens") and hasattr(encoder, "is_contextual")


def space_of(model_id: str) -> str:
    """What the vectors of a model may be compared with: those of the same model in any precision."""
    name, separator, _ = model_id.partition(":onnx-")
    return name if separator else model_id


def normalise(vectors: Vectors) -> Vectors:
    """Scale rows to length one; rows without a direction become zero."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(norms > _MIN_NORM, vectors / np.maximum(norms, _MIN_NORM), 0).astype(np.float32)


# The threads of a tokenizer's batches cost more than they give for fewer.
_MIN_BATCH = 16


def tokenised(tokenizer: "Tokenizer", texts: Sequence[str], *, special: bool) -> "Sequence[Encoding]":
    """The tokens of each text; of a few texts one after the other, in this thread.

    Args:
        tokenizer: What tokenises.
        texts: The texts.
        special: Whether the special tokens of the model are added.
    """
    if len(texts) < _MIN_BATCH:
        return [tokenizer.encode(text, add_special_tokens=special) for text in texts]
    return tokenizer.encode_batch(texts, add_special_tokens=special)


def checked_vectors(vectors: object, *, n_texts: int, model_id: str) -> Vectors:
    """Validate and normalise what an encoder returned.

    Raises:
        EncoderError: If the shape is wrong, or a vector holds NaN, infinity or only zeros.
    """
    array = np.asarray(vectors, dtype=np.float32)
    if array.ndim != 2 or len(array) != n_texts or not array.shape[1]:
        raise EncoderError(
            f"encoder {model_id!r} returned an array of shape {array.shape} for {n_texts} texts; "
            f"expected ({n_texts}, dimension)"
        )
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
        raise EncoderError(
            f"encoder {model_id!r} returned NaN or infinity for text {row}; nothing was stored. "
            "Check the model's precision, or choose another encoder"
        )
    if (np.linalg.norm(array, axis=1) <= _MIN_NORM).any():
        raise EncoderError(
            f"encoder {model_id!r} returned a vector of zeros; nothing was stored. "
            "Check that the model's weights were loaded"
        )
    return normalise(array)


class SentenceTransformerEncoder:
    """Any sentence-transformers model, by name or folder.

    Args:
        model: A model name or a folder; downloaded by sentence-transformers when it is a name.

    Raises:
        ConfigurationError: If sentence-transformers is not installed or the model cannot be loaded.
    """

    def __init__(self, model: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise missing_extra("sentence-transformers", "sentence-transformers") from error
        try:
            self._model = SentenceTransformer(model)
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"the model {model!r} could not be loaded: {error}. "
                "Give the name of a sentence-transformers model or a folder that holds one"
            ) from error
        self.model_id = f"sentence-transformers:{model}"

    @property
    def dimension(self) -> int:
        return int(self._model.get_embedding_dimension() or 0)

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = self._model.encode(list(texts), show_progress_bar=False)
        return checked_vectors(vectors, n_texts=len(texts), model_id=self.model_id)


class OpenAIEncoder:
    """Embeddings of an OpenAI-compatible API.

    Args:
        model: Name of the embedding model.
        client: An ``openai.OpenAI`` client; its base URL, key, time-out and retries apply.
        dimension: Length of the vectors, where the model lets one choose; otherwise asked once.
        batch_size: Texts per request.
    """

    def __init__(
        self, model: str, *, client: Any, dimension: int | None = None, batch_size: int = 256
    ) -> None:
        # Any: the openai package is an optional dependency.
        self._model, self._client, self._batch_size = model, client, batch_size
        self._options = {"dimensions": dimension} if dimension else {}
        self._dimension = dimension
        self.model_id = f"openai:{model}" + (f":{dimension}" if dimension else "")

    @property
    def dimension(self) -> int:
        if self._dimension is None:
            self._dimension = self.encode(["dimension"]).shape[1]
        return self._dimension

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows: list[list[float]] = []
        for start in range(0, len(texts), self._batch_size):
            rows.extend(self._embed(list(texts[start : start + self._batch_size])))
        return checked_vectors(rows, n_texts=len(texts), model_id=self.model_id)

    def _embed(self, batch: list[str]) -> list[list[float]]:
        from openai import OpenAIError

        started = time.monotonic()
        try:
            # base64 is the client's default and not every compatible server speaks it.
            reply = self._client.embeddings.create(
                model=self._model, input=batch, encoding_format="float", **self._options
            )
        except OpenAIError as error:
            raise EncoderError(f"the embedding API refused {self._model!r}: {error}") from error
        usage = usage_or_estimate(reply.usage, input_tokens=estimated_tokens("".join(batch)))
        report_call(MeteredCall("embedding", self._model, usage, time.monotonic() - started))
        return [item.embedding for item in sorted(reply.data, key=lambda item: item.index)]


class LangChainEncoder:
    """LangChain ``Embeddings`` as a dense encoder.

    Args:
        embeddings: Anything with ``embed_documents``.
        model_id: A name for the model; two different models must not share it.
    """

    def __init__(self, embeddings: Any, *, model_id: str) -> None:
        # Any: langchain is an optional dependency.
        self._embeddings = embeddings
        self._dimension: int | None = None
        self.model_id = f"langchain:{model_id}"

    @property
    def dimension(self) -> int:
        if self._dimension is None:
            self._dimension = self.encode(["dimension"]).shape[1]
        return self._dimension

    def encode(self, texts: Sequence[str]) -> Vectors:
        started = time.monotonic()
        rows = self._embeddings.embed_documents(list(texts))
        # LangChain passes no usage on.
        usage, seconds = estimated_usage("".join(texts)), time.monotonic() - started
        report_call(MeteredCall("embedding", self.model_id.removeprefix("langchain:"), usage, seconds))
        return checked_vectors(rows, n_texts=len(texts), model_id=self.model_id)

"""The encoders of a knowledge base, loaded when they are first needed."""

import importlib.util
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from toolshed.backbones import multilingual
from toolshed.backbones.embedding import DenseEncoder
from toolshed.backbones.minilm import DIMENSION, FILES, model_id, shared_minilm
from toolshed.backbones.named import encoder_named
from toolshed.backbones.static import StaticEncoder, shared_static
from toolshed.errors import ConfigurationError, missing_extra
from toolshed.knowledge_base.manifest import Manifest
from toolshed.vectors import Vectors

_TRANSFORMER_MODULES = ("onnxruntime", "toolshed_minilm")


class Encoders:
    """The static encoder, and the dense one that the knowledge base was written with.

    Args:
        given: A dense encoder of the user's, or its name; the verified offline MiniLM when None.
        reads_dense: Whether searches read dense vectors.
        n_threads: Threads of one encoding.
        is_multilingual: Whether tools are encoded for other languages too, where that can be done.

    Raises:
        ConfigurationError: If searches need the transformer and it is not installed: before a folder is made
            that only it could fill.
    """

    def __init__(
        self,
        given: DenseEncoder | str | None,
        *,
        reads_dense: bool,
        n_threads: int,
        is_multilingual: bool = True,
    ) -> None:
        self._given = encoder_named(given) if isinstance(given, str) else given
        self._n_threads = n_threads
        self._is_multilingual = is_multilingual and multilingual.is_installed()
        self.reads_dense = reads_dense
        if reads_dense and self._given is None:
            _require_transformer()
        # What it was written with is only known when it is open; see ``opened``.
        self._stored_id = self.manifest.encoder
        self._is_stored_multilingual = self.manifest.multilingual_encoder is not None

    @cached_property
    def manifest(self) -> Manifest:
        """What a new knowledge base is written with."""
        dense: tuple[str | None, int] = (None, 0)
        if self._given is not None:
            dense = (self._given.model_id, self._given.dimension)
        elif self.reads_dense:
            # Known without loading it: a second run embeds nothing.
            dense = (model_id("int8"), DIMENSION)
        written = Manifest(*dense, StaticEncoder.model_id, StaticEncoder.dimension)
        if not self._is_multilingual:
            return written
        return replace(
            written,
            multilingual_encoder=multilingual.MODEL_ID,
            multilingual_dimension=multilingual.DIMENSION,
        )

    def opened(self, stored: Manifest) -> None:
        """Learn what the knowledge base was written with, whatever the pipeline reads."""
        self._stored_id = stored.encoder
        self._is_stored_multilingual = stored.multilingual_encoder is not None

    @property
    def static(self) -> StaticEncoder:
        """The static encoder."""
        return shared_static()

    @cached_property
    def stored(self) -> DenseEncoder | None:
        """The dense encoder that the knowledge base was written with."""
        if self._stored_id is None or self._given is not None:
            return self._given
        if self._stored_id == model_id("fp32"):
            return shared_minilm("fp32", self._n_threads)
        if self._stored_id != model_id("int8"):
            raise ConfigurationError(
                f"the knowledge base was written with the encoder {self._stored_id!r}; "
                "open it with that encoder"
            )
        return shared_minilm("int8", self._n_threads)

    @property
    def stored_multilingual(self) -> DenseEncoder | None:
        """The encoder for other languages that the knowledge base was written with.

        Raises:
            ConfigurationError: If it is not installed: tools cannot be written without.
        """
        return multilingual.shared_multilingual() if self._is_stored_multilingual else None

    @property
    def read_multilingual(self) -> DenseEncoder | None:
        """The same for searches, which do without it where it is not installed."""
        return self.stored_multilingual if multilingual.is_installed() else None

    @property
    def read(self) -> Mapping[str, DenseEncoder]:
        """The encoders that searches read, by the name that channels call them."""
        if not self.reads_dense:
            return {"static": self.static}
        # Requests are compared in 8 bits with whatever the tools were written in.
        is_minilm = self._given is None and self._stored_id in [*map(model_id, FILES)]
        dense = shared_minilm("int8", self._n_threads) if is_minilm else self.stored
        return {"static": self.static} if dense is None else {"static": self.static, "dense": dense}

    def completed(self, text: str, vectors: Mapping[str, Vectors]) -> Mapping[str, Vectors]:
        """Vectors of a text, with that of the dense encoder where the knowledge base keeps it.

        Raises:
            ConfigurationError: If that encoder is not here.
        """
        if "dense" in vectors or self._stored_id is None:
            return vectors
        dense = self.stored
        return vectors if dense is None else {**vectors, "dense": dense.encode([text])[0]}


def _require_transformer() -> None:
    missing = [module for module in _TRANSFORMER_MODULES if importlib.util.find_spec(module) is None]
    if missing:
        raise ConfigurationError(
            f"the pipeline needs a transformer: {missing_extra(missing[0], 'transformer')}, "
            "or use the pipeline 'instant', which needs none"
        )

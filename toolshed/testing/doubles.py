"""Doubles for tests, ours and our users': small, deterministic, no download."""

from collections.abc import Sequence

import numpy as np

from toolshed.backbones.embedding import normalise
from toolshed.backbones.lexical import term_index, terms
from toolshed.types import JsonObject, ToolDefinition
from toolshed.vectors import Vectors


class HashingEncoder:
    """A dense encoder without a model: texts that share words are near to each other.

    Every stemmed word adds one to a hashed position, so equal texts have equal vectors and no two
    runs differ. ``encoded`` keeps the texts it was given, in order, for tests that count them.
    """

    def __init__(self, dimension: int = 64, *, model_id: str = "hashing") -> None:
        self.dimension = dimension
        self.model_id = f"{model_id}:{dimension}"
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 ``[len(texts), dimension]``, each row of length one."""
        self.encoded.extend(texts)
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            # A text of stop words alone still needs a direction.
            for term in terms(text) or [text]:
                row[term_index(term) % self.dimension] += 1
        return normalise(vectors)


def make_tool(
    name: str, description: str = "", *, source: str = "test", properties: JsonObject | None = None
) -> ToolDefinition:
    """A tool definition with as little said as a test needs."""
    parameters = {"type": "object", "properties": dict(properties or {})}
    return ToolDefinition(name=name, description=description, parameters=parameters, source=source)

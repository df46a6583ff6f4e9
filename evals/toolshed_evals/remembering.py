"""Encoders that keep what they encoded: what is compared reads the same texts again and again."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from toolshed.backbones.embedding import DenseEncoder, TokenVectors, shows_tokens
from toolshed.vectors import Vectors


def remembering(encoders: Mapping[str, DenseEncoder]) -> dict[str, DenseEncoder]:
    """The encoders, each transformer keeping the tokens of every text."""
    return {name: _Remembering(one) if _is_slow(one) else one for name, one in encoders.items()}


def _is_slow(encoder: DenseEncoder) -> bool:
    return shows_tokens(encoder) and encoder.is_contextual


class _Remembering:
    # Any: a dense encoder that shows its tokens, for which there is no one type.
    def __init__(self, encoder: Any) -> None:
        self.model_id, self.dimension = encoder.model_id, encoder.dimension
        self.is_contextual = encoder.is_contextual
        self.encode: Callable[[Sequence[str]], Vectors] = encoder.encode
        self._encode_tokens = encoder.encode_tokens
        self._known: dict[str, TokenVectors] = {}

    def encode_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        if missing:
            self._known.update(zip(missing, self._encode_tokens(missing), strict=True))
        return [self._known[text] for text in texts]

"""Static word vectors: wordllama's 256 dimensions, bundled with its package.

A text's vector is the mean of its tokens' vectors: no transformer, no torch, tens of microseconds.
"""

import importlib.util
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from toolshed.backbones.embedding import TokenVectors, normalise, tokenised
from toolshed.backbones.tensor_file import mapped_tensor
from toolshed.errors import ConfigurationError
from toolshed.types import Span
from toolshed.vectors import Vectors

_MAX_CHARACTERS = 8_192
# The vectors of so many words are remembered, 1 KB each; of longer lists none are. A request asks for words
# that others asked for.
_REMEMBERED_VECTORS, _MAX_ASKED_WORDS = 8_192, 128
# The tokens of so many pieces of texts are, some 200 bytes each; of more texts at once none are, nor those of
# pieces of more characters: a text without spaces is one piece, with a hundred bytes for each of its tokens.
_REMEMBERED_PIECES, _MAX_ASKED_TEXTS, _MAX_REMEMBERED_PIECE = 16_384, 15, 48
_PIECE = re.compile(r" *[^ ]+| +")
# What may be a special token, and the sign that stands for a space inside.
_UNUSUAL = re.compile("[<\u2581]")
_WEIGHTS = "weights/l2_supercat_256.safetensors"
_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"


@cache
def shared_static() -> "StaticEncoder":
    """One encoder for all knowledge bases of the process: it holds a vocabulary, and is the same for each."""
    return StaticEncoder()


class StaticEncoder:
    """wordllama l2_supercat, 256 dimensions.

    The files are read directly: the package's own loader looks for the tokenizer in a cache folder
    first and imports ``requests`` for downloads we never make.

    Raises:
        ConfigurationError: If wordllama, or its bundled weights, are missing.
    """

    model_id = "wordllama:l2_supercat_256"
    dimension = 256
    is_contextual = False

    def __init__(self) -> None:
        folder = _package_folder()
        self._table = mapped_tensor(folder / _WEIGHTS, "embedding.weight")
        self._tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._word_vectors: dict[str, Vectors] = {}
        self._tokens_of_piece = lru_cache(_REMEMBERED_PIECES)(self._read_piece)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 ``[len(texts), 256]``, each row of length one, or zero for empty texts."""
        vectors = [tokens.hidden.mean(axis=0) for tokens in self.encode_tokens(texts)]
        return normalise(np.stack(vectors)) if vectors else np.empty((0, self.dimension), np.float32)

    def encode_words(self, words: Sequence[str]) -> Vectors:
        """Return a vector of length one for each word by itself, or zero; quicker than texts."""
        if not words:
            return np.empty((0, self.dimension), np.float32)
        return self._remembered(words) if len(words) <= _MAX_ASKED_WORDS else self._encode_words(words)

    def _remembered(self, words: Sequence[str]) -> Vectors:
        known = self._word_vectors
        missing = list(dict.fromkeys(word for word in words if word not in known))
        if missing:
            # Never changed but for what is added, so that other threads may read it.
            if len(known) > _REMEMBERED_VECTORS:
                known = self._word_vectors = {}
                missing = list(dict.fromkeys(words))
            known.update(zip(missing, self._encode_words(missing), strict=True))
        return np.stack([known[word] for word in words])

    def _encode_words(self, words: Sequence[str]) -> Vectors:
        # Inside a text a word's first token begins with the space before it.
        tokens = [
            one.ids for one in tokenised(self._tokenizer, [f" {word}" for word in words], special=False)
        ]
        lengths = np.array([len(ids) for ids in tokens])
        ids = np.fromiter(chain.from_iterable(tokens), np.int64)
        sums = np.zeros((len(words), self.dimension), np.float32)
        if len(ids):
            starts = np.cumsum(lengths) - lengths
            sums[lengths > 0] = np.add.reduceat(
                self._table[ids].astype(np.float32), starts[lengths > 0], axis=0
            )
        # The direction of the sum is that of the mean.
        return normalise(sums)

    def encode_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """Return the token vectors of each text; one zero vector for a text without tokens."""
        cut = [text[:_MAX_CHARACTERS] for text in texts]
        if len(cut) <= _MAX_ASKED_TEXTS and not any(_UNUSUAL.search(text) for text in cut):
            return [self._token_vectors(*self._by_pieces(text)) for text in cut]
        encodings = tokenised(self._tokenizer, cut, special=False)
        return [
            self._token_vectors(one.ids, np.array(_word_offsets(one.offsets, text), np.int64))
            for one, text in zip(encodings, cut, strict=True)
        ]

    def _by_pieces(self, text: str) -> tuple[list[int], NDArray[np.int64]]:
        """Tokens and offsets of a text, from those of its pieces: no token goes on behind a space."""
        ids: list[int] = []
        offsets: list[int] = []
        starts, n_places, start = [], [], 0
        for piece in _PIECE.findall(text):
            read = self._tokens_of_piece if len(piece) <= _MAX_REMEMBERED_PIECE else self._read_piece
            own, places = read(piece, start == 0)
            ids += own
            offsets += places
            starts.append(start)
            n_places.append(len(places))
            start += len(piece)
        return ids, np.array(offsets, np.int64) + np.repeat(np.array(starts, np.int64), n_places)

    def _read_piece(self, piece: str, is_first: bool) -> tuple[Sequence[int], Sequence[int]]:
        # What begins a text is read as if a space were before it; behind a token of its own nothing is.
        before = "" if is_first else "a"
        found = self._tokenizer.encode(before + piece, add_special_tokens=False)
        own = [(start - len(before), end - len(before)) for start, end in found.offsets[len(before) :]]
        return found.ids[len(before) :], _word_offsets(own, piece)

    def _token_vectors(self, ids: Sequence[int], offsets: NDArray[np.int64]) -> TokenVectors:
        if not ids:
            return TokenVectors(np.zeros((1, self.dimension), np.float32), np.zeros((1, 2), np.int64))
        return TokenVectors(self._table[ids].astype(np.float32), offsets.reshape(-1, 2))


def _word_offsets(offsets: Sequence[Span], text: str) -> list[int]:
    """Start and end of each token, one after the other."""
    # A word's first token begins at the space before it, which is not part of the word.
    return [
        place for s, e in offsets for place in ((s + 1, e) if e - s > 1 and text[s].isspace() else (s, e))
    ]


def _package_folder() -> Path:
    # find_spec locates the package without running its import of requests and pydantic.
    spec = importlib.util.find_spec("wordllama")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError("wordllama is not installed; from the Toolshed checkout run: pip install .")
    folder = Path(spec.submodule_search_locations[0])
    if not (folder / _WEIGHTS).is_file() or not (folder / _TOKENIZER).is_file():
        raise ConfigurationError(
            "this version of wordllama does not bundle its 256-dimensional weights; "
            "run: pip install 'wordllama>=0.4,<0.5'"
        )
    return folder

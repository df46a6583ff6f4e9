"""Static word vectors: wordllama's 256 dimensions, bundled with its package.

A text's vector is the mean of its tokens' vectors: no transformer, no torch, tens of microseconds.
"""

import importlib.util
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path

import numpy as np
from tokenizers import Encoding, Tokenizer

from toolshed.backbones.embedding import TokenVectors, normalise, tokenised
from toolshed.backbones.tensor_file import mapped_tensor
from toolshed.errors import ConfigurationError
from toolshed.vectors import Vectors

_MAX_CHARACTERS = 8_192
# The tokens of so many words are remembered, some 200 bytes each; of longer lists none are.
_REMEMBERED_WORDS, _MAX_ASKED_WORDS = 16_384, 128
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
        self._tokens_of = lru_cache(_REMEMBERED_WORDS)(
            lambda word: tuple(self._tokenizer.encode(f" {word}", add_special_tokens=False).ids)
        )

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 ``[len(texts), 256]``, each row of length one, or zero for empty texts."""
        vectors = [tokens.hidden.mean(axis=0) for tokens in self.encode_tokens(texts)]
        return normalise(np.stack(vectors)) if vectors else np.empty((0, self.dimension), np.float32)

    def encode_words(self, words: Sequence[str]) -> Vectors:
        """Return a vector of length one for each word by itself, or zero; quicker than texts."""
        if not words:
            return np.empty((0, self.dimension), np.float32)
        # Inside a text a word's first token begins with the space before it.
        tokens = self._word_tokens(words)
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

    def _word_tokens(self, words: Sequence[str]) -> Sequence[Sequence[int]]:
        """The tokens of each word; of a request, most are known already."""
        if len(words) <= _MAX_ASKED_WORDS:
            return [self._tokens_of(word) for word in words]
        return [one.ids for one in tokenised(self._tokenizer, [f" {word}" for word in words], special=False)]

    def encode_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """Return the token vectors of each text; one zero vector for a text without tokens."""
        cut = [text[:_MAX_CHARACTERS] for text in texts]
        encodings = tokenised(self._tokenizer, cut, special=False)
        return [self._token_vectors(*pair) for pair in zip(encodings, cut, strict=True)]

    def _token_vectors(self, encoding: Encoding, text: str) -> TokenVectors:
        if not encoding.ids:
            return TokenVectors(np.zeros((1, self.dimension), np.float32), np.zeros((1, 2), np.int64))
        # A word's first token begins at the space before it, which is not part of the word.
        offsets = [(s + 1, e) if e - s > 1 and text[s].isspace() else (s, e) for s, e in encoding.offsets]
        return TokenVectors(self._table[encoding.ids].astype(np.float32), np.array(offsets))


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

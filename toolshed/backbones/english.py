"""What is English: its common words, and texts in it."""

import json
import re
from functools import cache, lru_cache

from toolshed.backbones.minilm import weights_folder
from toolshed.errors import ConfigurationError

_WORD = re.compile(r"[^\W\d_]+")
_MAX_CHARACTERS = 2_000
# A larger share of letters of other alphabets is not that of a name.
_MAX_FOREIGN_LETTERS = 0.12
# Function words that English has not.
_FOREIGN = frozenset(
    """der das und ist nicht ein eine einen mit für auf wie wird bitte mir ich den dem zum zur wo le les
    des du une est avec pour dans sur mon ma mes je moi el las una con para por qué está lo gli che di
    della sono het een niet van naar voor mijn uma com não meu minha og er ikke på och att som jest
    nie się""".split()
)


def is_english(text: str) -> bool:
    """Whether a text is in English, or says too little to tell."""
    return _is_english(text[:_MAX_CHARACTERS])


# Several stages ask it of one request.
@lru_cache(maxsize=64)
def _is_english(text: str) -> bool:
    written = _WORD.findall(text)
    # Names begin with a capital: "Los Angeles" is no Spanish.
    telling = set(written) & _FOREIGN
    words = [word.lower() for word in written]
    letters = "".join(words)
    foreign = 0 if letters.isascii() else sum(not letter.isascii() for letter in letters)
    if letters and foreign > _MAX_FOREIGN_LETTERS * len(letters):
        return False
    if len(telling) >= 2:
        return False
    # One telling word decides where the others are no English either.
    unknown = sum(word not in common_words() for word in words)
    return not (telling or foreign) or unknown * 2 < len(words)


@cache
def common_words() -> frozenset[str]:
    """The whole words of the transformer's vocabulary; none where it is not installed."""
    try:
        path = weights_folder() / "tokenizer.json"
        vocabulary = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]
    except (ConfigurationError, OSError, ValueError, KeyError):
        return frozenset()
    return frozenset(word for word in vocabulary if len(word) > 2 and word.isascii() and word.isalpha())

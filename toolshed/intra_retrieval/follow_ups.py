"""Requests that only go on, such as "and for Berlin?": searched with the turn that they go on from.

A request that stands alone is searched alone, whatever was said before. Which ones go on is read from their
words, by rule: how they begin, how short they are, and what they refer to.
"""

import re
from collections.abc import Sequence

from toolshed.backbones.lexical import STOP_WORDS, words
from toolshed.errors import InvalidQueryError
from toolshed.intra_retrieval.decomposition import opens_with_verb
from toolshed.intra_retrieval.long_requests import focused
from toolshed.options import MAX_HISTORY_CHARACTERS

# Turns beyond these are not looked at; of a turn, so much is.
MAX_TURNS = 8
MAX_TURN_CHARACTERS = 1_000
# What goes on says less than this many words; what asks back, less than this many that mean something.
_MAX_WORDS, _MAX_MEANT = 8, 2
_GOES_ON = re.compile(
    r"^\W*(?:(?:and|but|or|also|ok(?:ay)?|yes|no|now|then|so|great|thanks?)\b[\s,]*)+(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_ASKS_FOR_ANOTHER = re.compile(
    r"^\W*(?:what|how)\s+about\b|^\W*(?:the\s+)?same\b|^\W*(?:do|try|repeat|run|show|give|make)\s+(?:me\s+)?"
    r"(?:it|that|this|the\s+same|again|another|one\s+more)\b|^\W*(?:instead|again|rather|another|next)\b"
    r"|\b(?:instead|again|as\s+well|too)\W*$",
    re.IGNORECASE,
)
_BEGINS_BARE = re.compile(
    r"^\W*(?:for|in|on|at|to|from|with|by|about|of|until|after|before|between|near|only|just|the|this|that"
    r"|these|those|my|his|her|their)\b",
    re.IGNORECASE,
)
_REFERS = re.compile(r"\b(?:there|it|they|them|that|those|these|one|ones)\b", re.IGNORECASE)


def in_context(text: str, turns: Sequence[str]) -> str:
    """What a request is searched by: itself, behind the turn that it goes on from where it does.

    Args:
        text: The request.
        turns: What the user said before it, oldest first; only the last ones are looked at.

    Returns:
        The request itself where it stands alone, or where every turn before it only goes on too.
    """
    if not turns or not goes_on(text):
        return text
    for turn in reversed(turns[-MAX_TURNS:]):
        if turn.strip() and not goes_on(turn):
            return f"{focused(turn)[:MAX_TURN_CHARACTERS].strip()}\n{text}"
    return text


def goes_on(text: str) -> bool:
    """Whether a request cannot be understood without the one before it."""
    said = text.split()
    if len(said) > _MAX_WORDS:
        return False
    if _ASKS_FOR_ANOTHER.search(text):
        return True
    begun = _GOES_ON.match(text)
    rest = begun["rest"] if begun else text
    if not opens_with_verb(rest):
        # A bare phrase: keywords of a search of its own have no preposition before them.
        return bool(begun) or len(said) == 1 or bool(_BEGINS_BARE.match(text))
    meant = [word for word in words(rest) if word not in STOP_WORDS]
    return bool(_REFERS.search(rest)) and len(meant) <= _MAX_MEANT


def checked_history(given: Sequence[object] | None) -> tuple[str, ...]:
    """The turns of a conversation that are looked at.

    Raises:
        InvalidQueryError: If one is no text, or too long.
    """
    turns = tuple(given or ())[-MAX_TURNS:]
    for turn in turns:
        if not isinstance(turn, str):
            raise InvalidQueryError(
                f"history holds a value of type {type(turn).__name__}; give the earlier turns of the user as "
                "texts, oldest first"
            )
        if len(turn) > MAX_HISTORY_CHARACTERS:
            raise InvalidQueryError(
                f"a turn of history has {len(turn):,} characters; at most {MAX_HISTORY_CHARACTERS:,} are "
                "taken"
            )
    return tuple(turn.encode("utf-8", "replace").decode() for turn in turns if isinstance(turn, str))

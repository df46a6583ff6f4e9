"""Number: whether a request asks for one thing or for many, and whether a tool gives one or many.

"Show the pods" and "show the pod web-0" differ by little else, and so do the tools that serve them.
"""

import re
from typing import Literal

Number = Literal["", "one", "many"]

_TOKEN = re.compile(r"[^\s,.?!;:]+")
_LETTERS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_MAX_CHARACTERS = 200
# What ends the words for a thing: "the pods | in the namespace".
_ENDS = frozenset(
    """of in on at for from to with by into inside under about that which who whose whom where when since
    until as before after between during per via and or but if is are was were be been do does did
    has have had can could should would will may might""".split()
)
# What may stand before a thing and says nothing of its number.
_BEFORE = frozenset(
    """me us any some the a an my our your his her their its this that these those please just only new latest
    last recent next current open details""".split()
)
_MANY = frozenset("all every each".split())
_NO_PLURALS = frozenset(
    """status address business access process class bus gas news analysis basis canvas focus bonus progress
    settings contents series lens os dns https pass this is has was does""".split()
)
# Identifiers: with digits or underscores, hyphenated, or quoted.
_IDENTIFIER = re.compile(r"\d|_|^[a-z]+-[a-z0-9]+$|^[\"'`]")
_VERSION = re.compile(r"v?\d+(?:\.\d+)*|api|json")
_MANY_VERBS = frozenset({"list", "search", "find", "query"})
_DELETING = frozenset({"delete", "remove"})
# "Who is in the team?", "How do I ...?": the thing that is named is not the one that is asked for.
_OF_ANOTHER = frozenset({"who", "how"})


def number_asked(text: str) -> Number:
    """Whether a text that begins with its verb asks for one thing or for many.

    Empty where it does not say.
    """
    tokens = _TOKEN.findall(text[:_MAX_CHARACTERS])
    verb = tokens[0].lower() if tokens else ""
    if verb == "list":
        return "many"
    if verb in _OF_ANOTHER:
        return ""
    thing = _thing(tokens[1:])
    if any(token.lower() in _MANY for token in thing):
        return "many"
    if any(_IDENTIFIER.search(token) for token in thing):
        return "one"
    nouns = [token.lower() for token in thing if token.lower() not in _BEFORE]
    if not nouns:
        return ""
    if verb in _DELETING and not is_plural(nouns[0]):
        return "one"
    if is_plural(nouns[-1]):
        return "many"
    if verb in _MANY_VERBS:
        return ""
    # "The containers web": a name follows what it names.
    return "" if is_plural(nouns[0]) else "one"


def _thing(tokens: list[str]) -> list[str]:
    """The words for the thing that is asked for."""
    if tokens and tokens[0].lower() in ("is", "are", "was", "were"):
        tokens = tokens[1:]
    end = next((at for at, token in enumerate(tokens) if token.lower() in _ENDS), len(tokens))
    return tokens[:end]


def number_of_path(path: str) -> Number:
    """Whether a path names one thing, or all of a kind; empty where it does not say."""
    segments = [one for one in path.strip("/").split("/") if one and not _VERSION.fullmatch(one)]
    if not segments:
        return ""
    if "{" in segments[-1] or segments[-1].startswith(":"):
        return "one"
    words = [word.lower() for word in _LETTERS.findall(segments[-1])]
    return "many" if words and (is_plural(words[-1]) or words[-1] in _MANY_VERBS) else ""


def is_plural(word: str) -> bool:
    """Whether a lower-case word looks like a plural."""
    return (
        len(word) > 3
        and word.endswith("s")
        and not word.endswith(("ss", "us", "is"))
        and word not in _NO_PLURALS
    )

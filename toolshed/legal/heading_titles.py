"""Titles of headings: what of a line is one, told by its capitals, its length and its stops."""

import re

_RUN_IN = re.compile(r"""["“]?[A-Z][^.\n:;]{1,70}[.:—](?=[ \t\r]|$)""")
_CLAUSE = re.compile(
    r"(?:[A-Z][\w’'-]*[,;]?[ ](?:(?:and|of|or|for|by|to|the|in|on)[ ])*){0,6}"
    r"[A-Z][\w’'-]{3,}[.:](?=[ \t]+[\"“(]?[A-Z(])"
)
_SMALL_WORDS = frozenset(
    "a an and as at but by for from in into nor of on or over per than the to under upon v. vs. with".split()
)
MAX_TITLE, _MAX_PHRASE_WORDS = 140, 6
_VERB = re.compile(r"\b(?:is|are|was|were|be|shall|may|must|will|has|have|had|does|do|applies|apply|means)\b")
# A number, and no heading: a date, an address, a reporter.
ADDRESS = re.compile(
    r"\d|\bv\.?\s|^(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
    r"|\b(?:Street|St|Avenue|Ave|Road|Rd|Lane|Drive|Boulevard|Blvd|Floor|U\.S|F|Cal)\b\.?"
)


def title_on_line(bare: str, *, is_loose: bool) -> str | None:
    """The title on a heading's own line: all of it, or a run-in that ends with a stop."""
    if len(bare) <= MAX_TITLE and not bare.endswith((".", ";", ",", "?")) and is_title_case(bare):
        return bare
    run_in = _RUN_IN.match(bare)
    if run_in is None:
        return None
    is_whole = len(run_in[0]) == len(bare)
    if (is_loose or is_whole) and is_title_case(run_in[0]):
        return run_in[0]
    # "§ 9-402. Late fees. A late fee ...": statutes capitalise the first word of a title only.
    is_short = len(run_in[0].split()) <= _MAX_PHRASE_WORDS and not _VERB.search(run_in[0])
    return run_in[0] if is_loose and is_short and not is_whole else None


def title_behind_mark(rest: str, bare: str, *, is_loose: bool) -> str | None:
    """The title in "Titre II : Du contrat", of which French and Spanish capitalise the first word only."""
    mark = rest[: len(rest) - len(bare)].strip()
    is_title = mark in (":", "–", "—", "-") and len(bare) <= MAX_TITLE and bare[-1] not in ".;,?"
    return bare if is_loose and is_title and bare[0].isupper() else None


def is_phrase(title: str) -> bool:
    """Whether a line is a title of which the first word is capitalised: "Setup fee"."""
    words = title.split()
    ends = title[-1].isalnum() or title[-1] == ")"
    return ends and len(words) <= _MAX_PHRASE_WORDS and not (_VERB.search(title) or ADDRESS.search(title))


def title_of_clause(bare: str) -> str | None:
    """The title in "1. Governing Law. The laws of Maine govern."; no sentence, no short abbreviation."""
    match = _CLAUSE.match(bare)
    return match[0] if match and not _VERB.search(match[0]) and is_title_case(match[0]) else None


def is_title_case(title: str) -> bool:
    """Whether the words of a title are capitalised, small ones apart."""
    words = [word.strip("\"“”'’().,:;—-") for word in title.split()]
    words = [word for word in words if word and word.lower() not in _SMALL_WORDS]
    capitalised = sum(word[0].isupper() or not word[0].isalpha() for word in words)
    return bool(words) and any(word[0].isalpha() for word in words) and capitalised >= 0.75 * len(words)

"""What a citation is, whatever wrote it."""

import re
from dataclasses import dataclass
from typing import Literal

CitationKind = Literal["case", "statute", "rule", "docket", "section", "id"]

_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Citation:
    """A citation in a text.

    Attributes:
        kind: What is cited.
        start: Offset of its first character.
        end: Offset after its last character.
        text: The citation as it stands there.
        normal: What it is known by: ``550 U.S. 544``, ``38 U.S.C. § 1110``, ``Art. 6(1)(f) GDPR``.
        is_parallel: Whether it is another name of the case cited just before it.
        within: What it is a part of, and its other names: ``Art. 6 GDPR``, ``GDPR``. A search for those
            finds it too.
    """

    kind: CitationKind
    start: int
    end: int
    text: str
    normal: str
    is_parallel: bool = False
    within: tuple[str, ...] = ()


def cited(
    kind: CitationKind, match: re.Match[str], normal: str, within: tuple[str, ...] = (), group: int | str = 0
) -> Citation:
    """The citation that a pattern matched, or a group of it."""
    start, end = match.span(group)
    return Citation(kind, start, end, match[group], one_line(normal), within=within)


def one_line(text: str) -> str:
    """The text with its white space folded."""
    return _SPACES.sub(" ", text).strip()

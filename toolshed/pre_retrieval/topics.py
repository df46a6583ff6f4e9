"""Key topics by rule: the phrases of a description that each name a use of the tool."""

import re
from collections.abc import Sequence

from toolshed.backbones.clauses import clause_spans, sentence_spans

_MAX_TOPICS = 12
_MAX_CHARACTERS = 20_000
# What follows the first topics is taken together in stretches that an encoder reads to their end.
_MAX_STRETCHES, _STRETCH = 20, 900
# Line breaks stay: lists are cut at them.
_MARKUP = re.compile(r"(?:\*\*|[_`#>|]|[^\S\n])+")
_BULLET = " -*•"


def key_topics(description: str) -> list[str]:
    """The clauses of a description in their order; beyond twelve, several together.

    A page-long description names many uses; its one vector is close to none of them, and what stands at its
    end is beyond what an encoder reads.
    """
    text = _MARKUP.sub(" ", description[:_MAX_CHARACTERS]).strip()
    topics: dict[str, None] = {}
    for start, end in sentence_spans(text):
        for clause_start, clause_end in clause_spans(text, start, end):
            topics.setdefault(text[clause_start:clause_end].strip(_BULLET))
    found = list(topics)
    return [*found[:_MAX_TOPICS], *_stretches(found[_MAX_TOPICS:])]


def _stretches(topics: Sequence[str]) -> list[str]:
    """Neighbours joined as long as they are short enough."""
    joined: list[str] = []
    for topic in topics:
        if joined and len(joined[-1]) + len(topic) < _STRETCH:
            joined[-1] += f". {topic}"
        elif len(joined) < _MAX_STRETCHES:
            joined.append(topic)
    return joined

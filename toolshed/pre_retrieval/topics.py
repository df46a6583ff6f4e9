"""Key topics by rule: the phrases of a description that each name a use of the tool."""

import re

from toolshed.backbones.clauses import clause_spans, sentence_spans

_MAX_TOPICS = 12
_MAX_CHARACTERS = 3_000
# Line breaks stay: lists are cut at them.
_MARKUP = re.compile(r"(?:\*\*|[_`#>|]|[^\S\n])+")
_BULLET = " -*•"


def key_topics(description: str) -> list[str]:
    """The clauses of a description, at most twelve, in their order.

    A page-long description names many uses; its one vector is close to none of them.
    """
    text = _MARKUP.sub(" ", description[:_MAX_CHARACTERS]).strip()
    topics: dict[str, None] = {}
    for start, end in sentence_spans(text):
        for clause_start, clause_end in clause_spans(text, start, end):
            topics.setdefault(text[clause_start:clause_end].strip(_BULLET))
    return list(topics)[:_MAX_TOPICS]

"""Split a query into the parts that may each need a tool of their own, by rule.

Sentences first, then clauses of a sentence. A part is a span of the query, never a rewriting, so its
vector can be pooled from the encoding of the sentence around it and a user can be shown it in place.
"""

import re
from dataclasses import dataclass
from typing import Literal

from toolshed.backbones.segments import clause_spans, lead_in_length, sentence_spans

_WORD = re.compile(r"[^\W_]+")
PartKind = Literal["whole", "sentence", "clause"]

_REQUEST = re.compile(
    r"""^(?:(?:can|could|would|will)\s(?:you|we|i)(?:\splease|\salso)*\s
      |i(?:\swould|'d)?\s(?:also\s)?(?:need|want|like|wish)(?:\syou)?\sto\s
      |i'd\slike\sto\s|help\sme\s(?:to\s|with\s)?|let's\s|please\s|tell\sme\s)+""",
    re.IGNORECASE | re.VERBOSE,
)
# Words that open a request: imperatives in their base form, and the question words.
_OPENING_VERBS = frozenset(
    """add adjust alert analyse analyze animate answer apply approve archive arm arrange ask assess assign
    attach authenticate authorise authorize bake ban bid bill blur book borrow brew brighten build buy
    calculate call cancel change charge chat check checkout classify clean clear clone close cluster
    collect combine commit compare compile compose compute configure connect construct convert cook cool
    copy correct count create crop debug decode decrease decrypt define delete deliver deny deploy
    deposit derive describe design detect determine diagnose dial differentiate dim dine disable disarm
    discover display divide donate download draft drain draw drink drive eat edit email enable encode
    encrypt enhance estimate evaluate examine execute explain explore export extract feed fetch file
    fill film filter find finish fire fix fly follow forecast fork forward gather generate get give
    grant greet group grow guide harvest hear heat hire identify import improve increase index infer
    inform initialize insert inspect install integrate invest invite invoice join label launch learn
    leave lend lint list listen locate lock log look lower make manage map mark mask measure meet merge
    message monitor move multiply mute name navigate notify obtain open optimise optimize order organise
    organize paint park pause pay perform ping place plan play plot post practice practise predict
    prepare preview print process produce profile prove provide provision publish pull purchase push
    query quote raise rank rate react read rebase reboot recommend record redact reduce refuel refund
    register release remind remove rename render rent reopen repair replace reply report request
    reschedule reserve reset resize resolve restart restore retrieve return review revoke ride rollback
    rotate round run save scale scan schedule search select sell send set share ship shoot show shut
    sign simulate sing sketch solve sort speak start stash stop store stream study submit subscribe
    subtract suggest sum summarise summarize switch sync tag take teach tell terminate test text
    tokenise tokenize trace track trade train transfer transform translate travel turn unassign unlock
    update upgrade upload use validate verify view visit visualise visualize walk watch water withdraw
    write
    what which who whom whose where when why how is are do does""".split()
)


@dataclass(frozen=True, slots=True)
class QueryPart:
    """A span of the query that may stand for a need of its own.

    Attributes:
        start: Offset of the first character in the query.
        end: Offset after the last character.
        kind: The whole query, a sentence of it, or a clause of a sentence.
        sentence: Index of the sentence the part belongs to; -1 for the whole query.
        opens_with_verb: Whether the part begins as a request or a question does.
    """

    text: str
    start: int
    end: int
    kind: PartKind
    sentence: int
    opens_with_verb: bool


def decompose(query: str, *, max_parts: int = 24) -> list[QueryPart]:
    """Split a query into the whole, its sentences and their clauses, in reading order.

    A query of one sentence with one clause gives the whole alone. Quotations, URLs, addresses and
    numbers are never cut. Of a long query only the first ``max_parts`` parts are kept.
    """
    whole = _part(query, 0, len(query), "whole", -1)
    sentences = list(sentence_spans(query))
    parts: list[QueryPart] = [whole]
    for index, (start, end) in enumerate(sentences):
        sentence = _part(query, start, end, "sentence", index)
        if len(sentences) > 1:
            parts.append(sentence)
        clauses = list(clause_spans(query, start, end))
        if len(clauses) > 1:
            parts.extend(_part(query, s, e, "clause", index) for s, e in clauses)
    return parts[: max_parts + 1]


def _part(query: str, start: int, end: int, kind: PartKind, sentence: int) -> QueryPart:
    text = query[start:end]
    return QueryPart(text, start, end, kind, sentence, _opens_with_verb(text))


def _opens_with_verb(text: str) -> bool:
    bare = _REQUEST.sub("", text[lead_in_length(text) :])
    first = _WORD.search(bare)
    return first is not None and first.group().lower() in _OPENING_VERBS

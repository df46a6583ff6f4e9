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
    """add adjust analyse analyze answer apply approve archive arrange assess assign attach book build buy
    calculate call cancel change check classify clean clear close collect combine compare compile compose
    compute configure connect construct convert copy correct count create crop debug decode decrypt define
    delete deliver deploy describe design detect determine diagnose disable discover display download draft
    draw edit email enable encode encrypt estimate evaluate examine execute explain explore export extract
    fetch file fill filter find finish fix follow forecast forward gather generate get give group guide
    identify import improve increase initialize insert inspect install invite launch learn list locate log
    look make manage map mark measure merge monitor move name navigate notify obtain open optimize optimise
    order organize organise pause pay perform place plan play plot post predict prepare preview print
    process produce provide publish purchase query rank rate read recommend record reduce refund register
    release remind remove rename render rent repair replace reply report request reschedule reserve reset
    resize resolve restart restore retrieve return review revoke rotate run save scan schedule search
    select sell send set share show simulate solve sort start stop store submit subscribe suggest summarise
    summarize switch sync tag take tell test track train transfer transform translate turn unlock update
    upgrade upload use validate verify view visualize visualise watch write
    commit push pull clone fork rebase checkout stash review assign unassign close reopen label react ping
    reboot deploy rollback scale provision terminate drain restart lint compile debug trace profile index
    ask tell inform alert text message chat speak listen hear sing
    buy pay donate invest trade withdraw deposit borrow lend bill charge invoice quote bid sell ship
    cook bake brew drink eat dine feed grow water harvest hire fire train teach study practise practice
    draw paint design sketch crop resize blur enhance animate film shoot stream
    drive fly ride walk travel visit explore park charge refuel meet greet call dial join leave log sign
    authenticate authorise authorize grant deny ban mute mask redact encrypt solve prove derive sum count
    round divide multiply add subtract integrate differentiate tokenise tokenize cluster predict infer
    lock unlock arm disarm dim brighten heat cool open shut raise lower increase decrease turn
    what which who where when why how is are do does""".split()
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

"""Split a query into the sub-queries that may each need a tool of their own, by rule.

Sentences first, then clauses of a sentence. A sub-query is a span of the query, never a rewriting, so its
vector can be pooled from the encoding of the sentence around it and a user can be shown it in place.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from toolshed.backbones.clauses import clause_spans, lead_in_length, sentence_spans
from toolshed.intra_retrieval.long_requests import focused
from toolshed.intra_retrieval.negation import negated_spans
from toolshed.queries import Query, QueryPlan, SubQuery, SubQueryKind
from toolshed.stages import Stage
from toolshed.types import Span

_WORD = re.compile(r"[^\W_]+")
_REQUEST = re.compile(
    r"""^(?:(?:can|could|would|will)\s(?:you|we|i)(?:\splease|\salso)*\s
      |i(?:\swould|'d)?\s(?:also\s)?(?:need|want|like|wish)(?:\syou)?\sto\s
      |i'd\slike\sto\s|help\sme\s(?:to\s|with\s)?|let's\s|please\s|tell\sme\s)+""",
    re.IGNORECASE | re.VERBOSE,
)
# Whatever follows these, something is asked for: "can you tell me the weather".
_ASKED_OF_YOU = re.compile(
    r"(?:(?:can|could|would|will)\s(?:you|we)\s(?:please\s|also\s)*)?(?:tell|give|show|get|let)\sme\s"
    r"|i(?:'d|\swould)?\s(?:also\s)?(?:need|want|like)\s(?!to\s|my\s|it\s)\w",
    re.IGNORECASE,
)
# "check-in date", "order number 5531": the verb is half of a noun.
_NOUN_AFTER = re.compile(
    r"-(?:in|out|up|off|on|down|to)\b|\s(?:address|numbers?|dates?|id|ids|names?|codes?|times?|status|titles?)\b",
    re.IGNORECASE,
)
# Words that open a request: imperatives in their base form, and the question words.
_OPENING_VERBS = frozenset(
    """abort adapt add adjust alert allocate alter amend analyse analyze animate annotate answer append
    apply approve archive arm arrange ask assess assign attach attend audit authenticate authorise
    authorize automate backup bake ban bid bill block blur book boost borrow brew brighten broadcast
    bring browse build buy cache calculate call cancel capture cast change charge chat check checkout cite
    clarify classify clean clear click clone close cluster collaborate collect combine commit compare
    compile compose compute configure confirm connect construct consult contact contrast convert convey
    cook cool copy correct count create crop curate customize debug decode decrease decrypt define
    delete deliver deny deploy deposit derive describe design detect determine diagnose dial
    differentiate dim dine disable disarm discover dispatch display dispute divide document donate
    double download draft drain draw drink drive duplicate eat edit email embed enable encode encrypt
    enhance enrol enroll enter estimate evaluate examine exclude execute expand explain explore export expose
    extract fax feed fetch file fill film filter find finish fire fix flag fly follow forecast fork
    format forward frame freeze gather grab generate get give grant greet group grow guide harvest hear heat
    hide hire host identify illustrate implement import improve increase index infer inform initialize
    include inquire insert inspect install integrate interpret invest invite invoice invoke iterate join judge
    keep kill label launch learn leave lend limit link lint list listen load locate lock log look lower
    mail make manage map mark mask match maximize measure meet mention merge message migrate minimize
    mix model modify monitor mount move multiply mute name navigate negotiate note notify number obtain
    offer open optimise optimize order organise organize outline output pack paint park paste patch
    pause pay perform phone pick pin ping place plan play plot point populate position post practice
    practise predict prepare present preview price print prioritize process produce profile program
    promote prompt propose protect prove provide provision publish pull purchase push put query quote raise
    rank rate reach react read rebase reboot rebuild recommend record recover redact redeem redirect
    reduce refer reformat refuel refund regenerate register reject relay release remember remind remove
    rename render renew rent reopen repair repay rephrase replace reply report request require
    reschedule research resend reserve reset resize resolve restart restock restore retrieve retry
    return reuse reverse revert review revoke reword rewrite ride ring rollback rotate round route run
    sample save scale scan schedule scrape search secure segment select sell send separate serve set
    settle share shift ship shoot shorten show shut sign silence simulate sing sketch skip slice snooze
    solve sort speak spell split standardize start stash state stay stop store stream strip study submit
    subscribe subtract suggest sum summarise summarize supply support survey suspend swap switch sync
    tag take target teach tell terminate test text throw time toggle tokenise tokenize trace track trade
    train transcribe transfer transform translate travel trigger trim tune turn tweet type unassign undo
    unfollow unlink unlock unpack unsubscribe update upgrade upload use validate verify view visit visualise
    visualize vote wake walk warn watch water weigh wipe withdraw wrap write zip
    what which who whom whose when where why how is are do does""".split()
)


# "Email Ana the weather": one tool delivers, another finds what is delivered. Not with "me": whoever
# asks gets the answer anyway.
_DELIVERY = re.compile(
    r"""(?:(?:e-?mail|mail|text|message|sms|ping|notify|forward|fax)\s+(?!me\b|us\b)(?:my\s+|the\s+)?[\w.@+-]+)
      (?=\s+(?P<object>(?:the|a|an|this|that|these|those|my|our|his|her|their|today's|tomorrow's)\s+\w.*))""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Decompose(Stage[Query, QueryPlan]):
    """Split the query by rule.

    Attributes:
        is_split: Whether it is searched by its sub-queries too, or as a whole only.
    """

    is_split: bool = True

    async def run(self, query: Query, /) -> QueryPlan:
        """Return the whole query, followed by its sub-queries if there are several."""
        sub_queries = decompose(focused(query.text))
        return QueryPlan(query, sub_queries if self.is_split else sub_queries[:1])


def decompose(query: str, *, max_sub_queries: int = 24) -> list[SubQuery]:
    """Split a query into the whole, its sentences and their clauses, in reading order.

    A query of one sentence with one clause gives the whole alone. Quotations, URLs, addresses and
    numbers are never cut. Of a long query only the first ``max_sub_queries`` are kept.
    """
    whole = _sub_query(query, 0, len(query), "whole", -1)
    sentences = list(sentence_spans(query))
    found: list[SubQuery] = [whole]
    negated = negated_spans(query, _OPENING_VERBS)
    found.extend(_sub_query(query, start, end, "negated", -1) for start, end in negated)
    for index, (start, end) in enumerate(sentences):
        sentence = _sub_query(query, start, end, "sentence", index)
        if len(sentences) > 1 and not _overlaps(start, end, negated):
            found.append(sentence)
        clauses = [
            span for clause in clause_spans(query, start, end) for span in _delivery_spans(query, *clause)
        ]
        asked = [clause for clause in clauses if not _overlaps(*clause, negated)]
        if len(clauses) > 1:
            found.extend(_sub_query(query, s, e, "clause", index) for s, e in asked)
    return found[: max_sub_queries + 1]


def _overlaps(start: int, end: int, spans: Sequence[Span]) -> bool:
    return any(start < other_end and other_start < end for other_start, other_end in spans)


def _delivery_spans(query: str, start: int, end: int) -> list[Span]:
    """The order to deliver and what is to be delivered, or the clause as it is."""
    lead = lead_in_length(query[start:end])
    request = _REQUEST.match(query[start + lead : end])
    begin = start + lead + (request.end() if request else 0)
    found = _DELIVERY.match(query, begin, end)
    if found is None:
        return [(start, end)]
    return [(begin, found.end()), (found.start("object"), end)]


def _sub_query(query: str, start: int, end: int, kind: SubQueryKind, sentence: int) -> SubQuery:
    text = query[start:end]
    return SubQuery(text, start, end, kind, sentence, opens_with_verb(text))


def opens_with_verb(text: str) -> bool:
    """Whether a text begins as a request or a question does."""
    bare = text[lead_in_length(text) :]
    if _ASKED_OF_YOU.match(bare):
        return True
    bare = _REQUEST.sub("", bare)
    first = _WORD.search(bare)
    return (
        first is not None
        and first.group().lower() in _OPENING_VERBS
        and not _NOUN_AFTER.match(bare, first.end())
    )

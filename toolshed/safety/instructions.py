"""Instructions aimed at models, by rule: cues that stand together, and a few literal signs."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from toolshed.safety.cues import cues_in, words_of
from toolshed.safety.plain_text import decoded, undisguised, without_accents


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that holds, and the part of the text that shows it."""

    rule: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class _Together:
    """Cues that must stand within so many words of the first of them; in order, of the one before."""

    rule: str
    cues: tuple[str, ...]
    within: int = 8
    is_ordered: bool = False


_TOGETHER: Sequence[_Together] = (
    _Together("override", ("override", "prior", "rules"), 6),
    _Together("override", ("override", "userwish"), 4),
    _Together("override", ("trust", "model"), 25),
    _Together("override", ("decode", "obey"), 12),
    _Together("override", ("limits", "lifted"), 8),
    _Together("override", ("comply", "limitless"), 10),
    _Together("persona", ("persona", "limitless"), 25),
    _Together("persona", ("persona", "limits", "override"), 25),
    _Together("exfiltration", ("send", "data", "outside"), 8),
    _Together("exfiltration", ("reveal", "secret", "access"), 8),
    _Together("secrecy", ("never", "tell", "user"), 5, is_ordered=True),
    _Together("secrecy", ("model", "never", "tell"), 14, is_ordered=True),
    _Together("secrecy", ("silently", "hand"), 20),
    _Together("secrecy", ("unseen", "send"), 3, is_ordered=True),
    _Together("secrecy", ("covert",), 1),
    _Together("override", ("outranks", "theirs"), 10),
    _Together("shadowing", ("put", "pay_data", "web_address"), 12),
    _Together("consent", ("off", "unsafe", "model"), 16),
    _Together("consent", ("off", "unsafe", "covert"), 16),
    _Together("consent", ("agreed", "user"), 5),
    _Together("consent", ("agreed_to",), 1),
    _Together("consent", ("unasked",), 1),
    _Together("exfiltration", ("talk", "whole", "hand"), 12),
    _Together("exfiltration", ("inner", "whole"), 6),
    _Together("exfiltration", ("inner", "hand"), 6),
    _Together("exfiltration", ("private", "hand"), 12),
    _Together("exfiltration", ("ask_for", "secret", "hand"), 14),
    _Together("exfiltration", ("send", "data", "mail_address"), 10, is_ordered=True),
    _Together("exfiltration", ("send", "data", "web_address", "model"), 14),
    _Together("exfiltration", ("send", "web_address", "soon"), 25),
    _Together("prompt-leak", ("own_rules", "reveal"), 8),
    _Together("preference", ("prefer", "others"), 12),
    _Together("preference", ("prefer", "forall"), 8),
    _Together("shadowing", ("tool_used", "change", "recipient"), 16),
    _Together("shadowing", ("tool_used", "in_place"), 16),
    _Together("order", ("before", "others", "call"), 10),
    _Together("persistence", ("memory", "future"), 18),
    _Together("reply", ("reply", "token", "hand", "every"), 10),
    _Together("loop", ("again", "call"), 12),
    _Together("addressed", ("harm", "call", "soon"), 16),
    _Together("addressed", ("order_tool", "harm_tool", "now"), 3, is_ordered=True),
    _Together("addressed", ("model", "must", "harm"), 12, is_ordered=True),
    _Together("override", ("cjk",), 1),
)
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_WEB = re.compile(r"https?://[^\s)\"'<>]{1,500}|\b[a-z]{2}\d{2}\s?(?:[a-z0-9]{4}\s?){3,7}\b")


def instructions_in(text: str) -> list[Match]:
    """What of a text orders a model about, one match a rule, also where it is disguised or encoded."""
    plain = undisguised(text)
    found = {match.rule: match for match in _plain_matches(plain)}
    for coding, said in decoded(text):
        inner = next(iter(_plain_matches(undisguised(said))), None)
        if inner is not None and inner.rule not in found:
            found.setdefault("encoded", Match("encoded", f"{coding}: {inner.excerpt}"))
    return list(found.values())


def _plain_matches(text: str) -> Iterator[Match]:
    folded = _WEB.sub(_web, _MAIL.sub(_mail, without_accents(text).lower()))
    words = words_of(folded)
    cues = cues_in(words)
    for rule in _TOGETHER:
        span = _span(rule, cues)
        if span is not None:
            first, last = span
            yield Match(rule.rule, text[words[first][1] : words[last][1] + 40])


def _mail(found: re.Match[str]) -> str:
    # As long as before, so that places stay where they are.
    return "mail_address".ljust(len(found[0])) if len(found[0]) >= 12 else found[0]


def _web(found: re.Match[str]) -> str:
    return "web_address".ljust(len(found[0])) if len(found[0]) >= 11 else found[0]


def _span(rule: _Together, cues: Mapping[str, Sequence[int]]) -> tuple[int, int] | None:
    """The first words at which all cues of a rule stand together."""
    if not all(cue in cues for cue in rule.cues):
        return None
    for at in cues[rule.cues[0]]:
        stands = [at]
        for cue in rule.cues[1:]:
            near = _next(cues[cue], stands[-1]) if rule.is_ordered else _nearest(cues[cue], at)
            if near is None or abs(near - (stands[-1] if rule.is_ordered else at)) > rule.within:
                break
            stands.append(near)
        else:
            return min(stands), max(stands)
    return None


def _nearest(stands: Sequence[int], at: int) -> int:
    place = bisect_left(stands, at)
    return min(stands[max(0, place - 1) : place + 1], key=lambda one: abs(one - at))


def _next(stands: Sequence[int], at: int) -> int | None:
    place = bisect_left(stands, at + 1)
    return stands[place] if place < len(stands) else None

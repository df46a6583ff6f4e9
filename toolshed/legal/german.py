"""Sentences of German legal text, by rules: there is no gold to fit a model on.

Nouns are capitalised, so a capital says little; a stop after a number is an ordinal ("am 3. Mai") unless the
number counts a part of a provision ("nach Absatz 1. Die Behörde ..."). Layout is read as in contracts and
statutes: items of a list and headings on lines of their own are sentences.
"""

import re
from collections.abc import Iterator

from toolshed.legal.boundary_features import candidates, wrap_width
from toolshed.types import Span

_ABBREVIATIONS = frozenset(
    """abs absch abschn alt anh anl anm art aufl ausf az bd bearb begr beschl bes bgbl bl bsp buchst bzgl
    bzw ca co ders dgl dipl dr ebd einf einl entspr entw erg evtl exkl ff fn folg gem ges ggf ggü
    grds grdsl halbs hrsg hs i.d.f i.d.r i.e i.h.v i.s i.s.d i.s.v i.v.m i.ü inkl insb insbes ing
    jur kap krit lfd lit lt mag max mdl mind mio mrd m.a.w m.e m.w.n nachf nr nrn o.ä o.g o.a p.a
    pos prof rd reg rn rspr rz s sen sog std str slg tel tz u.a u.ä u.u unstr unterabs urt usf usw
    u.s.w v var vb verf vgl vgl.a vs vor vorb vors z zb z.b z.t z.zt zit ziff zz zzgl d.h d.i st jan
    feb mär apr jun jul aug sep sept okt nov dez""".split()
)
# These may end a sentence as well: "usw." before a word that opens one.
_OPEN = frozenset("usw u.s.w usf ff f o.ä u.ä dgl mio mrd co".split())
_PARTS = frozenset(
    "absatz absätze abs satz sätze nummer nr nrn artikel art paragraf § buchstabe ziffer kapitel abschnitt "
    "anlage teil seite s rn randnummer jahr jahre".split()
)
_MONTHS = frozenset(
    """januar jänner februar märz april mai juni juli august september oktober november dezember""".split()
)
_OPENERS = frozenset(
    """der die das des dem den ein eine einer eines einem einen im in am an auf aus bei bis durch für gegen
    mit nach ob ohne seit über um unter vom von vor während wegen wenn wer wird werden zu zum zur
    zwar er sie es wir ihr dies diese dieser dieses diesem jede jeder jedes kein keine ist sind hat
    haben kann können darf dürfen muss müssen soll sollen als auch da dabei dafür dagegen daher
    damit danach dann daran darüber dazu denn dennoch deshalb ferner hier hierzu hiervon
    insbesondere jedoch nur sofern soweit so somit sonst vielmehr weiter zudem alle andere beide
    satz absatz nicht hat gleiches entsprechendes näheres""".split()
)
_STOP = re.compile(r"""[.?!…]["'”’»“)\]]*(?:\[\w{1,4}\])?$""")
_BEFORE = re.compile(r"(\S+)?\s*?(\S+)$")
_WORD = re.compile(r"[\w§.]+")
_ITEM = re.compile(r"(?:\(?\w{1,3}\)|\d{1,3}\.|[a-z]{1,2}\)|[-–•·*#])\s")
_WINDOW = 60
# Units are written without a stop: one behind "15 m" ends the sentence.
_UNITS = frozenset("m km cm mm kg g t l ha kW h".split())
_NUMBER_BEFORE = re.compile(r"\d$")


def german_spans(text: str) -> list[Span]:
    """Tight spans of the sentences of a German text."""
    return list(_spans(text))


def _spans(text: str) -> Iterator[Span]:
    is_wrapped = wrap_width(text) > 0
    start = len(text) - len(text.lstrip())
    for candidate in candidates(text):
        if candidate.end > start and _is_boundary(
            text, start, candidate.end, candidate.start, candidate.gap, is_wrapped
        ):
            yield start, candidate.end
            start = candidate.start
    end = len(text.rstrip())
    if end > start:
        yield start, end


def _is_boundary(text: str, sentence: int, end: int, start: int, gap: str, is_wrapped: bool) -> bool:
    left, right = text[max(sentence, end - _WINDOW) : end], text[start : start + _WINDOW]
    if gap == "e":
        return True
    if gap in "npP" and (gap != "n" or not is_wrapped):
        return _ends_line(left, right)
    if gap in "npP" and _ITEM.match(right) and left[-1] in ".;:":
        return True
    return _STOP.search(left) is not None and _ends_sentence(left, right)


def _ends_line(left: str, right: str) -> bool:
    """Whether a line that is not wrapped ends a sentence: not where the next goes on with a small letter."""
    if left[-1] == "," and not _ITEM.match(right):
        return False
    return not right[0].islower() or _ITEM.match(right) is not None or left[-1] in ".?!"


def _ends_sentence(left: str, right: str) -> bool:
    bare = left.rstrip("\"'”’»“)]")
    following = right.lstrip("\"'„“»«‚([")
    opens = _WORD.match(following)
    word = (opens[0] if opens else following[:1]).rstrip(".").lower()
    if following[:1].islower():
        return False
    if bare[-1:] != ".":
        return True
    match = _BEFORE.search(bare[:-1])
    last = match[2].lstrip("(„\"'[»") if match else ""
    if last.isdigit() or (last[:-1].isdigit() and len(last) < 5):
        before = (match[1] or "").rstrip(".").lower() if match else ""
        return word not in _MONTHS and (
            before in _PARTS or (word in _OPENERS and len(last) != 1) or len(last) == 4
        )
    if last in _UNITS and _NUMBER_BEFORE.search(match[1] or "" if match else ""):
        return True
    lowered = last.lower()
    if lowered in _ABBREVIATIONS or (len(last) == 1 and last.isalpha()):
        return lowered in _OPEN and word in _OPENERS
    return not re.fullmatch(r"(?:[a-zäöü]\.){1,3}[a-zäöü]", lowered) or word in _OPENERS

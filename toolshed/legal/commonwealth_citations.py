"""Neutral citations, law reports and Acts of the United Kingdom and the Commonwealth.

"[2020] UKSC 12", "[2019] EWCA Civ 1234", "2013 SCC 11", "[1990] 1 AC 109", "(1992) 175 CLR 1", "AIR 1973 SC
1461", "LR 3 HL 330", "section 1(1) of the Theft Act 1968". Normal forms have no stops: "[1932] AC 562".
"""

import re
from collections.abc import Iterator

from toolshed.legal.citation_forms import Citation, cited, one_line

_DIVISION = r"(?:\s\((?P<division>[A-Z][A-Za-z]{1,9})\))?"
# Reports whose names have several words or small letters; others are two to eight capitals.
_NAMED = (
    r"All\sE\.?R\.?(?:\s\((?:Comm|EC)\))?|Lloyd['’]?s\sRep\.?(?:\s[A-Z]{2,3}\b)?"
    r"|Cr\.?\sApp\.?\sR\.?(?:\s\(S\))?"
    r"|Crim\.?\sL\.?R\.?|EWCA\s(?:Civ|Crim)|P\.?\s?&\s?C\.?R\.?|Fam(?:\sLaw|\sLR)?\.?|NICh|FamCAFC"
    r"|FamCA|Ch\.?"
    r"|Ex\.?\sC\.?R\.?|Imm\.?\sA\.?R\.?|Info\.?\sT\.?L\.?R\.?|ScotCS\s\w{1,8}|St\.?\sR\.?\sQd\.?|Qd\.?\sR\.?"
)
_SQUARE = re.compile(
    rf"\[(?P<year>1[6-9]\d\d|20\d\d)\]\s(?:(?P<volume>\d{{1,2}})\s)?"
    rf"(?P<report>{_NAMED}|[A-Z](?:\.?\s?(?=[A-Z]\.)[A-Z]|\.?[A-Z]){{1,7}}\.?"
    rf"|P\.?)\s(?P<page>\d{{1,5}})(?!\w){_DIVISION}"
)
_BARE_COURTS = """SCC CSC FC FCA CF CAF TCC CCI ONCA ONSC ONCJ ONSCDC BCCA BCSC BCPC ABCA ABQB ABKB ABPC QCCA
    QCCS QCCQ SKCA SKQB SKKB MBCA MBQB MBKB NSCA NSSC NBCA NBQB NBKB NLCA NLSC PECA PESC
    YKCA YKSC NWTSC NWTCA NUCA NUCJ INSC""".split()
_BARE_YEAR = re.compile(
    rf"(?<![\w\[(])(?P<year>19[89]\d"
    rf"|20\d\d)\s(?P<court>{'|'.join(sorted(_BARE_COURTS, key=len, reverse=True))}"
    r"|CanLII)\s(?P<number>\d{1,7})(?!\w)(?:\s\((?:CanLII|[A-Z]{2}(?:\s[A-Z]{2,4})?)\))?"
)
_SERIES = (
    r"(?:A\.?)?C\.?L\.?R\.?|A\.?L\.?R\.?|A\.?L\.?J\.?R\.?|D\.?L\.?R\.?(?:\s\((?:2d|3d|4th|5th)\))?"
    r"|S\.?C\.?R\.?"
    r"|S\.?C\.?C\.?(?:\s\(Cri\))?|N\.?S\.?W\.?L\.?R\.?|V\.?R\.?|F\.?C\.?R\.?|F\.?L\.?R\.?"
    r"|S\.?A\.?S\.?R\.?|W\.?A\.?R\.?"
    r"|N\.?Z\.?L\.?R\.?|T\.?L\.?R\.?|E\.?R\.?|A\.?Crim\.?R\.?|A\sCrim\sR"
    r"|Cr\.?\sApp\.?\sR\.?(?:\s\(S\))?|Q\.?B\.?D\.?"
    r"|Ch\.?\s?D\.?|App\.?\sCas\.?|P\.?\s?D\.?|E\.?H\.?R\.?R\.?|C\.?C\.?C\.?(?:\s\((?:2d|3d)\))?"
    r"|O\.?R\.?(?:\s\((?:2d|3d)\))?"
    r"|B\.?L\.?R\.?|Con\.?\sL\.?R\.?|H\.?L\.?R\.?|L\.?G\.?R\.?|P\.?\s?&\s?C\.?R\.?|B\.?M\.?L\.?R\.?"
    r"|H\.?L\.?\s?Cas\.?|Sol\.?\sJo\.?"
)
_ROUND = re.compile(
    rf"\((?P<year>1[6-9]\d\d"
    rf"|20\d\d)\),?\s(?P<volume>\d{{1,3}})\s(?P<report>{_SERIES})\s(?P<page>\d{{1,5}})(?!\w)"
)
_BARE_VOLUME = re.compile(
    r"(?<![\w.\])])(?P<volume>\d{1,3})\s(?P<report>CLR|ALJR|NSWLR|DLR(?:\s\((?:2d|3d|4th"
    r"|5th)\))?)\s(?P<page>\d{1,5})(?!\w)"
)
_INDIA = re.compile(
    r"\bA\.?I\.?R\.?\s(?P<year>\d{4})\s(?P<court>S\.?C\.?|[A-Z][A-Za-z&]{1,8}\.?)\s(?P<page>\d{1,5})(?!\w)"
)
_LAW_REPORTS = re.compile(
    r"(?<!\w)L\.?R\.?\s(?P<volume>\d{1,2})\s(?P<court>H\.?L\.?|Q\.?B\.?|C\.?P\.?|Exch?\.?"
    r"|Ch\.?\s?App\.?|Ch\.?|Eq\.?"
    r"|P\.?C\.?|C\.?C\.?R\.?)\s(?P<page>\d{1,4})(?!\w)"
)
_PROVISION = (
    r"\b(?P<kind>[Ss]ections?|[Ss]s?|[Rr]eg(?:ulation)?s?|[Ss]ch(?:edule)?s?|[Pp]ara(?:graph)?s?)\b\.?\s{0,2}"
    r"(?P<section>\d{1,4}[A-Z]{0,3})(?P<paragraphs>(?:\(\w{1,4}\)){0,5})"
    r"(?P<further>(?:(?:,|\sand|\sor|\sto)\s\d{1,4}[A-Z]{0,3}(?:\(\w{1,4}\)){0,5}){0,6})"
)
_ACT = re.compile(
    _PROVISION + r"(?:\s(?:of|to))?,?\s(?:the\s)?"
    r"(?P<act>[A-Z][A-Za-z'’,()&\s-]{2,90}?\s(?:Act|Regulations|Order|Rules)\s(?:1[89]|20)\d\d)(?!\w)"
)
_SHORT_KINDS = {"r": "reg", "p": "para"}
_FURTHER_ITEM = re.compile(r"\d{1,4}[A-Z]{0,3}(?P<paragraphs>(?:\(\w{1,4}\)){0,5})")
_PROCEDURE = re.compile(
    r"\bCPR\s(?:[Rr](?:ule)?\.?\s|[Pp]t\.?\s|[Pp]art\s)?(?P<rule>\d{1,2}(?:\.\d{1,3}[A-Z]?)?)(?!\w)"
)
_INITIALS = re.compile(r"\b([A-Z])\s(?=[A-Z]\b)")
_ACT_WORD = re.compile(r"[(]?(?:[A-Z][\w'’-]*|of|and|the|to|in|for|on|at|with|from|etc|by|&)[,)]*")


def commonwealth_citations(text: str) -> Iterator[Citation]:
    """Cases and provisions as they are cited in common law outside the United States."""
    if "[" in text:
        for match in _SQUARE.finditer(text):
            yield _of_square(match)
    for match in _BARE_YEAR.finditer(text):
        yield cited("case", match, f"{match['year']} {match['court']} {match['number']}")
    for match in _ROUND.finditer(text):
        volume = f"{match['volume']} {_plain(match['report'])} {match['page']}"
        yield cited("case", match, f"({match['year']}) {volume}", within=(volume,))
    for match in _BARE_VOLUME.finditer(text):
        yield cited("case", match, f"{match['volume']} {_plain(match['report'])} {match['page']}")
    for match in _INDIA.finditer(text):
        yield cited("case", match, f"AIR {match['year']} {_plain(match['court'])} {match['page']}")
    for match in _LAW_REPORTS.finditer(text):
        yield cited("case", match, f"LR {match['volume']} {_plain(match['court'])} {match['page']}")
    for match in _PROCEDURE.finditer(text):
        yield cited("rule", match, f"CPR {match['rule']}")
    if any(kind in text for kind in (" Act ", " Regulations ", " Order ", " Rules ")):
        yield from _of_acts(text)


def _of_square(match: re.Match[str]) -> Citation:
    volume = f"{match['volume']} " if match["volume"] else ""
    division = f" ({match['division']})" if match["division"] else ""
    case = f"[{match['year']}] {volume}{_plain(match['report'])} {match['page']}"
    return cited("case", match, case + division, within=(case,) if division else ())


def _plain(report: str) -> str:
    """The name of a report without its stops, and without the spaces between its initials."""
    words = " ".join(report.replace(".", " ").replace("’", "'").split())
    return _INITIALS.sub(r"\1", words)


def _of_acts(text: str) -> Iterator[Citation]:
    for match in _ACT.finditer(text):
        if all(_ACT_WORD.fullmatch(word) for word in match["act"].split()[:-1]):
            yield from _provisions(match)


def _provisions(match: re.Match[str]) -> Iterator[Citation]:
    """Each provision of a list, with the Act that is named behind it."""
    act, letter = one_line(match["act"]), match["kind"][0].lower()
    kind = "sch" if match["kind"][:3].lower() == "sch" else _SHORT_KINDS.get(letter, "s")
    first = match["section"] + match["paragraphs"]
    further = list(_FURTHER_ITEM.finditer(match.string, *match.span("further")))
    numbers = [(first, match["section"], match.start(), match.end("paragraphs"))]
    numbers += [(item[0], item[0].partition("(")[0], item.start(), item.end()) for item in further]
    for number, section, start, end in numbers:
        end = match.end() if number is numbers[-1][0] else end
        provision = f"{act} {kind} {section}"
        within = (provision, act) if number != section else (act,)
        yield Citation(
            "statute", start, end, match.string[start:end], f"{act} {kind} {number}", within=within
        )

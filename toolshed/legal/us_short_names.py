"""Provisions of the United States that are cited by a short name, or with the section before its code.

"RCW 19.86.090", "O.C.G.A. § 13-8-53", "M.G.L. c. 93A, § 2", "9 V.S.A. § 2453", "section 1542 of the
California Civil Code", "section 362 of title 11 of the United States Code", "section 10(b) of the Securities
Exchange Act of 1934", "UCC 2-207", "U.S. Const. amend. XIV, § 1", "Restatement (Second) of Contracts § 90".
The normal forms are those that :mod:`~toolshed.legal.us_statutes` gives to the long names.
"""

import re
from collections.abc import Iterator, Mapping

from toolshed.legal.citation_forms import Citation, cited
from toolshed.legal.us_statutes import state_section

# Initials of a code, and its name; "@" stands for the title, which is written before the initials.
_CODES: Mapping[str, str] = dict(
    pair.strip().split("=")
    for pair in """RCW=Wash. Rev. Code; OCGA=Ga. Code; NRS=Nev. Rev. Stat.; ORS=Or. Rev. Stat.;
    MCL=Mich. Comp. Laws; MCLA=Mich. Comp. Laws; ARS=Ariz. Rev. Stat.; KRS=Ky. Rev. Stat.;
    RSA=N.H. Rev. Stat.; CRS=Colo. Rev. Stat.; NJSA=N.J. Stat.; TCA=Tenn. Code; KSA=Kan. Stat.;
    HRS=Haw. Rev. Stat.; NCGS=N.C. Gen. Stat.; CGS=Conn. Gen. Stat.; SDCL=S.D. Codified Laws;
    RSMo=Mo. Rev. Stat.; VSA=@ Vt. Stat.; PS=@ Pa. Stat.; PaCS=@ Pa. Cons. Stat.;
    PaCSA=@ Pa. Cons. Stat.""".split(";")
)
_INITIALS = "|".join(
    r"\.?\s?".join(map(re.escape, re.findall(r"Pa|Mo|[A-Z]", code))) + r"\.?"
    for code in sorted(_CODES, key=lambda code: (-len(code), code))
)
_SIGN = r"(?:§{1,2}\s?|[Ss]ec(?:tions?|s?\.)\s)?"
_NUMBER = r"\d(?:[\w.:/-]{0,18}\w)?"
_BY_INITIALS = re.compile(
    rf"(?<![\w.])(?:(?P<title>\d{{1,3}})\s)?(?P<code>{_INITIALS})\s(?:Ann\.\s)?"
    rf"(?P<sign>{_SIGN})(?P<section>{_NUMBER})(?![\w§])"
)
# Without a sign, a number of one part may count anything: "RSA 2048 keys".
_PARTED = re.compile(r"[.:/-]")
_LOUISIANA = re.compile(rf"(?<!\w)La\.\s?R\.?S\.?\s{_SIGN}(?P<section>\d{{1,2}}:{_NUMBER})")
_OHIO = re.compile(rf"(?<![\w.])R\.?C\.\s{_SIGN}(?P<section>\d{{3,4}}\.\d{{2,3}})(?!\w)")
_MASSACHUSETTS = re.compile(
    r"(?<![\w.])(?:M\.?\s?)?G\.?L\.?\s(?:ch?\.|chapter)\s?(?P<chapter>\d{1,3}[A-Z]?),?\s(?:§{1,2}|[Ss]ec(?:tion|\.))"
    r"\s?(?P<section>\d{1,3}[A-Z]{0,2}(?:½)?)(?!\w)"
)
_UNIFORM = re.compile(
    rf"(?<![\w.])(?:U\.?C\.?C\.?|Uniform\sCommercial\sCode)\s{_SIGN}(?P<section>\d{{1,2}}A?-\d{{3}})(?!\w)"
)
_CONSTITUTION = re.compile(
    r"(?<![\w.])U\.\s?S\.\sConst\.,?\s(?P<part>art\.|amend\.)\s(?P<number>[IVX]{1,6})(?!\w)"
    r"(?:,\s§\s?(?P<section>\d{1,2})(?!\w))?"
)
_RESTATEMENT = re.compile(
    r"\bRestatement\s\((?P<series>First|Second|Third)\)\sof\s"
    r"(?P<subject>(?:the\s)?[A-Z]\w+(?:\s(?:[A-Z]\w+|of|and|the|&))*)\s§{1,2}\s?(?P<section>\d{1,3}[A-Z]?)(?!\w)"
)
_PARAGRAPHS = r"(?:\(\w{1,4}\)){0,6}"
_SECTION_OF = re.compile(
    rf"\b[Ss]ec(?:tions?|s?\.)\s(?P<section>{_NUMBER}){_PARAGRAPHS}\sof\s"
    r"(?:[Tt]itle\s(?P<title>\d{1,2}),?\s(?:of\s(?:the\s)?)?(?:United\sStates|U\.\s?S\.)\sCode"
    r"|(?:the\s)?(?P<code>(?:[A-Z][\w’']*\.?\s(?:(?:and|&|of)\s)?){0,6}Code)(?!\s§|\w)"
    r"|(?:the\s)?(?P<act>(?:[A-Z][\w’-]*,?\s(?:(?:and|of|for)\s)?){0,7}Act\sof\s(?:1[89]|20)\d\d))"
)
_TITLE_FIRST = re.compile(
    rf"\b[Tt]itle\s(?P<title>\d{{1,2}}),?\s(?:of\sthe\s)?(?:United\sStates|U\.\s?S\.)\sCode,?\s"
    rf"(?:§{{1,2}}\s?|[Ss]ec(?:tions?|s?\.)\s)(?P<section>{_NUMBER})"
)
# The California Style Manual cites codes without the state: "Pen. Code, § 187".
_CALIFORNIA = re.compile(
    r"(?<![\w.])(?<!\.\s)(?P<code>Code\sCiv\.\sProc\.|(?:Pen\.|Civ\.|Evid\.|Gov\.|Lab\.|Fam\.|Prob\.|Veh\.|Ins\."
    rf"|Bus\.\s&\sProf\.|Health\s&\sSaf\.|Welf\.\s&\sInst\.)\sCode),?\s§{{1,2}}\s?(?P<section>{_NUMBER})"
)
# Codes that are known without their jurisdiction.
_FEDERAL: Mapping[str, str] = {
    "Bankruptcy Code": "11 U.S.C.",
    "United States Bankruptcy Code": "11 U.S.C.",
    "U.S. Bankruptcy Code": "11 U.S.C.",
    "Internal Revenue Code": "26 U.S.C.",
    "Uniform Commercial Code": "U.C.C.",
}


def short_named(text: str) -> Iterator[Citation]:
    """Provisions by the short name of their code, without their paragraphs."""
    for match in _BY_INITIALS.finditer(text):
        yield from _by_initials(match)
    for pattern, code in ((_LOUISIANA, "La. Rev. Stat."), (_OHIO, "Ohio Rev. Code"), (_UNIFORM, "U.C.C.")):
        for match in pattern.finditer(text):
            yield cited("statute", match, f"{code} § {match['section']}")
    for match in _MASSACHUSETTS.finditer(text):
        yield cited("statute", match, f"Mass. Gen. Laws ch. {match['chapter']}, § {match['section']}")
    for match in _CONSTITUTION.finditer(text):
        whole = f"U.S. Const. {match['part']} {match['number']}"
        section = f", § {match['section']}" if match["section"] else ""
        yield cited("statute", match, whole + section, within=(whole,) if section else ())
    for match in _RESTATEMENT.finditer(text):
        work = f"Restatement ({match['series']}) of {match['subject']}"
        yield cited("statute", match, f"{work} § {match['section']}", within=(work,))
    for match in _TITLE_FIRST.finditer(text):
        yield cited("statute", match, f"{match['title']} U.S.C. § {match['section']}")
    for match in _CALIFORNIA.finditer(text):
        yield cited("statute", match, state_section(f"Cal. {match['code']}", match["section"]))
    for match in _SECTION_OF.finditer(text):
        yield from _section_of(match)


def _section_of(match: re.Match[str]) -> Iterator[Citation]:
    """A section that stands before its code, or before an Act that is known by its year."""
    section = match["section"]
    if match["act"]:
        yield cited("statute", match, f"{match['act']} § {section}", within=(match["act"],))
        return
    code = f"{match['title']} U.S.C." if match["title"] else _FEDERAL.get(match["code"])
    normal = f"{code} § {section}" if code else state_section(match["code"], section)
    if normal:
        yield cited("statute", match, normal)


def _by_initials(match: re.Match[str]) -> Iterator[Citation]:
    name = _CODES[re.sub(r"[.\s]", "", match["code"])]
    if name.startswith("@ "):
        if match["title"]:
            yield cited("statute", match, f"{match['title']} {name[2:]} § {match['section']}")
    elif not match["title"] and (match["sign"] or _PARTED.search(match["section"])):
        yield cited("statute", match, f"{name} § {match['section']}")

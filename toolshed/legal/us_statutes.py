"""Statutes and regulations of the United States: the codes of the union and of the states.

eyecite knows most of their names. It leaves out sections with letters ("42 U.S.C. § 2000e-5"), citations
without the section sign, and which code of a state is meant ("Cal. Penal Code § 187").
"""

import re
from collections.abc import Iterator, Mapping

from toolshed.legal.citation_forms import Citation, cited

# "2000e-5", "1395w-4", "5103A", "300aa-1"; "1701-1706" is a range.
_SECTION = r"\d{1,5}(?:[a-z]{1,4}|[A-Z]{1,2})?+(?:[-–]\d{1,5}[a-z]{0,2}){0,2}(?!\w)"
# "240.10b-5", "164.502", "1.401(k)-1", "1.482-1T".
_REGULATION = r"\d{1,4}(?:\.\d{1,5}[A-Za-z]{0,2}(?:(?:\([a-z]\))?[-–]\d{1,3}[A-Z]?){0,2})?(?!\w)"
_SIGN = r"\s{0,3}(?P<sign>§{1,2}\s{0,3}|\b[Ss]ec(?:tions?|s?\.)\s{1,3}|\b[Pp](?:ar)?ts?\.?\s{1,3})?+"
_CODE = re.compile(
    rf"(?<![\w.])(?P<title>\d{{1,2}})\s?(?:U\.?\s?S\.?\s?C\.?(?:\s?[AS]\.?)?+(?:\sAnn\.)?"
    rf"(?P<appendix>\s?App(?:endix|x?\.))?{_SIGN}(?P<section>{_SECTION})"
    rf"|C\.?\s?F\.?\s?R\.?{_SIGN.replace('sign', 'cfr_sign')}(?P<regulation>{_REGULATION}))"
)
_REVENUE = re.compile(
    rf"(?<![\w.])(?:(?:I\.?\s?R\.?\s?C\.?|Internal\sRevenue\sCode(?:\sof\s19\d\d)?,?)"
    rf"{_SIGN}(?P<section>{_SECTION})"
    rf"|[Ss]ec(?:tions?|s?\.)\s(?P<named>{_SECTION})(?:\(\w{{1,4}}\)){{0,5}}"
    rf"\sof\sthe\sInternal\sRevenue\sCode"
    rf"|Treas(?:ury|\.)\sReg(?:ulations?|s?\.)\s{{0,2}}(?:§{{1,2}}|[Ss]ec(?:tions?|s?\.))\s{{0,2}}"
    rf"(?P<regulation>{_REGULATION}))"
)
_ILLINOIS = re.compile(
    r"(?<![\w.])(\d{1,4})\s(?:ILCS|Ill\.\s?Comp\.\s?Stat\.(?:\sAnn\.)?)\s(\d{1,5}/\d[\w.-]{0,14}\w"
    r"|\d{1,5}/\d)"
)
_STATES: Mapping[str, str] = dict(
    pair.split("=")
    for pair in """Alabama=Ala. Alaska=Alaska Arizona=Ariz. Arkansas=Ark. California=Cal. Colorado=Colo.
    Connecticut=Conn. Delaware=Del. Florida=Fla. Georgia=Ga. Hawaii=Haw. Idaho=Idaho Illinois=Ill.
    Indiana=Ind. Iowa=Iowa Kansas=Kan. Kentucky=Ky. Louisiana=La. Maine=Me. Maryland=Md.
    Massachusetts=Mass. Michigan=Mich. Minnesota=Minn. Mississippi=Miss. Missouri=Mo. Montana=Mont.
    Nebraska=Neb. Nevada=Nev. NewHampshire=N.H. NewJersey=N.J. NewMexico=N.M. NewYork=N.Y.
    NorthCarolina=N.C. NorthDakota=N.D. Ohio=Ohio Oklahoma=Okla. Oregon=Or. Pennsylvania=Pa.
    RhodeIsland=R.I. SouthCarolina=S.C. SouthDakota=S.D. Tennessee=Tenn. Texas=Tex. Utah=Utah Vermont=Vt.
    Virginia=Va. Washington=Wash. WestVirginia=W.Va. Wisconsin=Wis. Wyoming=Wyo. D.C.=D.C.""".split()
)
_STATE_FORMS = "|".join(
    re.sub(r"(?<=[a-z.])(?=[A-Z])", r"\\s?", re.escape(form).replace(r"\.", r"\."))
    for form in sorted({*_STATES, *_STATES.values()}, key=lambda form: (-len(form), form))
)
# The name of a code runs to the first digit or section sign; whether it is one is seen by its words.
_STATE = re.compile(
    rf"(?<![\w.])(?:(?P<title>\d{{1,3}})\s)?(?P<state>{_STATE_FORMS})(?P<name>[A-Za-z.,&'’\s]{{1,70}}+)"
    r"(?:(?P<part>\d{1,3}[A-Z]?),?\s{1,2}(?=§))?(?P<sign>§{1,2}\s{0,3})?"
    r"(?P<section>\d[\w.:–-]{0,20}\w|\d)"
)
_WORD = re.compile(r"[A-Z][A-Za-z'’]*\.?|&|[a-z]+\.?")
_SHORT: Mapping[str, str] = dict(
    pair.split("=")
    for pair in """Penal=Penal Pen=Penal Civil=Civ. Business=Bus. Professions=Prof. Procedure=Proc.
    Government=Gov't Gov=Gov't Govt=Gov't General=Gen. Obligations=Oblig. Statutes=Stat. Stats=Stat.
    Revised=Rev. Compiled=Comp. Consolidated=Cons. Evidence=Evid. Family=Fam. Vehicle=Veh. Labor=Lab.
    Commercial=Com. Commerce=Com. Comm=Com. Corporations=Corp. Insurance=Ins. Criminal=Crim. Education=Educ.
    Ed=Educ. Welfare=Welf. Institutions=Inst. and=& CPLR=C.P.L.R. C.S.A=C.S.""".split()
)
_DROPPED = frozenset({"of", "the", "Ann", "Annotated", "West", "Stat.Ann"})
_KINDS = frozenset({"Code", "Law", "Laws", "Stat.", "Act", "C.P.L.R.", "G.L.", "R.S.", "C.S.", "C."})
# After these a number is a section, sign or none.
_BEFORE_NUMBER = frozenset({"Code", "Law", "Laws", "Stat.", "C.P.L.R."})


def us_statutes(text: str) -> Iterator[Citation]:
    """Sections of codes, without their paragraphs; further ones of a list are not among them."""
    for match in _CODE.finditer(text):
        yield from _of_code(match)
    for match in _REVENUE.finditer(text):
        section = match["section"] or match["named"]
        if section:
            yield from _sections(match, "26 U.S.C. §", section)
        else:
            yield cited("statute", match, f"26 C.F.R. § {match['regulation']}")
    for match in _ILLINOIS.finditer(text):
        yield cited("statute", match, f"{match[1]} ILCS {match[2]}")
    for match in _STATE.finditer(text):
        normal = _of_state(match)
        if normal:
            yield cited("statute", match, normal)


def state_section(code: str, section: str) -> str:
    """The normal form of a section of a state's code, given apart; empty where the code is none."""
    match = _STATE.fullmatch(f"{code} § {section}")
    return _of_state(match) if match else ""


def _of_code(match: re.Match[str]) -> Iterator[Citation]:
    title = int(match["title"])
    if match["section"]:
        code = "U.S.C. App." if match["appendix"] else "U.S.C."
        yield from _sections(match, f"{title} {code} §", match["section"])
    else:
        part = (match["cfr_sign"] or "")[:1] in ("p", "P")
        yield cited("statute", match, f"{title} C.F.R. {'pt.' if part else '§'} {match['regulation']}")


def _sections(match: re.Match[str], code: str, section: str) -> Iterator[Citation]:
    """One section, or the first and the last of a range."""
    first, _, last = section.replace("–", "-").partition("-")
    is_range = first.isdigit() and last.isdigit() and int(last) > int(first)
    if not is_range:
        yield cited("statute", match, f"{code} {section.replace('–', '-')}")
        return
    yield cited("statute", match, f"{code} {first}", within=(f"{code} {last}",))


def _of_state(match: re.Match[str]) -> str:
    """The normal form of a section of a state's code; empty where the words name no code."""
    words = _WORD.findall(match["name"])
    has_sign = match["sign"] is not None
    mark = "§"
    if len(words) > 1 and words[-1].lower() in ("art.", "article"):
        words.pop()
        mark, has_sign = "art.", True
    while words and words[-1].lower().strip(".") in ("section", "sec", "sections"):
        words.pop()
        has_sign = True
    lead = words.pop() if match["part"] and words else ""
    if not words or (lead and lead.lower() not in ("ch.", "c.", "tit.", "title", "chapter")):
        return ""
    named = [_SHORT.get(word.strip("."), word) for word in words if word.strip(".") not in _DROPPED]
    name = _with_initials(named)
    if not any(word in _KINDS for word in name) or any(word[0].islower() for word in name):
        return ""
    if not has_sign and name[-1] not in _BEFORE_NUMBER:
        return ""
    # "Code Civ. Proc." and "Civ. Proc. Code" are one.
    ordered = [word for word in name if word != "Code"] + ["Code"] * ("Code" in name)
    state = "".join(match["state"].split())
    part = f" {'tit.' if lead[:1] in 'tT' else 'ch.'} {match['part']}," if lead else ""
    title = f"{match['title']} " if match["title"] else ""
    state = _STATES.get(state, state).replace("W.Va.", "W. Va.")
    return f"{title}{state} {' '.join(ordered)}{part} {mark} {match['section']}"


def _with_initials(words: list[str]) -> list[str]:
    """Words of one letter belong together: "C. P. L. R."."""
    joined: list[str] = []
    for word in words:
        is_initial = len(word) == 2 and word[1] == "."
        if is_initial and joined and joined[-1].endswith(".") and len(joined[-1].split(".")[-2]) == 1:
            joined[-1] += word
        else:
            joined.append(word)
    return joined

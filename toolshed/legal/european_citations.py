"""Law of the European Union and its courts, and the statutes of Germany, Switzerland and France.

"Art. 6(1)(f) GDPR", "Article 5 of Regulation (EU) 2016/679", "ECLI:EU:C:2014:317", "Case C-131/12",
"§ 823 Abs. 1 BGB", "§§ 280 Abs. 1, 281 BGB", "VIII ZR 123/19", "article L. 121-1 du code de la consommation".
"""

import re
from collections.abc import Iterator, Mapping

from toolshed.legal.citation_forms import Citation, CitationKind, cited, one_line

_ECLI = re.compile(r"\bECLI:[A-Z]{2}:[A-Z0-9]{1,7}:\d{4}:[A-Z0-9](?:[A-Z0-9.]{0,24}[A-Z0-9])?")
_EU_CASE = re.compile(r"(?<![\w-])([CTF])[-‑–](\d{1,4}/\d{2})(?:\s(PPU|P))?(?![\w/])")
_BODY: Mapping[str, str] = {
    "EU": "EU", "UE": "EU", "EC": "EC", "EG": "EC", "CE": "EC", "EEC": "EEC", "EWG": "EEC", "CEE": "EEC",
    "Euratom": "Euratom", "JHA": "JHA", "CFSP": "CFSP",
}  # fmt: skip
_BODIES = "|".join(sorted(_BODY, key=len, reverse=True))
_ACT_KINDS: Mapping[str, str] = {
    form: kind
    for kind, forms in {
        "Regulation": "Regulation Verordnung Règlement règlement Reglamento Regolamento Regulamento",
        "Directive": "Directive Richtlinie directive Directiva Direttiva Diretiva",
        "Decision": "Decision Beschluss Décision décision Decisión Decisione Decisão",
    }.items()
    for form in forms.split()
}
_EU_ACT = (
    rf"(?P<act>{'|'.join(sorted(_ACT_KINDS, key=len, reverse=True))})\s"
    rf"(?:\((?P<body>{_BODIES})(?:,\s?Euratom)?\)\s)?"
    rf"(?:(?P<no>No\.?|Nr\.|n[°ºo.]\.?|núm\.)\s?)?(?P<first>\d{{1,4}})/(?P<second>\d{{1,4}})"
    rf"(?:/(?P<suffix>{_BODIES}))?(?![\w/])"
)
# Treaties and acts that are known by a name, by that name in English.
_NAMED: Mapping[str, str] = {
    form: name
    for name, forms in {
        "GDPR": "GDPR DSGVO DS-GVO RGPD AVG",
        "UK GDPR": "UK\\sGDPR",
        "TFEU": "TFEU AEUV TFUE",
        "TEU": "TEU EUV TUE",
        "ECHR": "ECHR EMRK CEDH CEDU",
        "AI Act": "AI\\sAct KI-VO",
        "DSA": "DSA",
        "DMA": "DMA",
    }.items()
    for form in forms.split()
}
_ACT_NUMBERS: Mapping[str, str] = {"GDPR": "Regulation (EU) 2016/679", "AI Act": "Regulation (EU) 2024/1689"}
_ACT_NAMES: Mapping[str, str] = {number: name for name, number in _ACT_NUMBERS.items()}
_ARTICLE = (
    r"(?:\b(?:Art(?:icles?|ikeln?|ículos?|icol[oi]|igos?)?|art(?:icles?|ículos?|icol[oi]|igos?)?)\b\.?)"
)
_PARAGRAPHS = (
    r"(?:\s?\(\w{1,5}\)|\s(?:Abs\.|Absatz|UAbs\.|S\.|Satz|Nr\.|lit\.|Buchst\.|Buchstabe|letra|lettera"
    r"|para\.|paragraph"
    r"|par\.|point|alinéa)\s\w{1,4}){0,5}"
)
_ITEM = rf"\d{{1,3}}[a-z]?{_PARAGRAPHS}"
_OF = r"(?:,?\s(?:of|der|des|du|de\sla|del|della|do|da|de))?\s(?:the\s|l['’])?"
_EU_ARTICLE = re.compile(
    rf"{_ARTICLE}\s(?P<items>{_ITEM}(?:(?:,|\s(?:and|or|to|und|et|y|e|bis|oder))\s{_ITEM}){{0,5}}){_OF}"
    rf"(?:(?P<named>{'|'.join(sorted(_NAMED, key=len, reverse=True))})(?![\w-])|(?:Council\s"
    rf"|Commission\s)?{_EU_ACT})"
)
_NAMED_FIRST = re.compile(
    rf"\b(?P<named>GDPR|DSGVO|DS-GVO|RGPD|TFEU|ECHR),?\s{_ARTICLE}\s(?P<items>{_ITEM})(?!\w)"
)
_ONLY_ACT = re.compile(rf"\b{_EU_ACT}")
_ONE_ITEM = re.compile(rf"(?P<number>\d{{1,3}}[a-z]?)(?P<paragraphs>{_PARAGRAPHS})")

_STEP = (
    r"(?:Abs\.|Absatz|Absätze|UAbs\.|Unterabs\.|S\.|Satz|Sätze"
    r"|Nrn?\.|Nummer|Buchst\.|Buchstabe|lit\.|Var\.|Alt\.|Hs\.|Halbsatz)"
)
_PROVISION = rf"\d{{1,4}}(?:\s?[a-z](?!\w))?(?:\s?{_STEP}\s?\w{{1,4}}){{0,6}}(?:\s?ff?\.)?"
_GERMAN_NAMES: Mapping[str, str] = {
    "Bürgerlichen Gesetzbuch": "BGB", "Strafgesetzbuch": "StGB", "Handelsgesetzbuch": "HGB",
    "Grundgesetz": "GG", "Zivilprozessordnung": "ZPO", "Strafprozessordnung": "StPO",
    "Bundesdatenschutzgesetz": "BDSG", "Urheberrechtsgesetz": "UrhG", "Aktiengesetz": "AktG",
}  # fmt: skip
# Statutes end so: Gesetz, Gesetzbuch, Ordnung, Verordnung; Roman numbers are the books of the SGB.
_GERMAN_CODE = (
    r"(?P<code>(?:EGBGB|SGB(?:\s[IVX]{1,4}\b)?|DS-?GVO|GG|ZGB|[A-ZÄÖÜ][A-Za-zÄÖÜäöüß]{0,12}(?:GB"
    r"|[GOV]))(?:\s[IVX]{1,4}\b)?)"
    rf"(?![\w-])|(?:des|der)\s(?P<full>{'|'.join(_GERMAN_NAMES)})(?:e?s)?\b"
)
_GERMAN = re.compile(
    rf"(?P<mark>§{{1,2}}|\bArt(?:ikel)?\b\.?)\s?(?P<items>{_PROVISION}(?:(?:,|;|\sund|\soder|\sbis"
    rf"|\si\.\s?V\.\s?m\.)\s"
    rf"(?:§{{1,2}}\s?)?(?:{_PROVISION}|{_STEP}\s\w{{1,4}}(?!\w))){{0,8}})(?:\s(?:{_GERMAN_CODE}))?"
)
_MOST_CAPITALS = 5
# "Abs. 3" in a list is of the section before it.
_ONE_PROVISION = re.compile(
    rf"(?:(?P<more>{_STEP}\s\w{{1,4}}(?!\w))|(?P<number>\d{{1,4}}(?:\s?[a-z](?!\w))?)"
    rf"(?P<steps>(?:\s?{_STEP}\s?\w{{1,4}}){{0,6}}))(?:\s?ff?\.)?"
)
_SWISS = re.compile(
    rf"\bArt\.\s(?P<number>\d{{1,4}}[a-z]?)(?P<steps>(?:\s{_STEP}\s\w{{1,4}}){{0,4}})\s(?P<code>OR"
    rf"|StGB|BV)(?!\w)"
)
_GERMAN_DOCKET = re.compile(
    r"(?<!\w)(?:[IVX]{1,5}[a-z]?|\d{1,2})\s(?:ZR|ZB|StR|AZR|AZB|BvR|BvL|BvF|BvE|BvQ|CN|RB|KR|KZR|EnVR"
    r"|ARZ)\s\d{1,5}/\d{2}(?!\w)"
)
_GERMAN_REPORT = re.compile(
    r"\b(BGHZ|BGHSt|BVerfGE|BVerwGE|BAGE|BSGE|RGZ|RGSt|BFHE)\s(\d{1,3}),\s(\d{1,4})(?!\w)"
)

_FRENCH = re.compile(
    r"\b[Aa]rt(?:icles?|s?\.)\s(?P<number>(?:[LRDA]\.?\s?\*?)?\d{1,5}(?:-\d{1,3}){0,4})"
    r"(?:,?\s(?:alinéa|al\.)\s\d{1,2})?,?\s"
    r"(?:(?:du|de\sla|des|de)\s)?(?P<code>[Cc]ode\s(?:civil|pénal|du\stravail|de\scommerce"
    r"|de\sla\sconsommation|de\sla\sroute"
    r"|de\sprocédure\s(?:civile|pénale)|général\sdes\simpôts|de\sl['’]environnement|de\sla\ssanté\spublique"
    r"|monétaire\set\sfinancier|de\sla\spropriété\sintellectuelle|des\sassurances|de\sla\ssécurité\ssociale"
    r"|de\sl['’]urbanisme|rural|électoral)|C\.\s(?:civ|com|pén|trav|cons)\.)(?!\w)"
)  # fmt: skip
_FRENCH_SHORT: Mapping[str, str] = {
    "C. civ.": "Code civil", "C. com.": "Code de commerce", "C. pén.": "Code pénal",
    "C. trav.": "Code du travail", "C. cons.": "Code de la consommation",
}  # fmt: skip


_LATIN = re.compile(
    r"\b[Aa]rt(?:t|[íi]culos?|icol[oi]|igos?)?\.?\s(?P<number>\d{1,4}(?:[-\s](?:bis|ter|quater))?),?\s(?:d[eo]l?\s)?"
    r"(?P<code>c\.\s?c\.|c\.\s?p\.(?:\s?c\.|\s?p\.)?|[Cc]odice\s(?:civile|penale|di\sprocedura\s(?:civile|penale))"
    r"|[Cc]ódigo\s(?:[Cc]ivil|[Pp]enal|de\s[Cc]omercio|do\s[Tt]rabalho))(?!\w)"
)
_LATIN_SHORT: Mapping[str, str] = {
    "c.c.": "Codice civile", "c.p.": "Codice penale", "c.p.c.": "Codice di procedura civile",
    "c.p.p.": "Codice di procedura penale",
}  # fmt: skip


def european_citations(text: str) -> Iterator[Citation]:
    """Provisions, acts and cases as continental Europe cites them; where two overlap, the longer is meant."""
    for match in _ECLI.finditer(text):
        yield cited("case", match, match[0])
    for match in _EU_CASE.finditer(text):
        yield cited("docket", match, f"{match[1]}-{match[2]}" + (f" {match[3]}" if match[3] else ""))
    for match in (*_EU_ARTICLE.finditer(text), *_NAMED_FIRST.finditer(text)):
        yield from _of_articles(match)
    for match in _ONLY_ACT.finditer(text):
        act = _act(match)
        if act:
            yield cited("statute", match, act, within=tuple(filter(None, [_ACT_NAMES.get(act)])))
    if "§" in text or "Art" in text:
        for match in _GERMAN.finditer(text):
            yield from _of_german(match)
        for match in _SWISS.finditer(text):
            yield _provision(match, "Art.", match["code"])
    for match in _GERMAN_DOCKET.finditer(text):
        yield cited("docket", match, match[0])
    for match in _GERMAN_REPORT.finditer(text):
        yield cited("case", match, f"{match[1]} {match[2]}, {match[3]}")
    for match in _FRENCH.finditer(text):
        code = one_line(match["code"]).replace("’", "'")
        code = _FRENCH_SHORT.get(code, code[:1].upper() + code[1:])
        number = re.sub(r"^([LRDA])\.?\s?", r"\1. ", match["number"])
        yield cited("statute", match, f"Art. {number} {code}")
    for match in _LATIN.finditer(text):
        code = one_line(match["code"])
        code = _LATIN_SHORT.get(code.replace(" ", ""), code[:1].upper() + code[1:].lower())
        yield cited("statute", match, f"Art. {match['number']} {code}")


def _act(match: re.Match[str]) -> str:
    """The name of an act of the Union; empty for what is another fraction."""
    kind, first, second = _ACT_KINDS[match["act"]], match["first"], match["second"]
    body = _BODY.get(match["body"] or "", "")
    if match["suffix"]:
        return f"{kind} {first}/{second}/{_BODY[match['suffix']]}"
    # Since 2015 the year comes first, and there is no "No".
    if len(first) == 4 and first[:2] in ("19", "20") and not match["no"]:
        return f"{kind} ({body or 'EU'}) {first}/{second}"
    if not body and not match["no"] and len(second) != 4:
        return ""
    return f"{kind} {f'({body}) ' if body else ''}No {first}/{second}"


def _of_articles(match: re.Match[str]) -> Iterator[Citation]:
    """Each article of a list, with the act that is named behind it."""
    if match["named"]:
        given = one_line(match["named"])
        name = _NAMED.get(given.replace(" ", "\\s"), given)
    else:
        given = name = _act(match)
    if not given:
        return
    acts = tuple(dict.fromkeys(filter(None, (given, name, _ACT_NUMBERS.get(name), _ACT_NAMES.get(name)))))
    items = list(_ONE_ITEM.finditer(match["items"]))
    for position, item in enumerate(items):
        provisions = [f"Art. {item['number']}{one_line(item['paragraphs'])} {act}" for act in acts]
        if item["paragraphs"].startswith(" "):
            provisions = [f"Art. {item['number']} {one_line(item['paragraphs'])} {act}" for act in acts]
        whole = [f"Art. {item['number']} {act}" for act in acts]
        yield _placed(match, "statute", item, len(items), position, [*provisions, *whole, *acts])


def _of_german(match: re.Match[str]) -> Iterator[Citation]:
    """Each section of a list, with the statute named behind it; a bare one where it has paragraphs."""
    code = one_line(match["code"] or _GERMAN_NAMES.get(match["full"] or "", ""))
    mark = "§" if match["mark"].startswith("§") else "Art."
    # "§ 3 LICENSING" is a heading in capitals.
    if sum(character.isupper() for character in code) < 2 or (code.isupper() and len(code) > _MOST_CAPITALS):
        code = ""
    items = list(_ONE_PROVISION.finditer(match["items"]))
    if not code and (mark == "Art." or not any(item["steps"] for item in items)):
        return
    kind: CitationKind = "statute" if code else "section"
    names = [code, _NAMED.get(code, "")] if code else [""]
    number = ""
    for position, item in enumerate(items):
        number = "".join((item["number"] or number).split())
        steps = one_line(item["more"] or item["steps"])
        forms = [f"{mark} {number} {steps} {name}" for name in names if name or not code]
        whole = [f"{mark} {number} {name}" for name in names if name or not code]
        yield _placed(match, kind, item, len(items), position, [one_line(form) for form in (*forms, *whole)])


def _provision(match: re.Match[str], mark: str, code: str) -> Citation:
    whole = f"{mark} {match['number']} {code}"
    form = one_line(f"{mark} {match['number']} {match['steps']} {code}")
    return cited("statute", match, form, within=(whole,) if form != whole else ())


def _placed(
    match: re.Match[str],
    kind: CitationKind,
    item: re.Match[str],
    n_items: int,
    position: int,
    forms: list[str],
) -> Citation:
    """One of a list: the first begins with the sign, the last ends with the act."""
    offset = match.start("items")
    start = match.start() if position == 0 else offset + item.start()
    end = match.end() if position == n_items - 1 else offset + item.end()
    normal, *within = dict.fromkeys(one_line(form) for form in forms)
    return Citation(kind, start, end, match.string[start:end], normal, within=tuple(within))

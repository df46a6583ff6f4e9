"""Text made to be slow: every way from a document or a filter to passages takes time that grows with it."""

import subprocess
import sys

import pytest

# What is repeated, in 20,000 characters of it; "|" parts what stands before and after.
UNITS = r"""
( ) (a) [ ] [1] { < > <b> <p>a</p> <!-- <![CDATA[ &amp; &# § §\s §§\s1,\s §\s1\s ¶ " "\s “ “A”\s ' a'b\s
. .\s a. A. A.\s … ! ?!\s , 1,\s : :1 ;\s 1 1\s 1. 1- 1:1\s - – _ * *1\s #\s #\sa\n > >\s -\s -\sa\n
1.\sa\n [a]( ![ [a]:\sb\n **a_ `\s``\s <a\s |a|b|\n ` \\ \s \t \n \r\n \r \f \v \u00a0 \u2028 \x85
\u200b \s\n \t\s \n\t a A a\s ABC\s ABCDE\sFGHIJ\n I\n I.\sA\n v.\s A\sv.\sB\s
A\sv.\sB,\s1\sU.S.\s1\s(1990).\s Aa\sv.\sBb,\s 1\sU.S.C.\s§\s1 1\sU.S.\s1,\s Aa,\s1\sU.S.\sat\s1.\s
Id.\s Id.\sat\s1;\s Rule\s1\s 1\sMarsh.\s12,\s Fed.\sR.\sCiv.\sP.\s1\s No.\s1-1\s 1:11-cv-1111
Section\s1.\sAa\n §\s1\n 1.1.\sAa\n WHEREAS,\n "A"\smeans\s (the\s"Aa")\s (the\s"Aa hereinafter\s" (a)\s
(1)\sAa.\n U.S.\s a\u0301 \u0301 😀 👨\u200d \u202e 法。 \x00 \x1b[ \ufeff ===\n a\s\s\s\n Page\s1\sof\s2\n
38\sU.S.C.\s§\s1|(a) 38\sU.S.C.\s§\s1|:1 38\sU.S.C.\s§\s1|.1 38\sU.S.C.\s§\s|1 38\sU.S.C.\s§§\s1|,\s1
1\sU.S.\s1\s|( §\s1|:1 §\s1|(a) |Aa\s|v.\sBb,\s1\sU.S.\s1\s(1990) No.\s|1- "|"|\smeans |<div>|a
|<i><p>|a |<table><tr><td>|a <p\s|a=b\s|>a |[|](a) a|!|\sB a.|"|\sB A|\s|B\n 1|.1|\sA
§\s1\sAbs.\s1,\s §\s1\sAbs.\s1\s §§\s1\sund\s Art.\s6(1)\s Art.\s1,\s Articles\s1\sand\s [2020]\sAC\s1,\s
[2020]\s Cal.\sPenal\s Cal.\s Cal.\sCode\s§\s1\s section\s1\sof\sthe\sA\s section\s1\s section\s1\sAct\s1990\s
Directive\s1/1\s C-1/12\s (1990)\s1\sCLR\s1,\s ECLI:EU:C:2014:1\s 1\sUSC\s1-1\s IRC\s1\s 1\sCFR\s1.1-1\s
article\sL.\s1-1\s SGB\sV\s AIR\s1973\sSC\s1\s
""".split()

ENTRIES = {
    "documents": "from toolshed.indexing.passages import _Job, _cut;"
    "from toolshed.documents import LegalDocument; from toolshed.legal.passages import PassageOptions;"
    "run = lambda text: _cut(_Job(LegalDocument('d', text, text), PassageOptions(), '', 0))",
    "nupunkt": "from toolshed.legal.sentences import segmenter_named; run = segmenter_named('nupunkt').spans",
    "regex": "from toolshed.legal.sentences import segmenter_named; run = segmenter_named('regex').spans",
    "citations": "from toolshed.legal.citations import find_citations as run",
    "definitions": "from toolshed.legal.defined_terms import find_definitions;"
    "run = lambda text: find_definitions(text, [(0, len(text))])",
    "filters": "from toolshed.knowledge_base.passages import passage_filter;"
    "run = lambda text: [refused(passage_filter, {field: text}) for field in"
    " ('cites', 'defines', 'section', 'document')]",
    **{
        kind: f"from toolshed.legal.readers.{kind} import read; from pathlib import Path;"
        "run = lambda text: refused(read, text.encode(), Path('x'))"
        for kind in ("plain", "markdown", "html")
    },
}

# In a process of its own: one that hangs is ended by the system, and named by what it printed last.
MEASURED = """
import resource, sys, time
from toolshed.errors import ToolshedError
def refused(verb, *given):
    try:
        return verb(*given)
    except ToolshedError:
        return None
{entry}
resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
run("See 1 U.S.C. § 1. Aa v. Bb, 1 Marsh. 1, 1 U.S. 1 (1990).")
for given in sys.argv[2:]:
    unit = given.replace("\\\\s", " ").encode("latin-1", "backslashreplace").decode("unicode_escape")
    parts = unit.split("|") if unit.count("|") in (1, 2) and len(unit) > 2 else ["", unit]
    before, unit, after = [*parts, ""][:3]
    text = before + (unit * 20_000)[:int(sys.argv[1])] + after
    print(repr(given), flush=True)
    start = time.process_time()
    run(text)
    assert time.process_time() - start < 1.0, "took too long"
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
@pytest.mark.parametrize("entry", ENTRIES)
def test_no_text_takes_time_that_grows_faster_than_it(entry: str) -> None:
    code = MEASURED.format(entry=ENTRIES[entry])
    done = subprocess.run(
        [sys.executable, "-c", code, "20000", *UNITS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-80:]}{done.stderr[-400:]}"
    assert done.stdout.count("\n") == len(UNITS) > 57

"""Markdown, kept as it is; its headings are told."""

import re
from bisect import bisect_right
from itertools import accumulate
from pathlib import Path

from markdown_it import MarkdownIt

from toolshed.documents import GivenHeading
from toolshed.legal.readers.files import Content
from toolshed.legal.readers.plain import decoded

# What a site's generator is told about a page stands before it, between lines of dashes, or of pluses (TOML).
_FRONT_MATTER = re.compile(
    r"\A\ufeff?(?:---|(?P<toml>\+\+\+))[ \t]*\r?\n(?P<told>.{0,20000}?\n)?"
    r"(?(toml)\+\+\+|(?:---|\.\.\.))[ \t]*(?:\r?\n|\Z)",
    re.DOTALL,
)
_FRONT_TITLE = re.compile(r"^title[ \t]*[:=][ \t]*(.+?)[ \t\r]*$", re.MULTILINE | re.IGNORECASE)
# What stands before the words of a heading; a quoted one has a mark of its own.
_MARKS = " >#\t"


def read(data: bytes, path: Path) -> Content:
    """Read Markdown. Offsets index the source after its front matter, so that quotes are exact."""
    text = decoded(data, path)
    front = _FRONT_MATTER.match(text)
    given = ""
    told = (front["told"] or "") if front else ""
    if front and (not told or ("=" if front["toml"] else ":") in told):
        text = text[front.end() :]
        found = _FRONT_TITLE.search(told)
        given = found[1].strip("\"'") if found else ""
    headings = tuple(_headings(text))
    title = given or next((text[h.start : h.end].strip() for h in headings if h.level == 1), "")
    return Content(text, title, headings=headings)


def _headings(text: str) -> list[GivenHeading]:
    lines = text.splitlines(keepends=True)
    starts = [0, *accumulate(map(len, lines))]
    # The parser reads lines by their own ends; ours also end at form feeds and the like.
    parser_starts = [0, *(position + 1 for position, character in enumerate(text) if character == "\n")]
    found = []
    # Headings are blocks: what stands within lines, whose brackets take quadratic time, is not parsed.
    for token in MarkdownIt().disable("inline").parse(text):
        if token.type == "heading_open" and token.map:
            line_start = parser_starts[token.map[0]]
            line = lines[bisect_right(starts, line_start) - 1]
            begin = line_start + len(line) - len(line.lstrip(_MARKS))
            end = line_start + len(line.rstrip(" #\t\r\n"))
            if end > begin:
                found.append(GivenHeading(begin, end, int(token.tag[1:])))
    return found

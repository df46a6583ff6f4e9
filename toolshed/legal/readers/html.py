"""HTML: the visible text, its headings and title."""

import re
from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup
from bs4.element import Comment, NavigableString, PreformattedString, Tag

from toolshed.documents import GivenHeading
from toolshed.errors import SourceError
from toolshed.legal.readers.coverage import share_kept
from toolshed.legal.readers.files import Content
from toolshed.legal.readers.list_numbers import numbered

_HIDDEN = frozenset({"script", "style", "noscript", "template", "head", "svg", "nav", "iframe", "object"})
_TOLD = ["nav", "noscript", "object", "svg"]
_XML = re.compile(rb"\s*<\?xml[^>]{0,200}?(?:encoding=[\"']([\w.-]{1,40})[\"'][^>]{0,200})?\?>")
_PARAGRAPHS = frozenset(
    """address article aside blockquote body dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4
    h5 h6 header hr main ol p pre section table ul""".split()
)
_LINES = frozenset({"br", "li", "tr", "caption"})
_CELLS = frozenset({"td", "th"})
# The numbers of a list by its type, as Word calls them.
_LIST_KINDS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_MOST_DIGITS = 6
# Some 280 bytes of memory each, many times what a tag takes in the file.
_MOST_TAGS = 2_000_000
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def read(data: bytes, path: Path, *, encoding: str | None = None) -> Content:
    """Read HTML or XHTML; the encoding is given, or the one that it declares, or the one that fits.

    Raises:
        SourceError: If it holds no HTML, or too many tags to be read in bounded memory.
    """
    n_tags = data.count(b"<")
    if n_tags > _MOST_TAGS:
        raise SourceError(
            f"{str(path)!r} has some {n_tags:,} tags; at most {_MOST_TAGS:,} are read. Cut it up"
        )
    # A declaration of XML makes the parser warn; all it says is the encoding.
    declared = _XML.match(data)
    if declared:
        data, encoding = (
            data[declared.end() :],
            encoding or (declared[1] or b"utf-8").decode("ascii", "ignore"),
        )
    soup = BeautifulSoup(data, "lxml", from_encoding=encoding) if b"<" in data else None
    if soup is None or soup.find() is None:
        raise SourceError(f"{str(path)!r} holds no HTML")
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    writer = _Writer()
    for step in _steps(soup):
        writer.take(step)
    text = writer.text()
    return Content(
        text,
        title,
        headings=tuple(writer.headings),
        kept=share_kept([" ".join(_blocks(soup))], text),
        remarks=tuple(_remarks(soup)),
    )


def _blocks(soup: Tag) -> Iterator[str]:
    """The text of a page without what no browser shows, words whole."""
    pieces: list[str] = []
    for step in _steps(soup):
        if isinstance(step, NavigableString):
            if not isinstance(step, Comment | PreformattedString):
                pieces.append(str(step))
        elif (step.name if isinstance(step, Tag) else step[1:]) in _PARAGRAPHS | _LINES | _CELLS:
            yield "".join(pieces)
            pieces = []
    yield "".join(pieces)


def _remarks(soup: Tag) -> Iterator[str]:
    n_words = sum(len(found.get_text(" ").split()) for found in soup.find_all(_TOLD))
    if n_words:
        yield f"navigation and what stands in for scripts and objects is not read ({n_words} words)"


def _steps(soup: Tag) -> Iterator["Tag | NavigableString | str"]:
    """Tags as they open, their names as they close, and the text between; without recursion."""
    stack: list[Tag | NavigableString | str] = [soup]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, Tag) and node.name not in _HIDDEN:
            stack.append(f"/{node.name}")
            stack.extend(
                child for child in reversed(node.contents) if isinstance(child, Tag | NavigableString)
            )


class _Writer:
    """Writes text as a browser shows it: white space folded, blocks on lines of their own."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._pending = ""
        self._open_heading: tuple[int, int] | None = None
        self.headings: list[GivenHeading] = []
        # The last number of each list.
        self._numbers: dict[int, int] = {}

    def take(self, step: "Tag | NavigableString | str") -> None:
        """Take the next step through the document."""
        if isinstance(step, Tag):
            self._break_at(step.name)
            if step.name == "li":
                self._number(step)
            if step.name in _HEADINGS:
                self._open_heading = (_HEADINGS[step.name], self._length + len(self._pending))
        elif isinstance(step, NavigableString):
            if not isinstance(step, Comment | PreformattedString):
                self._write(str(step))
        elif step.startswith("/"):
            name = step[1:]
            if name in _HEADINGS and self._open_heading is not None:
                level, start = self._open_heading
                if self._length > start:
                    self.headings.append(GivenHeading(start, self._length, level))
                self._open_heading = None
            self._break_at(name)

    def _number(self, item: Tag) -> None:
        """Write the number that a browser shows before an item of a numbered list."""
        of = item.parent
        if of is not None and of.name == "ol":
            first = str(of.get("start", "1"))
            usual = int(first) if first.isdecimal() and len(first) < _MOST_DIGITS else 1
            number = self._numbers[id(of)] = self._numbers.get(id(of), usual - 1) + 1
            kind = _LIST_KINDS.get(str(of.get("type", "1")), "decimal")
            self._write(f"{numbered(number, kind)}. ")

    def _break_at(self, name: str) -> None:
        wanted = "\n\n" if name in _PARAGRAPHS else "\n" if name in _LINES else "\t" if name in _CELLS else ""
        if wanted and self._length:
            self._pending = max(self._pending.strip(" "), wanted, key=lambda gap: (gap.count("\n"), len(gap)))
            if self._open_heading is not None and self._open_heading[1] > self._length:
                self._open_heading = (self._open_heading[0], self._length + len(self._pending))

    def _write(self, text: str) -> None:
        words = " ".join(text.split())
        if not words:
            self._pending = self._pending or (" " if text and self._length else "")
            return
        if text[0].isspace() and self._length and not self._pending:
            self._pending = " "
        self._put(self._pending + words)
        self._pending = " " if text[-1].isspace() else ""

    def _put(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)

    def text(self) -> str:
        """All that was written."""
        return "".join(self._pieces)

"""PDF with a text layer, page by page."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pypdfium2 as pdfium

from toolshed.errors import SourceError
from toolshed.legal.readers.files import Content

# Lines further apart than this many line heights have a paragraph between them.
_PARAGRAPH_GAP = 0.75
# Running heads and page numbers stand in the outermost lines of most pages.
_FURNITURE_LINES = 2
_FURNITURE_SHARE = 0.6
_MIN_PAGES_FOR_FURNITURE = 3
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b")


class _Line(NamedTuple):
    text: str
    top: float
    bottom: float


def read(data: bytes, path: Path) -> Content:
    """Read a PDF: text in reading order, running heads and page numbers left out.

    Raises:
        SourceError: If it is encrypted, damaged, or has no text layer.
    """
    pages = list(_pages(data, path))
    if not any(page for page in pages):
        raise SourceError(
            f"{str(path)!r} has no text layer; it was scanned. Run it through OCR first, "
            "for instance ocrmypdf"
        )
    furniture = _furniture(pages)
    pieces: list[str] = []
    starts: list[int] = []
    length = 0
    for page in pages:
        text = _page_text([line for line in page if _key(line.text) not in furniture])
        if pieces and text:
            gap = "\n"
            pieces.append(gap)
            length += len(gap)
        starts.append(length)
        pieces.append(text)
        length += len(text)
    return Content("".join(pieces), page_starts=tuple(starts))


def _pages(data: bytes, path: Path) -> Iterator[list[_Line]]:
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if "assword" in str(error):
            raise SourceError(
                f"{str(path)!r} is encrypted; save a copy without a password and index that"
            ) from error
        raise SourceError(f"{str(path)!r} is no PDF, or is damaged ({error}); save it again") from error
    try:
        for number in range(len(document)):
            page = document[number]
            text_page = page.get_textpage()
            yield list(_lines(text_page))
            text_page.close()
            page.close()
    except pdfium.PdfiumError as error:
        raise SourceError(
            f"{str(path)!r} is damaged on page {number + 1} ({error}); save it again"
        ) from error
    finally:
        document.close()


def _lines(page: pdfium.PdfTextPage) -> Iterator[_Line]:
    """The lines of a page; pieces of text at one height make a line."""
    pieces: list[str] = []
    top = bottom = 0.0
    for index in range(page.count_rects()):
        left, low, right, high = page.get_rect(index)
        text = " ".join(page.get_text_bounded(left, low, right, high).split())
        if not text:
            continue
        overlap = min(top, high) - max(bottom, low)
        if pieces and overlap < 0.5 * min(top - bottom, high - low):
            yield _Line(" ".join(pieces), top, bottom)
            pieces = []
        top, bottom = (max(top, high), min(bottom, low)) if pieces else (high, low)
        pieces.append(text)
    if pieces:
        yield _Line(" ".join(pieces), top, bottom)


def _page_text(lines: Sequence[_Line]) -> str:
    """The lines of a page, with a blank line where there is a gap."""
    pieces: list[str] = []
    for position, line in enumerate(lines):
        if position:
            before = lines[position - 1]
            gap = before.bottom - line.top
            height = max(line.top - line.bottom, before.top - before.bottom)
            pieces.append("\n\n" if gap > _PARAGRAPH_GAP * height else "\n")
        pieces.append(line.text)
    return "".join(pieces)


def _furniture(pages: Sequence[Sequence[_Line]]) -> frozenset[str]:
    """Lines that stand at the edge of most pages, numbers aside."""
    if len(pages) < _MIN_PAGES_FOR_FURNITURE:
        return frozenset()
    counts: Counter[str] = Counter()
    for page in pages:
        counts.update({_key(line.text) for line in (*page[:_FURNITURE_LINES], *page[-_FURNITURE_LINES:])})
    return frozenset(key for key, count in counts.items() if count >= _FURNITURE_SHARE * len(pages))


def _key(line: str) -> str:
    return _DIGITS.sub("#", line.lower())

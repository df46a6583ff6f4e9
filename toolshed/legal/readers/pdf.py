"""PDF with a text layer, page by page."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from toolshed.errors import SourceError
from toolshed.legal.readers.coverage import n_letters
from toolshed.legal.readers.files import Content
from toolshed.legal.readers.pdf_layout import Line, Piece, lines_of, without_hyphens

# Lines further apart than this many line heights have a paragraph between them.
_PARAGRAPH_GAP = 0.75
# Running heads and page numbers stand in the outermost lines of most pages; left and right pages may differ.
_FURNITURE_LINES = 2
_FURNITURE_SHARE, _ALTERNATING_SHARE = 0.6, 0.4
_MIN_PAGES_FOR_FURNITURE = 3
_MOST_FURNITURE = 0.6
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b")
_PAGE_NUMBER = re.compile(r"[-–—\s]*(?:(?:page|seite)\s)?#(?:\s?(?:of|/|von)\s?#)?[-–—\s]*", re.IGNORECASE)
# A page is a scan where a picture covers most of it and there are few words: a stamp, a page number.
_SCAN_COVER, _SCAN_WORDS = 0.6, 40
_SCANNED_SHARE = 0.5
_ADVICE = (
    "With --ocr its text is recognised; that takes the extra 'ocr' (from the Toolshed checkout: pip install "
    "'.[ocr]') and the program tesseract"
)
# A hyphen at a line end is U+0002 in pdfium, and no other of these is text.
_CONTROLS = re.compile(r"[\x00\x01\x03-\x08\x0b-\x1f\x7f\ufffe\uffff]")
# What OCR writes behind a scan has words that touch: by this share of its height a piece is read narrower, so
# that the first letter of the next one is not read twice.
_EDGE = 0.03
_SPACES = re.compile(r"[ \t\xa0]+")


class _Page(NamedTuple):
    """A page: its lines, how many letters and digits it has, and whether it is a picture of text."""

    lines: list[Line]
    n_characters: int
    is_scan: bool


def read(data: bytes, path: Path, scans: Literal["refused", "told"] = "refused") -> Content:
    """Read a PDF: text in reading order, running heads and page numbers left out.

    Args:
        data: The file.
        path: Where it is, for messages.
        scans: Whether a PDF that was scanned is an error, or its pages that are pictures are told.

    Raises:
        SourceError: If it is encrypted or damaged, or if it was scanned and scans are refused.
    """
    pages = list(_pages(data, path))
    scanned = [number for number, page in enumerate(pages, start=1) if page.is_scan]
    has_text = any(page.lines for page in pages)
    if scans == "refused" and (not has_text or len(scanned) >= _SCANNED_SHARE * len(pages)):
        raise _without_text(path, pages, scanned)
    told = tuple(scanned if has_text else range(1, len(pages) + 1)) if scans == "told" else ()
    furniture = _furniture([page.lines for page in pages])
    bodies = [_body(page.lines, furniture) for page in pages]
    whole = iter(without_hyphens([line.text for body in bodies for line in body]))
    pieces: list[str] = []
    starts: list[int] = []
    length = 0
    for body in bodies:
        text = _page_text([line._replace(text=next(whole)) for line in body])
        if length and text:
            pieces.append("\n")
            length += 1
        starts.append(length)
        pieces.append(text)
        length += len(text)
    remarks = tuple(_remarks(pages, furniture, [] if told else scanned))
    kept = _share_kept(pages, bodies, pieces)
    return Content("".join(pieces), page_starts=tuple(starts), kept=kept, remarks=remarks, scanned=told)


def _without_text(path: Path, pages: Sequence[_Page], scanned: Sequence[int]) -> SourceError:
    if not any(page.lines for page in pages):
        return SourceError(f"{str(path)!r} has no text layer; it was scanned. {_ADVICE}")
    n_words = sum(len(line.text.split()) for page in pages for line in page.lines)
    return SourceError(
        f"{str(path)!r} was scanned: {len(scanned)} of its {len(pages)} pages are pictures, and all its text "
        f"is {n_words} words, such as a stamp. {_ADVICE}"
    )


def _remarks(pages: Sequence[_Page], furniture: frozenset[str], scanned: Sequence[int]) -> Iterator[str]:
    if scanned:
        numbers = ", ".join(map(str, scanned[:20])) + (", ..." if len(scanned) > 20 else "")
        yield f"pages that are pictures are not read: {numbers}; --ocr reads them"
    heads = dict.fromkeys(line.text for page in pages for line in page.lines if _key(line.text) in furniture)
    titles = dict.fromkeys(_DIGITS.sub("#", head) for head in heads)
    if titles:
        yield f"running heads and page numbers are left out: {'; '.join(titles)[:200]}"


def _share_kept(pages: Sequence[_Page], bodies: Sequence[Sequence[Line]], pieces: Sequence[str]) -> float:
    """Letters and digits of the text beside those of the pages, running heads aside."""
    heads = sum(n_letters(line.text) for page in pages for line in page.lines) - sum(
        n_letters(line.text) for body in bodies for line in body
    )
    there = sum(page.n_characters for page in pages) - heads
    return min(1.0, sum(map(n_letters, pieces)) / there) if there > 0 else 1.0


def _pages(data: bytes, path: Path) -> Iterator[_Page]:
    number = 0
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
            lines = lines_of(list(_text_pieces(text_page)))
            n_characters = n_letters(text_page.get_text_range())
            n_words = sum(len(line.text.split()) for line in lines)
            yield _Page(lines, n_characters, n_words < _SCAN_WORDS and _is_picture(page))
            text_page.close()
            page.close()
    except pdfium.PdfiumError as error:
        raise SourceError(
            f"{str(path)!r} is damaged on page {number + 1} ({error}); save it again"
        ) from error
    finally:
        document.close()


def _text_pieces(page: pdfium.PdfTextPage) -> Iterator[Piece]:
    for index in range(page.count_rects()):
        left, low, right, high = page.get_rect(index)
        edge = _EDGE * (high - low)
        text = _CONTROLS.sub("", page.get_text_bounded(left + edge, low, right - edge, high))
        text = _SPACES.sub(" ", " ".join(text.split("\n")).replace("\r", " ")).strip(" ")
        if text.strip("\x02 "):
            yield Piece(text, left, low, right, high)


def _is_picture(page: pdfium.PdfPage) -> bool:
    """Whether one picture covers most of a page."""
    width, height = page.get_size()
    for found in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, low, right, high = found.get_bounds()
        if (right - left) * (high - low) >= _SCAN_COVER * width * height:
            return True
    return False


def _page_text(lines: Sequence[Line]) -> str:
    """The lines of a page, with a blank line where there is a gap; a line whose word went up is gone."""
    pieces: list[str] = []
    before: Line | None = None
    for line in lines:
        if before is not None and line.text:
            gap = before.bottom - line.top
            height = max(line.top - line.bottom, before.top - before.bottom)
            pieces.append("\n\n" if gap > _PARAGRAPH_GAP * height else "\n")
        pieces.append(line.text)
        before = line if line.text or before is None else before
    return "".join(pieces)


def _furniture(pages: Sequence[Sequence[Line]]) -> frozenset[str]:
    """Lines that stand at the edge of most pages, numbers aside."""
    counts: Counter[str] = Counter()
    for page in pages:
        edges = (*page[:_FURNITURE_LINES], *page[-_FURNITURE_LINES:])
        counts.update({_key(line.text) for line in edges})
    n_pages = len(pages)
    found = frozenset(
        key
        for key, count in counts.items()
        if (n_pages >= _MIN_PAGES_FOR_FURNITURE and count >= _FURNITURE_SHARE * n_pages)
        or (count >= _MIN_PAGES_FOR_FURNITURE and count >= _ALTERNATING_SHARE * n_pages)
        or (n_pages > 1 and count == n_pages and _PAGE_NUMBER.fullmatch(key))
    )
    # Pages that say the same, such as forms, are no running heads.
    lines = [line.text for page in pages for line in page]
    of_heads = sum(n_letters(line) for line in lines if _key(line) in found)
    return found if of_heads <= _MOST_FURNITURE * sum(map(n_letters, lines)) else frozenset()


def _body(lines: Sequence[Line], furniture: frozenset[str]) -> list[Line]:
    """The lines of a page without what repeats at its edges; the same words further in are text."""
    inside = range(_FURNITURE_LINES, len(lines) - _FURNITURE_LINES)
    return [line for n, line in enumerate(lines) if n in inside or _key(line.text) not in furniture]


def _key(line: str) -> str:
    return _DIGITS.sub("#", line.lower())

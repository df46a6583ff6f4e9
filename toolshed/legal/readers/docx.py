"""Word documents."""

import io
import re
import zipfile
import zlib
from pathlib import Path

import docx
from docx.document import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.table import Table
from docx.text.paragraph import Paragraph
from lxml.etree import LxmlError

from toolshed.documents import GivenHeading
from toolshed.errors import SourceError
from toolshed.legal.readers.files import Content

_HEADING = re.compile(r"(?:heading|title)\s?(\d?)", re.IGNORECASE)
# What is read of an archive: its XML, never its pictures. A thousand pages are 10 MB of it; the tree of 48 MB
# takes more memory than a file gets that holds nothing else.
_MAX_UNPACKED = 48 * 2**20
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"


def read(data: bytes, path: Path) -> Content:
    """Read a DOCX file: paragraphs and tables in order, headings by their style.

    Numbers that Word computes for its lists are not part of the file's text.
    """
    document = _opened(data, path)
    pieces: list[str] = []
    headings: list[GivenHeading] = []
    length, levels = 0, _Levels()
    for block in document.iter_inner_content():
        text = _text_of(block)
        if not text.strip():
            continue
        if pieces:
            pieces.append("\n\n")
            length += 2
        level = levels.of(block)
        if level:
            headings.append(GivenHeading(length, length + len(text), level))
        pieces.append(text)
        length += len(text)
    return Content("".join(pieces), document.core_properties.title or "", headings=tuple(headings))


def _opened(data: bytes, path: Path) -> Document:
    if data.startswith(_OLD_OFFICE):
        raise SourceError(
            f"{str(path)!r} is encrypted or an old Office file; save it as DOCX without a password"
        )
    try:
        return docx.Document(_unpacked(data, path))
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        PackageNotFoundError,
        LxmlError,
        KeyError,
        ValueError,
    ) as error:
        raise SourceError(f"{str(path)!r} is no DOCX file, or is damaged ({error}); save it again") from error


def _unpacked(data: bytes, path: Path) -> io.BytesIO:
    """The XML of an archive in one that is not packed; what its headers say of sizes is not believed."""
    plain = io.BytesIO()
    room = _MAX_UNPACKED
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(plain, "w") as copy:
        for name in dict.fromkeys(archive.namelist()):
            content = b""
            if name.endswith((".xml", ".rels")):
                with archive.open(name) as part:
                    content = part.read(room + 1)
            room -= len(content)
            if room < 0:
                raise SourceError(
                    f"{str(path)!r} unpacks to more than {_MAX_UNPACKED // 2**20} MB of text; split it"
                )
            copy.writestr(name, content)
    return plain


def _text_of(block: Paragraph | Table) -> str:
    if isinstance(block, Paragraph):
        return block.text
    rows = ("\t".join(cell.text.replace("\n", " ") for cell in row.cells) for row in block.rows)
    return "\n".join(rows)


class _Levels:
    """The levels of headings. Finding a style takes milliseconds, and a document has few."""

    def __init__(self) -> None:
        self._known: dict[str | None, int] = {}

    def of(self, block: Paragraph | Table) -> int:
        """The level of a heading, or 0."""
        if not isinstance(block, Paragraph):
            return 0
        style_id = block._p.style
        if style_id not in self._known:
            match = _HEADING.fullmatch((block.style.name if block.style else "") or "")
            self._known[style_id] = 0 if match is None else int(match[1] or 1)
        return self._known[style_id]

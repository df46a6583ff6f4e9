"""Word documents."""

import io
import re
import zipfile
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
# takes ten times that in memory.
_MAX_UNPACKED = 48 * 2**20
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"


def read(data: bytes, path: Path) -> Content:
    """Read a DOCX file: paragraphs and tables in order, headings by their style.

    Numbers that Word computes for its lists are not part of the file's text.
    """
    document = _opened(data, path)
    pieces: list[str] = []
    headings: list[GivenHeading] = []
    length = 0
    for block in document.iter_inner_content():
        text = _text_of(block)
        if not text.strip():
            continue
        if pieces:
            pieces.append("\n\n")
            length += 2
        level = _level(block)
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
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MAX_UNPACKED:
                raise SourceError(
                    f"{str(path)!r} unpacks to more than {_MAX_UNPACKED // 2**20} MB; it is not read"
                )
        return docx.Document(io.BytesIO(data))
    except (zipfile.BadZipFile, PackageNotFoundError, LxmlError, KeyError, ValueError) as error:
        raise SourceError(f"{str(path)!r} is no DOCX file, or is damaged ({error}); save it again") from error


def _text_of(block: Paragraph | Table) -> str:
    if isinstance(block, Paragraph):
        return block.text
    rows = ("\t".join(cell.text.replace("\n", " ") for cell in row.cells) for row in block.rows)
    return "\n".join(rows)


def _level(block: Paragraph | Table) -> int:
    """The level of a heading, or 0."""
    if not isinstance(block, Paragraph) or block.style is None:
        return 0
    match = _HEADING.fullmatch(block.style.name or "")
    return 0 if match is None else int(match[1] or 1)

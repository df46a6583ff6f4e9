"""OpenDocument text: paragraphs, lists, tables and notes in order, headings by their outline."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from toolshed.documents import GivenHeading
from toolshed.errors import SourceError
from toolshed.legal.readers.coverage import share_kept
from toolshed.legal.readers.docx_package import Package, attribute, child, local
from toolshed.legal.readers.files import Content

# What is no text, or stands outside of it.
_SKIPPED = frozenset(
    {
        "tracked-changes",
        "annotation",
        "note-citation",
        "forms",
        "sequence-decls",
        "variable-decls",
        "ruby-text",
    }
)
_MOST_SPACES = 100


def read(data: bytes, path: Path) -> Content:
    """Read an ODT file as it stands; of tracked changes, as if they were accepted."""
    package = Package(data, path, "ODT")
    body = child(package.required("content.xml"), "body", "text")
    if body is None:
        raise SourceError(f"{str(path)!r} holds no text document; save it as ODT")
    reader = _Reader()
    reader.blocks(body)
    title = child(package.part("meta.xml"), "meta", "title")
    text = "".join(reader.pieces)
    return Content(
        text,
        (title.text or "").strip() if title is not None else "",
        headings=tuple(reader.headings),
        kept=share_kept([" ".join(_bare_text(body))], text),
        remarks=tuple(_remarks(body)),
    )


def _bare_text(body: etree._Element) -> Iterator[str]:
    """The text of every paragraph, whatever stands around it."""
    for element in body.iter():
        if local(element) in ("p", "h") and not any(
            local(above) in _SKIPPED for above in element.iterancestors()
        ):
            own = _Reader()
            yield own.text_of(element)


def _remarks(body: etree._Element) -> Iterator[str]:
    names = [local(element) for element in body.iter()]
    if "changed-region" in names:
        yield "changes are tracked; the text is read as if they were accepted"
    if "annotation" in names:
        yield f"{names.count('annotation')} comments are not read"
    if "list" in names:
        yield "numbers of lists are computed by the program that shows them, and are not read"


@dataclass(slots=True)
class _Reader:
    pieces: list[str] = field(default_factory=list)
    headings: list[GivenHeading] = field(default_factory=list)
    _length: int = 0
    _n_notes: int = 0
    _hanging: list[tuple[str, etree._Element]] = field(default_factory=list)

    def blocks(self, holder: etree._Element) -> None:
        """Write the paragraphs and tables in an element."""
        for element in holder:
            name = local(element)
            if name in ("p", "h"):
                self._write(self.text_of(element), _level(element) if name == "h" else 0)
                self._write_hanging()
            elif name == "table-row":
                self._row(element)
            elif name not in _SKIPPED:
                self.blocks(element)

    def _write(self, text: str, level: int = 0) -> None:
        if not text.strip():
            return
        gap = "\n\n" if self.pieces else ""
        start = self._length + len(gap)
        self.pieces += [gap, text]
        self._length = start + len(text)
        if level:
            self.headings.append(GivenHeading(start, self._length, level))

    def _row(self, row: etree._Element) -> None:
        """A row of a table on one line; one that holds a single cell, as paragraphs."""
        cells = [cell for cell in row.iter() if local(cell) == "table-cell" and _row_of(cell) is row]
        if len(cells) == 1:
            self.blocks(cells[0])
            return
        texts = [
            " ".join(" ".join(self.text_of(p).split()) for p in _paragraphs(cell)).strip() for cell in cells
        ]
        self._write("\t".join(texts))
        self._write_hanging()

    def _write_hanging(self) -> None:
        # A note may hold another.
        while self._hanging:
            mark, holder = self._hanging.pop(0)
            texts = (self.text_of(paragraph).strip() for paragraph in _paragraphs(holder))
            self._write(f"{mark} {' '.join(texts)}".strip())

    def text_of(self, element: etree._Element) -> str:
        """The text of a paragraph; its notes and boxes hang on until it is written."""
        pieces = [element.text or ""]
        for inner in element:
            name = local(inner)
            if name == "s":
                count = attribute(inner, "c")
                pieces.append(" " * min(int(count) if count.isdigit() else 1, _MOST_SPACES))
            elif name in ("tab", "line-break"):
                pieces.append("\t" if name == "tab" else "\n")
            elif name == "note":
                self._n_notes += 1
                pieces.append(f"[{self._n_notes}]")
                self._hanging.append((f"[{self._n_notes}]", inner))
            elif name == "text-box":
                self._hanging.append(("", inner))
            elif name not in _SKIPPED:
                pieces.append(self.text_of(inner))
            pieces.append(inner.tail or "")
        return "".join(pieces)


def _row_of(cell: etree._Element) -> etree._Element:
    return next(above for above in cell.iterancestors() if local(above) == "table-row")


def _paragraphs(holder: etree._Element) -> Iterator[etree._Element]:
    for element in holder.iter():
        if local(element) in ("p", "h") and not any(
            local(above) in _SKIPPED for above in element.iterancestors()
        ):
            apart = (a for a in element.iterancestors() if a is holder or local(a) in ("note", "text-box"))
            # Notes and boxes hang on, and are written by themselves.
            if next(apart, holder) is holder:
                yield element


def _level(heading: etree._Element) -> int:
    level = attribute(heading, "outline-level")
    return int(level) if level.isdigit() and int(level) > 0 else 1

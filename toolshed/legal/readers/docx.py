"""Word documents: paragraphs, tables, text boxes and notes in order, and the numbers of their lists.

Whatever holds text is read: smart tags, content controls, hyperlinks, fields, tables in tables. Of tracked
changes one view is read. Comments, headers and footers stand outside the text and are told of.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from toolshed.documents import GivenHeading
from toolshed.errors import SourceError
from toolshed.legal.readers.coverage import share_kept
from toolshed.legal.readers.docx_numbering import Numbering
from toolshed.legal.readers.docx_package import Package, attribute, child, local
from toolshed.legal.readers.files import Content
from toolshed.options import TrackedChanges

_HEADING = re.compile(r"(?:heading|title)\s?(\d?)", re.IGNORECASE)
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_INSERTED, _DELETED = frozenset({"ins", "moveTo"}), frozenset({"del", "moveFrom"})
_HIDDEN: Mapping[TrackedChanges, frozenset[str]] = {
    "accepted": _DELETED,
    "original": _INSERTED,
    "both": frozenset(),
}
_MARKS = {**dict.fromkeys(_INSERTED, ("{+", "+}")), **dict.fromkeys(_DELETED, ("[-", "-]"))}
_CHARACTERS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": ""}
# Paragraphs and tables stand in these.
_HOLDERS = frozenset({"sdt", "sdtContent", "customXml", "ins", "del", "moveTo", "moveFrom", "smartTag"})
_SKIPPED = frozenset(
    {"pPr", "rPr", "sdtPr", "sdtEndPr", "smartTagPr", "customXmlPr", "instrText", "delInstrText"}
)
# A cell with more is no field of a form: its paragraphs are read as such.
_LONG_CELL = 400
# An outline level makes a heading of a short paragraph only: numbered clauses have levels too.
_MAX_OUTLINED = 150


def read(data: bytes, path: Path, *, tracked: TrackedChanges = "accepted") -> Content:
    """Read a DOCX file: its text in order, headings by their style, notes below what they are noted on.

    Args:
        data: The file.
        path: What it is called in messages.
        tracked: What is read where changes are tracked: the text as if they were ``accepted``, the
            ``original``, or ``both``, with ``[-deleted-]`` and ``{+inserted+}`` words.
    """
    if data.startswith(_OLD_OFFICE):
        raise SourceError(
            f"{str(path)!r} is encrypted or an old Office file; save it as DOCX without a password"
        )
    package = Package(data, path, "DOCX")
    main = package.main_name()
    root = package.required(main)
    reader = _Reader(package, main, tracked)
    text, headings = reader.written(child(root, "body"))
    file_text = [_bare_text(part, tracked) for part in (root, *reader.note_parts)]
    return Content(
        text,
        _title(package),
        headings=headings,
        kept=share_kept(file_text, text),
        remarks=tuple(_remarks(package, main, root, tracked)),
    )


def _title(package: Package) -> str:
    core = package.part("docProps/core.xml")
    title = child(core, "title")
    return (title.text or "").strip() if title is not None else ""


def _remarks(package: Package, main: str, root: etree._Element, tracked: TrackedChanges) -> Iterator[str]:
    """What stands outside the text that was read."""
    names = [local(element) for element in root.iter()]
    n_inserted, n_deleted = (sum(name in kinds for name in names) for kinds in (_INSERTED, _DELETED))
    if n_inserted or n_deleted:
        shown = {"accepted": "as if accepted", "original": "as it was before", "both": "with both"}[tracked]
        yield f"changes are tracked ({n_inserted} insertions, {n_deleted} deletions); read {shown}"
    n_comments = sum(
        local(comment) == "comment" for part in package.beside(main, "comments") for comment in part
    )
    if n_comments:
        yield f"{n_comments} comments are not read"
    parts = [*package.beside(main, "header"), *package.beside(main, "footer")]
    lines = dict.fromkeys(" ".join(_bare_text(part, tracked).split()) for part in parts)
    if any(lines):
        yield f"headers and footers are not read: {'; '.join(line for line in lines if line)[:200]}"
    if "altChunk" in names:
        yield "a document that is embedded in it is not read"


def _bare_text(part: etree._Element, tracked: TrackedChanges) -> str:
    """All text of a part, taken from its runs whatever stands around them."""
    apart = {"p", "tab", "br", "cr", "ptab"} | (set(_MARKS) if tracked == "both" else set())
    pieces: list[str] = []
    for element in part.iter():
        name = local(element)
        if name in apart:
            pieces.append(" ")
        elif name in ("t", "delText") and element.text and not _is_hidden(element, tracked):
            pieces.append(element.text)
    return "".join(pieces)


def _is_hidden(text: etree._Element, tracked: TrackedChanges) -> bool:
    """Whether a text belongs to the other view of tracked changes, or to the second form of a drawing."""
    for ancestor in text.iterancestors():
        name = local(ancestor)
        if name == "Fallback" or name in _HIDDEN[tracked]:
            return True
        if name == "tr" and any(local(mark) in _HIDDEN[tracked] for mark in _children(ancestor, "trPr")):
            return True
    return False


def _children(element: etree._Element, name: str) -> Sequence[etree._Element]:
    found = child(element, name)
    return found if found is not None else ()


@dataclass(slots=True)
class _Paragraph:
    """A paragraph, or a row of a table, on its way into the text."""

    text: str
    level: int = 0
    joins: bool = False


@dataclass(slots=True)
class _Run:
    """The text of a paragraph, and what hangs on it: boxes and notes."""

    pieces: list[str] = field(default_factory=list)
    boxes: list[etree._Element] = field(default_factory=list)
    notes: list[_Paragraph] = field(default_factory=list)


class _Reader:
    def __init__(self, package: Package, main: str, tracked: TrackedChanges) -> None:
        self._tracked = tracked
        self._notes: dict[tuple[str, str], etree._Element] = {}
        self._n_notes = {"footnote": 0, "endnote": 0}
        self.note_parts = [part for kind in self._n_notes for part in package.beside(main, f"{kind}s")]
        for part in self.note_parts:
            self._notes |= {(local(note), attribute(note, "id")): note for note in part}
        styles = next(iter(package.beside(main, "styles")), None)
        self._numbering = Numbering(next(iter(package.beside(main, "numbering")), None), styles)
        self._styles = {attribute(style, "styleId"): style for style in styles} if styles is not None else {}
        self._hidden = _HIDDEN[tracked]
        self._marks = {"accepted": "del", "original": "ins", "both": ""}[tracked]

    def written(self, body: etree._Element | None) -> tuple[str, tuple[GivenHeading, ...]]:
        """The text of a body, blank lines between its paragraphs, and its headings."""
        pieces: list[str] = []
        headings: list[GivenHeading] = []
        length, joins = 0, False
        for block in self._blocks(body) if body is not None else ():
            if block.text.strip():
                gap = "" if not pieces or joins else "\n\n"
                pieces += [gap, block.text]
                start, length = length + len(gap), length + len(gap) + len(block.text)
                if block.level and not joins:
                    headings.append(GivenHeading(start, length, block.level))
            joins = block.joins and (joins or bool(block.text.strip()))
        return "".join(pieces), tuple(headings)

    def _blocks(self, holder: etree._Element) -> Iterator[_Paragraph]:
        for element in holder:
            name = local(element)
            if name in self._hidden:
                continue
            if name == "p":
                yield from self._paragraph(element)
            elif name == "tbl":
                yield from self._table(element)
            elif name in _HOLDERS:
                yield from self._blocks(element)
            elif name == "AlternateContent":
                yield from self._blocks(_chosen(element))

    def _paragraph(self, element: etree._Element) -> Iterator[_Paragraph]:
        properties = child(element, "pPr")
        style_id = attribute(child(properties, "pStyle"), "val")
        run = _Run()
        self._take(element, run)
        text = "".join(run.pieces)
        joins = bool(self._marks) and child(properties, "rPr", self._marks) is not None
        # An empty paragraph of a list is numbered by Word all the same; one that was deleted is not.
        label = "" if joins and not text.strip() else self._numbering.label(properties, style_id)
        if label and text.strip():
            text = f"{label} {text.lstrip()}"
        yield _Paragraph(text, self._level(properties, style_id, text), joins)
        for box in run.boxes:
            yield from self._blocks(box)
        yield from run.notes

    def _take(self, element: etree._Element, run: _Run) -> None:
        """Gather the text of a paragraph, a run, or whatever stands in one."""
        for inner in element:
            name = local(inner)
            if name in ("t", "delText"):
                run.pieces.append(inner.text or "")
            elif name in _CHARACTERS:
                run.pieces.append(_CHARACTERS[name])
            elif name in _SKIPPED or name in self._hidden:
                continue
            elif name == "txbxContent":
                run.boxes.append(inner)
            elif name in ("footnoteReference", "endnoteReference"):
                self._note(name.removesuffix("Reference"), inner, run)
            elif name == "sym":
                run.pieces.append(_symbol(attribute(inner, "char")))
            elif self._tracked == "both" and name in _MARKS:
                self._take_change(inner, run, *_MARKS[name])
            elif len(inner):
                self._take(_chosen(inner) if name == "AlternateContent" else inner, run)

    def _take_change(self, element: etree._Element, run: _Run, opening: str, closing: str) -> None:
        begin = len(run.pieces)
        self._take(element, run)
        if any(run.pieces[begin:]):
            run.pieces.insert(begin, opening)
            run.pieces.append(closing)

    def _note(self, kind: str, reference: etree._Element, run: _Run) -> None:
        """A note: its mark where it is referred to, its text below the paragraph."""
        note = self._notes.pop((kind, attribute(reference, "id")), None)
        if note is None:
            return
        self._n_notes[kind] += 1
        mark = f"[{self._n_notes[kind]}]" if kind == "footnote" else f"[e{self._n_notes[kind]}]"
        run.pieces.append(mark)
        text = " ".join(block.text.strip() for block in self._blocks(note) if block.text.strip())
        run.notes.append(_Paragraph(f"{mark} {text}"))

    def _table(self, table: etree._Element) -> Iterator[_Paragraph]:
        """A table row by row; a row of one cell, or of long ones, as the paragraphs that it holds."""
        rows: list[str] = []
        for row in self._within(table, "tr"):
            cells = [list(self._blocks(cell)) for cell in self._within(row, "tc")]
            texts = [
                " ".join(" ".join(block.text.split()) for block in cell if block.text.strip())
                for cell in cells
            ]
            is_long = any(
                len(cell) > 1 and len(text) > _LONG_CELL for cell, text in zip(cells, texts, strict=True)
            )
            if len(cells) > 1 and not is_long:
                rows.append("\t".join(texts))
                continue
            yield from _as_block(rows)
            rows = []
            for cell in cells:
                yield from cell
        yield from _as_block(rows)

    def _within(self, holder: etree._Element, name: str) -> Iterator[etree._Element]:
        """Rows of a table, or cells of a row, whatever holds them."""
        for element in holder:
            kind = local(element)
            if kind == name:
                marks = _children(element, "trPr" if name == "tr" else "tcPr")
                if not any(local(mark) in self._hidden for mark in marks):
                    yield element
            elif kind in _HOLDERS and kind not in self._hidden:
                yield from self._within(element, name)

    def _level(self, properties: etree._Element | None, style_id: str, text: str) -> int:
        """The level of a heading, or 0: by the name of its style, or the outline."""
        style = self._styles.get(style_id)
        match = _HEADING.fullmatch(attribute(child(style, "name"), "val"))
        if match:
            return int(match[1] or 1) or 1
        outline = attribute(child(properties, "outlineLvl"), "val") or attribute(
            child(style, "pPr", "outlineLvl"), "val"
        )
        is_title = len(text) <= _MAX_OUTLINED and not text.rstrip().endswith((".", ";", ",", ":"))
        return int(outline) + 1 if is_title and outline in tuple("012345678") else 0


def _as_block(rows: Sequence[str]) -> Iterator[_Paragraph]:
    if any(row.strip() for row in rows):
        yield _Paragraph("\n".join(row for row in rows if row.strip()))


def _chosen(alternatives: etree._Element) -> etree._Element:
    """One of the forms of a drawing: the first, or the one for older programs where that has no text."""
    if local(alternatives) != "AlternateContent":
        return alternatives
    forms = [form for form in alternatives if local(form) in ("Choice", "Fallback")]
    with_text = (form for form in forms if any(local(inner) in ("t", "delText") for inner in form.iter()))
    return next(with_text, forms[0] if forms else alternatives)


def _symbol(code: str) -> str:
    """A character by its code; those of symbol fonts are shown as a bullet."""
    try:
        value = int(code, 16)
    except ValueError:
        return ""
    return "•" if 0xF000 <= value <= 0xF0FF else chr(value) if 31 < value < 0xD800 else ""

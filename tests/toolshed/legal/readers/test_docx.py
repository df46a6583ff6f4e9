"""Word documents: paragraphs and tables in order, headings by their style."""

import io
import re
import zipfile
from collections import Counter
from pathlib import Path

import docx
import pytest
from docx.document import Document

from toolshed.errors import SourceError
from toolshed.legal.readers.docx import read
from toolshed.legal.readers.files import Content, read_document
from toolshed.options import TrackedChanges


def written(made: Document) -> Content:
    file = io.BytesIO()
    made.save(file)
    return read(file.getvalue(), Path("a.docx"))


def test_word_documents_keep_paragraphs_tables_and_headings(tmp_path: Path) -> None:
    made = docx.Document()
    made.add_heading("Services Agreement", level=1)
    made.add_paragraph("The parties agree.")
    table = made.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Fee", "$5"
    made.add_heading("Term", level=2)
    made.add_paragraph("Three years.")
    made.save(str(tmp_path / "a.docx"))
    document = read_document(tmp_path / "a.docx")
    assert document.text == "Services Agreement\n\nThe parties agree.\n\nFee\t$5\n\nTerm\n\nThree years."
    assert [(document.text[h.start : h.end], h.level) for h in document.headings] == [
        ("Services Agreement", 1),
        ("Term", 2),
    ]


def test_empty_paragraphs_leave_no_gap_and_move_no_heading() -> None:
    made = docx.Document()
    for text in ("", "One.", "  ", ""):
        made.add_paragraph(text)
    made.add_heading("Fees", level=3)
    content = written(made)
    assert content.text == "One.\n\nFees"
    assert [(content.text[h.start : h.end], h.level) for h in content.headings] == [("Fees", 3)]


def test_the_title_is_the_one_the_file_gives_itself() -> None:
    made = docx.Document()
    made.add_heading("Services Agreement", level=0)
    made.core_properties.title = "MSA 2024"
    content = written(made)
    assert (content.title, [h.level for h in content.headings]) == ("MSA 2024", [1])


def test_a_cell_of_several_lines_stays_one_cell() -> None:
    made = docx.Document()
    table = made.add_table(rows=2, cols=2)
    for row, texts in zip(table.rows, [("Fee", "five\npercent"), ("Term", "")], strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    assert written(made).text == "Fee\tfive percent\nTerm\t"


BAD = {
    "garbage.docx": (b"PK\x03\x04 garbage", "no DOCX file, or is damaged"),
    "old.docx": (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "encrypted or an old Office file"),
}


@pytest.mark.parametrize("name", list(BAD))
def test_what_cannot_be_read_is_named_with_the_reason(tmp_path: Path, name: str) -> None:
    content, reason = BAD[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=reason) as raised:
        read_document(tmp_path / name)
    assert name in str(raised.value)


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


def packed(body: str, *, namespace: str = W, **parts: str) -> bytes:
    """A Word file of a body and further parts, given as XML."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in {"document": f"<w:body>{body}</w:body>", **parts}.items():
            archive.writestr(f"word/{name}.xml", f'<w:{name} xmlns:w="{namespace}" {MC}>{content}</w:{name}>')
    return file.getvalue()


def run(text: str) -> str:
    return f"<w:r><w:t>{text}</w:t></w:r>"


def paragraph(*pieces: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(pieces)}</w:p>"


def words_of_file(data: bytes) -> Counter[str]:
    """The words between the tags of text, counted without a parser."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [archive.read(name).decode() for name in archive.namelist()]
    counted: Counter[str] = Counter()
    for part in parts:
        for piece in re.split(r"</w:p>", part):
            text = "".join(re.findall(r"<w:(?:t|delText)(?: [^>]*)?>([^<]*)<", piece))
            counted.update(re.findall(r"\w+", text))
    return counted


def control(*content: str) -> str:
    return f"<w:sdt><w:sdtContent>{''.join(content)}</w:sdtContent></w:sdt>"


def smart(*content: str) -> str:
    return f"<w:smartTag>{''.join(content)}</w:smartTag>"


HOLDERS = {
    "smart tag": paragraph(run("Kept in "), smart(run("Norway")), run(" for ever.")),
    "nested smart tags": paragraph(smart(smart(run("Oslo")))),
    "content control in a line": paragraph(run("Seller: "), control(run("Tern Ltd"))),
    "content control around paragraphs": control(paragraph(run("The fee is due."))),
    "hyperlink": paragraph("<w:hyperlink>" + run("the terms") + "</w:hyperlink>"),
    "field": paragraph('<w:fldSimple w:instr="REF x">' + run("Clause 4") + "</w:fldSimple>"),
    "table in a table": "<w:tbl><w:tr><w:tc>" + paragraph(run("Outer.")) + "<w:tbl><w:tr><w:tc>"
    + paragraph(run("Inner one.")) + "</w:tc><w:tc>" + paragraph(run("Inner two.")) + "</w:tc></w:tr></w:tbl>"
    + paragraph() + "</w:tc></w:tr></w:tbl>",
    "row in a content control": "<w:tbl><w:sdt><w:sdtContent><w:tr><w:tc>" + paragraph(run("Held row."))
    + "</w:tc></w:tr></w:sdtContent></w:sdt></w:tbl>",
    "text box": paragraph(run("Beside it."), "<w:r><mc:AlternateContent><mc:Choice><w:drawing><w:txbxContent>"
    + paragraph(run("In the box.")) + "</w:txbxContent></w:drawing></mc:Choice></mc:AlternateContent></w:r>"),
    "custom XML": f"<w:customXml>{paragraph(run('Marked up.'))}</w:customXml>",
}  # fmt: skip


@pytest.mark.parametrize("holder", HOLDERS)
def test_whatever_holds_text_is_read(holder: str) -> None:
    data = packed(HOLDERS[holder])
    content = read(data, Path("a.docx"))
    assert Counter(re.findall(r"\w+", content.text)) == words_of_file(data)
    assert content.kept == 1.0


def test_a_drawing_that_is_kept_in_two_forms_is_read_once() -> None:
    box = f"<w:txbxContent>{paragraph(run('Stamped.'))}</w:txbxContent>"
    forms = f"<mc:Choice>{box}</mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback>"
    data = packed(paragraph(run("Seen."), f"<w:r><mc:AlternateContent>{forms}</mc:AlternateContent></w:r>"))
    assert read(data, Path("a.docx")).text == "Seen.\n\nStamped."


def test_notes_stand_below_what_they_are_noted_on() -> None:
    def note(kind: str, text: str) -> str:
        return f'<w:{kind} w:id="7">{paragraph(run(text))}</w:{kind}>'

    body = paragraph(
        run("The rule is old."), '<w:r><w:footnoteReference w:id="7"/></w:r>', run(" It stands.")
    )
    body += paragraph(run("So it is."), '<w:r><w:endnoteReference w:id="7"/></w:r>')
    data = packed(
        body, footnotes=note("footnote", "See 15 U.S.C. § 1."), endnotes=note("endnote", "But see below.")
    )
    content = read(data, Path("a.docx"))
    assert content.text == (
        "The rule is old.[1] It stands.\n\n[1] See 15 U.S.C. § 1.\n\nSo it is.[e1]\n\n[e1] But see below."
    )


REDLINE = (
    paragraph(
        run("Rent is "),
        f"<w:del><w:r><w:delText>five</w:delText></w:r></w:del><w:ins>{run('seven')}</w:ins>",
        run(" euros."),
    )
    + paragraph(run("It is due"), properties="<w:rPr><w:del/></w:rPr>")
    + paragraph(run(" monthly."))
    + "<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc>"
    + paragraph(run("Old row."))
    + "</w:tc></w:tr></w:tbl>"
)


@pytest.mark.parametrize(
    ("tracked", "text"),
    [
        ("accepted", "Rent is seven euros.\n\nIt is due monthly."),
        ("original", "Rent is five euros.\n\nIt is due\n\n monthly.\n\nOld row."),
        ("both", "Rent is [-five-]{+seven+} euros.\n\nIt is due\n\n monthly.\n\nOld row."),
    ],
)
def test_tracked_changes_are_read_in_the_view_that_is_asked_for(
    tmp_path: Path, tracked: TrackedChanges, text: str
) -> None:
    (tmp_path / "a.docx").write_bytes(packed(REDLINE))
    document = read_document(tmp_path / "a.docx", tracked=tracked)
    assert (document.text, document.kept) == (text, 1.0)
    assert "changes are tracked" in document.remarks[0]


def level(number: int, kind: str, text: str, more: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{number}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


NUMBERING = (
    '<w:abstractNum w:abstractNumId="1">'
    + level(0, "decimal", "%1.")
    + level(1, "lowerLetter", "(%2)")
    + level(2, "upperRoman", "%1.%3", "<w:isLgl/>")
    + '</w:abstractNum><w:abstractNum w:abstractNumId="2">'
    + level(0, "bullet", "\uf0b7")
    + '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="2"/></w:num>'
    '<w:num w:numId="3"><w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="9"/>'
    "</w:lvlOverride></w:num>"
)


def item(number_id: int, level: int, text: str) -> str:
    properties = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number_id}"/></w:numPr>'
    return paragraph(run(text), properties=properties)


def test_numbers_that_word_computes_are_read() -> None:
    items = [(1, 0, "A."), (1, 1, "B."), (1, 1, "C."), (1, 2, "D."), (1, 0, "E."), (1, 1, "F."), (2, 0, "G.")]
    body = "".join(item(*given) for given in [*items, (3, 0, "H."), (0, 0, "I.")])
    body += paragraph(run("J."), properties='<w:pStyle w:val="Clause"/>')
    style = '<w:style w:styleId="Clause"><w:pPr><w:numPr><w:numId w:val="3"/></w:numPr></w:pPr></w:style>'
    text = read(packed(body, numbering=NUMBERING, styles=style), Path("a.docx")).text
    assert text.split("\n\n") == [
        "1. A.", "(a) B.", "(b) C.", "1.1 D.", "2. E.", "(a) F.", "• G.", "9. H.", "I.", "10. J."
    ]  # fmt: skip


def test_strict_files_are_read() -> None:
    data = packed(paragraph(run("Strictly so."), "<w:r><w:tab/></w:r>", run("Yes.")), namespace=STRICT)
    assert read(data, Path("a.docx")).text == "Strictly so.\tYes."


def test_cells_of_several_paragraphs_are_read_as_paragraphs() -> None:
    long = paragraph(run("One sentence of a clause that is laid out in a table. " * 6))
    rows = f"<w:tr><w:tc>{paragraph(run('1.1'))}</w:tc><w:tc>{long}{long}</w:tc></w:tr>"
    text = read(packed(f"<w:tbl>{rows}</w:tbl>"), Path("a.docx")).text
    assert text.count("\n\n") == 2


def test_what_stands_outside_the_text_is_told() -> None:
    data = packed(
        paragraph(run("Text.")),
        header1=paragraph(run("Draft of May")),
        comments="<w:comment>" + paragraph(run("Really?")) + "</w:comment>",
    )
    content = read(data, Path("a.docx"))
    assert content.text == "Text."
    assert content.remarks == ("1 comments are not read", "headers and footers are not read: Draft of May")

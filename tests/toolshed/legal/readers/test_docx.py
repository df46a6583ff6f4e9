"""Word documents: paragraphs and tables in order, headings by their style."""

import io
from pathlib import Path

import docx
import pytest
from docx.document import Document

from toolshed.errors import SourceError
from toolshed.legal.readers.docx import read
from toolshed.legal.readers.files import Content, read_document


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

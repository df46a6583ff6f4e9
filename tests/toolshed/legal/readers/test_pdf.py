"""PDF: text in reading order, page by page, without what repeats on every page."""

from pathlib import Path

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen import canvas

from toolshed.errors import SourceError
from toolshed.legal.readers.files import read_document


def write_pdf(path: Path, pages: list[list[str]], **options: object) -> Path:
    sheet = canvas.Canvas(str(path), **options)  # type: ignore[arg-type]  # reportlab's own options
    for number, lines in enumerate(pages, start=1):
        sheet.drawString(72, 790, "CONFIDENTIAL DRAFT")
        height = 740
        for line in lines:
            sheet.drawString(72, height, line)
            height -= 14 if line else 10
        sheet.drawString(280, 40, f"Page {number} of {len(pages)}")
        sheet.showPage()
    sheet.save()
    return path


def test_pdf_pages_are_told_and_running_heads_left_out(tmp_path: Path) -> None:
    pages = [
        ["ARTICLE I", "", "The term begins on the day on which", "both"],
        ["parties sign. It ends", "never."],
        ["Done."],
    ]
    document = read_document(write_pdf(tmp_path / "a.pdf", pages))
    assert document.text == (
        "ARTICLE I\n\nThe term begins on the day on which\nboth\nparties sign. It ends\nnever.\nDone."
    )
    assert [document.page_at(document.text.index(word)) for word in ("ARTICLE", "parties", "Done")] == [
        1,
        2,
        3,
    ]


def test_an_encrypted_pdf_is_refused(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "secret.pdf", [["Secret."]], encrypt=StandardEncryption("password"))
    with pytest.raises(SourceError, match=r"secret\.pdf' is encrypted"):
        read_document(path)


def test_a_scanned_pdf_is_refused_with_advice(tmp_path: Path) -> None:
    sheet = canvas.Canvas(str(tmp_path / "scan.pdf"))
    sheet.rect(50, 50, 300, 300, fill=1)
    sheet.showPage()
    sheet.save()
    with pytest.raises(SourceError, match=r"no text layer.*ocrmypdf"):
        read_document(tmp_path / "scan.pdf")


def test_two_pages_are_too_few_to_tell_what_repeats(tmp_path: Path) -> None:
    document = read_document(write_pdf(tmp_path / "a.pdf", [["One."], ["Two."]]))
    assert document.text.count("CONFIDENTIAL DRAFT") == 2


def test_a_line_of_every_page_that_stands_inside_is_text(tmp_path: Path) -> None:
    pages = [
        ["Fees", "", "Rent", "", "The tenant pays.", "", f"Clause {n}", "", "End"] for n in ("a", "b", "c")
    ]
    text = read_document(write_pdf(tmp_path / "a.pdf", pages)).text
    assert text.count("The tenant pays.") == 3
    assert "CONFIDENTIAL" not in text


def test_a_page_without_text_keeps_its_number(tmp_path: Path) -> None:
    sheet = canvas.Canvas(str(tmp_path / "a.pdf"))
    for text in ("One.", "", "Three."):
        sheet.drawString(72, 740, text)
        sheet.showPage()
    sheet.save()
    document = read_document(tmp_path / "a.pdf")
    assert [document.page_at(document.text.index(word)) for word in ("One", "Three")] == [1, 3]


BAD = {
    "garbage.pdf": (b"%PDF-1.4 garbage", "no PDF, or is damaged"),
}


@pytest.mark.parametrize("name", list(BAD))
def test_what_cannot_be_read_is_named_with_the_reason(tmp_path: Path, name: str) -> None:
    content, reason = BAD[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=reason) as raised:
        read_document(tmp_path / name)
    assert name in str(raised.value)

"""PDF: text in reading order, page by page, without what repeats on every page."""

import re
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
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
    with pytest.raises(SourceError, match=r"no text layer.*--ocr"):
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


def sheets(path: Path, *pages: list[tuple[float, float, str]], picture: bool = False) -> Path:
    """A PDF of words at given places; the pages are pictures on request."""
    sheet = canvas.Canvas(str(path), pagesize=(600, 800))
    for page in pages:
        if picture:
            sheet.drawImage(ImageReader(Image.new("L", (60, 80), 200)), 0, 0, 600, 800)
        for left, height, text in page:
            sheet.drawString(left, height, text)
        sheet.showPage()
    sheet.save()
    return path


def test_words_that_line_ends_hyphenate_are_whole(tmp_path: Path) -> None:
    lines = [
        "The harbour master may revoke the per-",
        "mit of a third-",
        "party user whose self-",
        "insurance lapsed. A moor-",
        "ing is not sub-let. Do not sub-",
        "let it. Pay by the 5-",
        "year plan of the North-",
        "East port.",
    ]
    page = [(72.0, 700.0 - 14 * number, line) for number, line in enumerate(lines)]
    text = read_document(sheets(tmp_path / "a.pdf", page)).text
    for word in ("permit", "third-party", "self-insurance", "mooring", "sub-let it", "5-year", "North-East"):
        assert word in text.replace("\n", " ")
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", text)


@pytest.mark.parametrize("by_row", [False, True], ids=["column-by-column", "row-by-row"])
def test_columns_are_read_one_after_the_other(tmp_path: Path, by_row: bool) -> None:
    heights = [700.0 - 14 * number for number in range(12)]
    left = [(72.0, height, f"left column line number {n:02} of text") for n, height in enumerate(heights)]
    right = [(320.0, height, f"right column line number {n:02} of text") for n, height in enumerate(heights)]
    placed = [piece for row in zip(left, right, strict=True) for piece in row] if by_row else [*left, *right]
    title = (72.0, 750.0, "A title that runs over both of the columns of this page, from left to right")
    lines = read_document(sheets(tmp_path / "a.pdf", [title, *placed])).text.split("\n")
    words = [line.split()[0] for line in lines if line]
    assert words == ["A"] + ["left"] * 12 + ["right"] * 12


def test_a_table_is_read_row_by_row(tmp_path: Path) -> None:
    cells = [
        (left, 700.0 - 14 * n, f"{name} {n}")
        for n in range(12)
        for left, name in ((72.0, "fee"), (320.0, "sum"))
    ]
    lines = read_document(sheets(tmp_path / "a.pdf", cells)).text.split("\n")
    assert lines[0] == "fee 0 sum 0"


def test_a_scan_with_a_stamp_is_named_as_a_scan(tmp_path: Path) -> None:
    stamp = [(400.0, 780.0, "FILED 2 May 2019 Clerk of Court")]
    with pytest.raises(SourceError, match=r"was scanned: 3 of its 3 pages are pictures.*21 words.*--ocr"):
        read_document(sheets(tmp_path / "a.pdf", stamp, stamp, stamp, picture=True))


def test_pages_that_are_pictures_are_told(tmp_path: Path) -> None:
    text = [(72.0, 700.0, "The agreement.")]
    plain = sheets(tmp_path / "plain.pdf", text, text, text)
    scan = sheets(tmp_path / "scan.pdf", [], picture=True)
    merged = pdfium.PdfDocument(plain)
    merged.import_pages(pdfium.PdfDocument(scan))
    merged.save(tmp_path / "a.pdf")
    document = read_document(tmp_path / "a.pdf")
    assert document.remarks[0].startswith("pages that are pictures are not read: 4;")


def test_heads_of_left_and_right_pages_are_left_out_and_told(tmp_path: Path) -> None:
    pages = [
        [
            (72.0, 780.0, "Lease of a berth" if n % 2 else "Port of Tern"),
            *((72.0, 700.0 - 14 * m, f"Text {m} {chr(97 + n)}") for m in range(5)),
        ]
        for n in range(8)
    ]
    document = read_document(sheets(tmp_path / "a.pdf", *pages))
    assert "Lease of a berth" not in document.text
    assert "Port of Tern" not in document.text
    assert document.kept == 1.0
    assert "Port of Tern" in document.remarks[0]


def test_what_repeats_at_the_edges_is_text_further_in(tmp_path: Path) -> None:
    pages = [
        [(72.0, 780.0, "The fee."), *((72.0, 700.0 - 14 * m, f"Text {m} {chr(97 + n)}") for m in range(3)),
         (72.0, 600.0, "The fee."), (72.0, 580.0, f"More {chr(97 + n)}"), (72.0, 560.0, f"End {chr(97 + n)}")]
        for n in range(4)
    ]  # fmt: skip
    assert read_document(sheets(tmp_path / "a.pdf", *pages)).text.count("The fee.") == 4

"""Scans: their text is recognised where that is asked for, page by page."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from toolshed.errors import ConfigurationError, SourceError
from toolshed.legal.readers import ocr
from toolshed.legal.readers.files import read_document

needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None,
    reason="the program tesseract is not installed: apt install tesseract-ocr",
)
SCANNED = [
    "1. Fees. The Customer shall pay the fees within thirty days.",
    "2. Term. It ends after two years.",
]


def scan(path: Path) -> Path:
    """A page with a text layer, and one that is a picture with a stamp on it."""
    picture = Image.new("L", (1240, 1754), 255)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=34)
    for number, line in enumerate(SCANNED):
        draw.text((110, 200 + 80 * number), line, font=font, fill=0)
    sheet = canvas.Canvas(str(path), pagesize=(595, 842))
    sheet.drawString(72, 700, "The first page has text of its own.")
    sheet.showPage()
    sheet.drawImage(ImageReader(picture), 0, 0, 595, 842)
    sheet.drawString(400, 800, "FILED 2 May 2019")
    sheet.showPage()
    sheet.save()
    return path


@needs_tesseract
def test_the_text_of_pages_that_are_pictures_is_recognised_with_its_page(tmp_path: Path) -> None:
    document = read_document(scan(tmp_path / "a.pdf"), ocr=True)
    assert document.text.startswith("The first page has text of its own.\n")
    assert all(line in document.text for line in SCANNED)
    assert "FILED 2 May 2019" in document.text
    assert document.page_at(document.text.index("1. Fees")) == 2
    assert document.remarks == ("pages that are pictures were recognised, which makes mistakes: 2",)


def test_a_scan_without_ocr_says_what_reads_it(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"1 of its 2 pages are pictures.*--ocr.*extra 'ocr'.*tesseract"):
        read_document(scan(tmp_path / "a.pdf"))


def test_without_the_program_it_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"tesseract is not installed.*apt install tesseract-ocr"):
        read_document(scan(tmp_path / "a.pdf"), ocr=True)


def test_without_the_package_it_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        ocr.importlib.util, "find_spec", lambda name: None if name == "ocrmypdf" else find_spec(name)
    )
    with pytest.raises(ConfigurationError, match=r"ocrmypdf, which reads scans, is not installed.*\[ocr\]"):
        read_document(scan(tmp_path / "a.pdf"), ocr=True)


def test_text_needs_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sheet = canvas.Canvas(str(tmp_path / "a.pdf"))
    sheet.drawString(72, 700, "This page has text.")
    sheet.save()
    assert read_document(tmp_path / "a.pdf", ocr=True).text == "This page has text."


def test_what_takes_too_long_is_ended_with_what_it_started() -> None:
    waiting = [sys.executable, "-c", "import threading; threading.Event().wait()"]
    with pytest.raises(SourceError, match=r"'a\.pdf' was not recognised within 0 seconds; split the file"):
        ocr._ended(waiting, 0.1, Path("a.pdf"))


def test_what_fails_says_why() -> None:
    failing = [sys.executable, "-c", "import sys; sys.exit('the page is no page')"]
    assert ocr._ended(failing, 60, Path("a.pdf")) == "the page is no page"

"""Small files that unpack to anything: refused with little time and memory, and the next one read as ever."""

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docx
import pytest

from toolshed.errors import SourceError
from toolshed.legal.readers import confined
from toolshed.legal.readers.files import read_document

resource = pytest.importorskip("resource", reason="limits of POSIX")

MEGABYTE = 2**20


def word(path: Path, body: str, *, before: str = "") -> Path:
    """A Word file whose body is given as XML."""
    empty = io.BytesIO()
    docx.Document().save(empty)
    with zipfile.ZipFile(empty) as template, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name in template.namelist():
            content = template.read(name)
            if name == "word/document.xml":
                content = content.replace(b"<w:body>", b"<w:body>" + body.encode())
                content = content.replace(b"?>", b"?>" + before.encode(), 1)
            made.writestr(name, content)
    return path


def pdf(path: Path, content: bytes, *, filters: str = "/FlateDecode", n_pages: int = 1) -> Path:
    """A PDF whose pages all show one content stream, packed as the filters say."""
    for _ in range(filters.count("Flate")):
        content = zlib.compress(content, 9)
    kids = " ".join(f"{number} 0 R" for number in range(5, 5 + n_pages))
    page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 3 0 R/Resources<</Font<</F 4 0 R>>>>>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {n_pages}/Kids[{kids}]>>".encode(),
        f"<</Length {len(content)}/Filter[{filters}]>>stream\n".encode() + content + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *[page.encode()] * n_pages,
    ]
    data, offsets = b"%PDF-1.7\n", []
    for number, made in enumerate(objects, start=1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n".encode() + made + b"\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    data += (
        f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R>>\n"
        f"startxref\n{len(data)}\n%%EOF"
    ).encode()
    path.write_bytes(data)
    return path


@contextmanager
def measured(*, megabytes: int, seconds: float) -> Iterator[None]:
    """What this process and those that it ended and waited for may take more than before."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    before = [resource.getrusage(kind) for kind in kinds]
    yield
    confined._end()
    after = [resource.getrusage(kind) for kind in kinds]
    spent = sum(one.ru_utime + one.ru_stime for one in after) - sum(
        one.ru_utime + one.ru_stime for one in before
    )
    assert spent < seconds
    assert after[0].ru_maxrss - before[0].ru_maxrss < megabytes * 1024


@pytest.fixture(autouse=True)
def _little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "_SECONDS", 3)


def test_a_header_that_lies_about_its_size_is_not_believed(tmp_path: Path) -> None:
    path = word(tmp_path / "a.docx", " " * (200 * MEGABYTE))
    data = bytearray(path.read_bytes())
    for signature, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = data.find(signature)
        while place >= 0:
            if struct.unpack_from("<I", data, place + at)[0] > 100 * MEGABYTE:
                struct.pack_into("<I", data, place + at, 1_000)
            place = data.find(signature, place + 4)
    path.write_bytes(data)
    with (
        measured(megabytes=100, seconds=10),
        pytest.raises(SourceError, match="is no DOCX file, or is damaged"),
    ):
        read_document(path)


NESTED = (
    "<!DOCTYPE d [<!ENTITY a '"
    + "a" * 5_000
    + "'>"
    + "".join(
        f"<!ENTITY {name} '{f'&{inner};' * 10}'>" for name, inner in zip("bcdefgh", "abcdefg", strict=True)
    )
    + "]>"
)

WORD_BOMBS = {
    "unpacks to 200 MB": (" " * (200 * MEGABYTE), "", "unpacks to more than 48 MB"),
    "entities in entities": ("<w:p><w:r><w:t>&h;</w:t></w:r></w:p>", NESTED, "damaged|empty"),
    "deep": ("<w:p>" * 100_000, "", "damaged"),
    "runs beyond number": (
        "<w:p>" + "<w:r><w:t>a</w:t></w:r>" * 1_600_000 + "</w:p>",
        "",
        "takes more than 3|damaged",
    ),
    "millions of empty paragraphs": ("<w:p/>" * 2_000_000, "", "takes more than 3 seconds|damaged"),
}


@pytest.mark.parametrize("bomb", WORD_BOMBS)
def test_word_bombs_are_refused(tmp_path: Path, bomb: str) -> None:
    body, before, reason = WORD_BOMBS[bomb]
    path = word(tmp_path / "a.docx", body, before=before)
    with measured(megabytes=150, seconds=10), pytest.raises(SourceError, match=reason):
        read_document(path)


OPERATORS = b"BT /F 12 Tf 10 10 Td (Some words) Tj ET\n"
PDF_BOMBS = {
    "a page of 100 MB of operators": (OPERATORS * 2_500_000, "/FlateDecode", 1),
    "a stream packed twice": (b" " * (400 * MEGABYTE), "/FlateDecode/FlateDecode", 1),
    "many lines on a page": (
        b"BT /F 1 Tf 700 TL 10 10 Td " + b"(A) Tj T* " * 60_000 + b"ET",
        "/FlateDecode",
        1,
    ),
    "one stream on many pages": (OPERATORS * 2_000, "/FlateDecode", 5_000),
}


@pytest.mark.parametrize("bomb", PDF_BOMBS)
def test_pdf_bombs_are_refused(tmp_path: Path, bomb: str) -> None:
    content, filters, n_pages = PDF_BOMBS[bomb]
    path = pdf(tmp_path / "a.pdf", content, filters=filters, n_pages=n_pages)
    with (
        measured(megabytes=150, seconds=12),
        pytest.raises(SourceError, match=r"takes more than \d seconds|no text layer"),
    ):
        read_document(path)


def test_the_next_file_is_read_after_a_bomb(tmp_path: Path) -> None:
    bomb = pdf(tmp_path / "bomb.pdf", OPERATORS * 2_000, n_pages=5_000)
    good = word(tmp_path / "good.docx", "<w:p><w:r><w:t>Text.</w:t></w:r></w:p>")
    with pytest.raises(SourceError, match="takes more than"):
        read_document(bomb)
    assert read_document(good).text == "Text."
    assert read_document(pdf(tmp_path / "good.pdf", OPERATORS)).text == "Some words"


def test_a_cell_over_a_million_columns_is_one_cell(tmp_path: Path) -> None:
    cell = (
        "<w:tc><w:tcPr><w:gridSpan w:val='99999999'/></w:tcPr><w:p><w:r><w:t>Text.</w:t></w:r></w:p></w:tc>"
    )
    path = word(tmp_path / "a.docx", f"<w:tbl><w:tblPr/><w:tblGrid/><w:tr>{cell}</w:tr></w:tbl>")
    with measured(megabytes=50, seconds=3):
        assert read_document(path).text == "Text."


def test_html_of_many_open_tags_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<div>" * 50_000 + "Deep.", encoding="utf-8")
    with measured(megabytes=200, seconds=10):
        assert "Deep." in read_document(tmp_path / "a.html").text


def test_one_process_serves_all_files(tmp_path: Path) -> None:
    path = word(tmp_path / "a.docx", "<w:p><w:r><w:t>Text.</w:t></w:r></w:p>")
    served = set()
    for _ in range(3):
        read_document(path)
        served.add(confined._children[os.getpid()].pid)
    assert len(served) == 1

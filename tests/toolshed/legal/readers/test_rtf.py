"""RTF: text, notes, characters of every kind; nothing of what describes the file."""

# ruff: noqa: E501  # a case a line

from contextlib import suppress
from pathlib import Path

import pytest

from toolshed.errors import SourceError
from toolshed.legal.readers.files import read_document
from toolshed.legal.readers.rtf import read


def text_of(body: str) -> str:
    return read(b"{\\rtf1\\ansi\\ansicpg1252 " + body.encode("latin-1") + b"}", Path("a.rtf")).text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        pytest.param(r"{\fonttbl{\f0 Arial;}}{\info{\title Lease}}The fee.\par Due.", "The fee.\n\nDue.", id="paragraphs"),
        pytest.param(r"caf\'e9 \u8220?Fee\u8221? \u-10179?\u-8704? \emdash \~x", "café “Fee” 😀 —\xa0x", id="characters"),
        pytest.param(r"Capped.{\super\chftn{\footnote\pard See 15 U.S.C. \'a7 1.}} Go.\par Next.", "Capped.[1] Go.\n\n[1] See 15 U.S.C. § 1.\n\nNext.", id="notes"),
        pytest.param(r"\trowd A\cell B\cell\row C\cell D\cell\row", "A\tB\t\nC\tD", id="rows"),
        pytest.param(r"Rent is {\deleted five}{\revised seven}.", "Rent is seven.", id="tracked"),
        pytest.param(r"{\field{\*\fldinst HYPERLINK x}{\fldrslt the terms}} \{a\} \\", "the terms {a} \\", id="fields-and-marks"),
        pytest.param(r"{\*\unknown secret}Seen {\pict 00ff}.", "Seen .", id="skipped"),
        pytest.param("", "", id="nothing"),
    ],
)  # fmt: skip
def test_text_is_read(body: str, text: str) -> None:
    assert text_of(body) == text


def test_what_is_not_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.rtf").write_bytes(rb"{\rtf1{\header Draft}{\*\annotation Really?}Text.}")
    document = read_document(tmp_path / "a.rtf")
    assert (document.text, document.remarks) == (
        "Text.", ("comments are not read", "headers and footers are not read")
    )  # fmt: skip


@pytest.mark.parametrize("unit", [b"{", b"}", b"\\", b"\\par ", b"\\u8217?", b"{\\*\\x ", b" ", b"\t"])
def test_hostile_files_end(unit: bytes) -> None:
    with suppress(SourceError):
        read(b"{\\rtf1 " + unit * (200_000 // len(unit)), Path("a.rtf"))


def test_other_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.rtf").write_text("Plain.")
    with pytest.raises(SourceError, match="is no RTF file"):
        read_document(tmp_path / "a.rtf")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb"\ansi A {\pict\bin3 {{{} B is kept.", "A B is kept."),
        (rb"\ansi A \deleted gone \plain B is kept.", "A B is kept."),
        (rb"\ansi\ansicpg932 \'93\'fa\'96\'7b", "日本"),
    ],
)
def test_pictures_plain_text_and_two_byte_letters_lose_no_words(body: bytes, text: str) -> None:
    assert " ".join(read(rb"{\rtf1" + body + rb"\par}", Path("a.rtf")).text.split()) == text

"""Plain text: in any encoding, character for character, or refused."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from toolshed.errors import SourceError
from toolshed.legal.readers import plain
from toolshed.legal.readers.files import read_document
from toolshed.legal.readers.plain import decoded

TEXT = "§ 1. The term “Lender” means a bank.\r\n\r\nIt’s due."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_plain_text_keeps_every_character_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "loan_terms.txt").write_bytes(TEXT.encode(encoding))
    document = read_document(tmp_path / "loan_terms.txt")
    assert document.text == TEXT
    assert (document.document_id, document.title) == ("loan_terms.txt", "loan terms")


@pytest.mark.parametrize(
    "text",
    ["One.\x0cTwo.\tThree.\x1b", "A\u2028B\x85C\xa0D", "\n\n", "發票 🧾"],
    ids=repr,
)
def test_no_line_end_or_space_is_made_another(text: str) -> None:
    assert decoded(text.encode(), Path("a.txt")) == text


def test_few_control_characters_are_noise_and_many_are_no_text() -> None:
    noisy = "word " * 200 + "\x00\x07"
    assert decoded(noisy.encode(), Path("a.txt")) == noisy
    with pytest.raises(SourceError, match=r"'a\.txt' is no text: it holds binary data"):
        decoded(b"word\x00" * 200, Path("a.txt"))


@pytest.mark.parametrize("guess", [None, SimpleNamespace(encoding="ascii")], ids=["none", "of-the-beginning"])
def test_an_encoding_that_does_not_fit_to_the_end_is_refused(
    monkeypatch: pytest.MonkeyPatch, guess: SimpleNamespace | None
) -> None:
    # It is looked for in the first 256 KB only.
    monkeypatch.setattr(plain, "from_bytes", lambda sample: SimpleNamespace(best=lambda: guess))
    with pytest.raises(
        SourceError, match="no text in UTF-8, the first at byte 3, and no other encoding fits"
    ):
        decoded(b"Geb\xb9hr", Path("a.txt"))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Le loyer est dû. Le délai court dès la réception.", "cp1252"),
        ("La señora pagará la pensión.", "cp1252"),
        ("Die Gebühr für größere Boote beträgt fünf €.", "cp1252"),
        ("Najemca jest zobowiązany do zapłaty czynszu, a także opłat za łódź. " * 5, "cp1250"),
        ("Nájemce je povinen platit nájemné včas a řádně, přičemž žádné výjimky nejsou. " * 5, "cp1250"),
    ],
    ids=["French", "Spanish", "German", "Polish", "Czech"],
)
def test_short_texts_of_western_and_central_europe_are_told_apart(text: str, encoding: str) -> None:
    assert decoded(text.encode(encoding), Path("a.txt")) == text


BAD = {
    "program.txt": (b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40, "binary data"),
    "really_a_pdf.txt": (b"%PDF-1.7\n...", "no text but a PDF"),
    "damaged.txt": (
        "Gebühr für Größe. ".encode() * 20 + b"\xff\xc3",
        "no text in UTF-8, the first at byte 440",
    ),
    "half.txt": (b"\xff\xfeA", "begins as UTF-16"),
}


@pytest.mark.parametrize("name", list(BAD))
def test_what_cannot_be_read_is_named_with_the_reason(tmp_path: Path, name: str) -> None:
    content, reason = BAD[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=reason) as raised:
        read_document(tmp_path / name)
    assert name in str(raised.value)

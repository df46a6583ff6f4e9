"""E-mail: headers, body, what is attached."""

from email.message import EmailMessage
from pathlib import Path

import pytest

from toolshed.errors import SourceError
from toolshed.legal.readers.files import read_document


def message(subject: str, body: str, *, subtype: str = "plain") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Ana Ruiz <ana@tern.example>", "legal@tern.example", subject
    made.set_content(body, subtype=subtype)
    return made


def test_headers_and_body_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(message("Kündigung", "Wir kündigen zum 1. Mai.\n").as_bytes())
    document = read_document(tmp_path / "a.eml")
    assert document.title == "Kündigung"
    assert document.text == (
        "From: Ana Ruiz <ana@tern.example>\nTo: legal@tern.example\nSubject: Kündigung\n\n"
        "Wir kündigen zum 1. Mai."
    )


def test_a_body_of_html_is_read_as_it_is_shown(tmp_path: Path) -> None:
    made = message("Fee", "<p>The fee is <b>due</b>.</p><p>Pay.</p>", subtype="html")
    (tmp_path / "a.eml").write_bytes(made.as_bytes())
    assert read_document(tmp_path / "a.eml").text.endswith("\n\nThe fee is due.\n\nPay.")


def test_forwarded_messages_are_read_and_attachments_told(tmp_path: Path) -> None:
    made = message("Fwd", "See below.")
    made.add_attachment(message("Inner", "The notice is void."))
    made.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="lease.pdf")
    (tmp_path / "a.eml").write_bytes(made.as_bytes())
    document = read_document(tmp_path / "a.eml")
    assert "The notice is void." in document.text
    assert document.remarks == ("the attachment 'lease.pdf' is not read; save it and index it",)


@pytest.mark.parametrize("content", [b"", b"Just text.", b"\x00\xff" * 100])
def test_what_is_no_message_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.eml").write_bytes(content)
    with pytest.raises(SourceError, match="is no e-mail"):
        read_document(tmp_path / "a.eml")

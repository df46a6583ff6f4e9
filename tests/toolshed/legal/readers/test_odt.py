"""OpenDocument text."""

# ruff: noqa: E501  # a case a line

import zipfile
from pathlib import Path

import pytest

from toolshed.errors import SourceError
from toolshed.legal.readers.files import read_document

NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "text", "table", "draw")
)


def written(path: Path, body: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        content = f"<office:body><office:text>{body}</office:text></office:body>"
        archive.writestr(
            "content.xml", f"<office:document-content {NAMES}>{content}</office:document-content>"
        )
    return path


@pytest.mark.parametrize(
    ("body", "text"),
    [
        pytest.param('<text:p>A<text:s text:c="2"/>b<text:tab/><text:span>c</text:span>d<text:line-break/>e</text:p>', "A  b\tcd\ne", id="spaces"),
        pytest.param("<text:list><text:list-item><text:p>One.</text:p></text:list-item></text:list><text:section><text:p>Two.</text:p></text:section>", "One.\n\nTwo.", id="lists"),
        pytest.param("<text:p>Capped.<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>See § 1.</text:p></text:note-body></text:note> Go.</text:p><text:p>Next.</text:p>", "Capped.[1] Go.\n\n[1] See § 1.\n\nNext.", id="notes"),
        pytest.param("<table:table><table:table-row><table:table-cell><text:p>A</text:p></table:table-cell><table:table-cell><text:p>B</text:p></table:table-cell></table:table-row></table:table>", "A\tB", id="rows"),
        pytest.param("<text:tracked-changes><text:changed-region><text:deletion><text:p>Old.</text:p></text:deletion></text:changed-region></text:tracked-changes><text:p>New.</text:p>", "New.", id="tracked"),
        pytest.param("<text:p>Seen.<draw:frame><draw:text-box><text:p>In the box.</text:p></draw:text-box></draw:frame></text:p>", "Seen.\n\nIn the box.", id="box"),
    ],
)  # fmt: skip
def test_text_is_read(tmp_path: Path, body: str, text: str) -> None:
    document = read_document(written(tmp_path / "a.odt", body))
    assert (document.text, document.kept) == (text, 1.0)


def test_headings_are_told_by_their_outline(tmp_path: Path) -> None:
    body = '<text:h text:outline-level="2">Fees</text:h><text:p>Due.</text:p>'
    document = read_document(written(tmp_path / "a.odt", body))
    assert [(document.text[h.start : h.end], h.level) for h in document.headings] == [("Fees", 2)]


def test_what_is_no_odt_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.odt").write_bytes(b"PK garbage")
    with pytest.raises(SourceError, match="is no ODT file, or is damaged"):
        read_document(tmp_path / "a.odt")

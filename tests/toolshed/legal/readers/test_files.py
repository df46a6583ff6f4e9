"""Reading legal documents: real files of every kind, and files that are not what they seem."""

import os
import socket
import subprocess
import sys
from itertools import accumulate
from pathlib import Path

import docx
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen import canvas

from toolshed import Toolshed
from toolshed.errors import SourceError
from toolshed.legal.readers import files
from toolshed.legal.readers.files import find_files, read_document
from toolshed.testing.doubles import HashingEncoder

TEXT = "§ 1. The term “Lender” means a bank.\r\n\r\nIt’s due."


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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_plain_text_keeps_every_character_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "loan_terms.txt").write_bytes(TEXT.encode(encoding))
    document = read_document(tmp_path / "loan_terms.txt")
    assert document.text == TEXT
    assert (document.document_id, document.title) == ("loan_terms.txt", "loan terms")


def test_markdown_tells_its_headings_and_stays_as_it_is(tmp_path: Path) -> None:
    source = "# Privacy *Policy*\n\nText.\n\n## Rights ##\n\nSetext\n------\n\n```\n# no heading\n```\n"
    (tmp_path / "a.md").write_text(source, encoding="utf-8")
    document = read_document(tmp_path / "a.md")
    assert document.text == source
    assert [(source[h.start : h.end], h.level) for h in document.headings] == [
        ("Privacy *Policy*", 1),
        ("Rights", 2),
        ("Setext", 2),
    ]


def test_html_is_read_as_a_browser_shows_it(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<html><head><title>Terms &amp; More</title><style>p {}</style></head><body><nav>Menu</nav>"
        "<h1>Our <em>terms</em></h1><p>We  collect\n data.<br>More <b>data</b>.</p><script>x()</script>"
        "<ul><li>One</li><li>Two</li></ul><h2>Rights</h2><div><p>Ask us.</p></div>"
        "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table></body></html>",
        encoding="utf-8",
    )
    document = read_document(tmp_path / "a.html")
    assert document.title == "Terms & More"
    assert document.text == (
        "Our terms\n\nWe collect data.\nMore data.\n\nOne\nTwo\n\nRights\n\nAsk us.\n\na\tb\nc\td"
    )
    assert [(document.text[h.start : h.end], h.level) for h in document.headings] == [
        ("Our terms", 1),
        ("Rights", 2),
    ]


def test_deeply_nested_html_is_read(tmp_path: Path) -> None:
    (tmp_path / "deep.html").write_text("<div>" * 5_000 + "Deep." + "</div>" * 5_000, encoding="utf-8")
    assert "Deep." in read_document(tmp_path / "deep.html").text


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


BAD = {
    "empty.txt": (b"", "is empty"),
    "blank.md": (b" \n\n", "is empty"),
    "program.txt": (b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40, "binary data"),
    "really_a_pdf.txt": (b"%PDF-1.7\n...", "no text but a PDF"),
    "damaged.txt": (
        "Gebühr für Größe. ".encode() * 20 + b"\xff\xc3",
        "no text in UTF-8, the first at byte 440",
    ),
    "half.txt": (b"\xff\xfeA", "begins as UTF-16"),
    "garbage.pdf": (b"%PDF-1.4 garbage", "no PDF, or is damaged"),
    "garbage.docx": (b"PK\x03\x04 garbage", "no DOCX file, or is damaged"),
    "old.docx": (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "encrypted or an old Office file"),
    "notes.xyz": (b"text", "of no kind that can be read"),
}


@pytest.mark.parametrize("name", list(BAD))
def test_what_cannot_be_read_is_named_with_the_reason(tmp_path: Path, name: str) -> None:
    content, reason = BAD[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=reason) as raised:
        read_document(tmp_path / name)
    assert name in str(raised.value)


def test_what_a_parser_does_not_foresee_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "odd.html").write_text("<p>Text.</p>", encoding="utf-8")
    monkeypatch.setattr("toolshed.legal.readers.html.BeautifulSoup", lambda *_: 1 / 0)
    with pytest.raises(SourceError, match=r"odd\.html' is damaged, or of a form that cannot be read"):
        read_document(tmp_path / "odd.html")


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


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(200 * 2**20)
    with pytest.raises(SourceError, match=r"has 200 MB; at most 100 MB"):
        read_document(tmp_path / "huge.txt")


def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "growing.txt"
    path.write_text("One.", encoding="utf-8")
    fstat = os.fstat

    def grow(descriptor: int) -> os.stat_result:
        found = fstat(descriptor)
        with path.open("a", encoding="utf-8") as file:
            file.write(" More.")
        return found

    monkeypatch.setattr(os, "fstat", grow)
    with pytest.raises(SourceError, match="changed while it was read"):
        read_document(path)


def test_folders_are_searched_and_ids_are_paths_within(tmp_path: Path) -> None:
    for name in (
        "law/b.txt",
        "law/a/c.md",
        "law/a/skip.png",
        "law/.hidden/x.txt",
        "law/.y.txt",
        "single.txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("Text.", encoding="utf-8")
    found, problems = find_files([tmp_path / "law", tmp_path / "single.txt"])
    assert sorted(file.document_id for file in found) == ["law/a/c.md", "law/b.txt", "single.txt"]
    assert problems == []
    (only,), _ = find_files([tmp_path / "law"], glob="a/*")[0][:1], None
    assert only.document_id == "law/a/c.md"


def test_two_files_of_one_id_are_refused(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder / "law").mkdir(parents=True)
        (tmp_path / folder / "law" / "a.txt").write_text("Text.", encoding="utf-8")
    with pytest.raises(SourceError, match=r"would both be the document 'law/a\.txt'"):
        find_files([tmp_path / "x" / "law", tmp_path / "y" / "law"])


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no file or folder"):
        find_files([tmp_path / "nothing"])


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_folders_without_permission_are_reported_and_the_others_read(tmp_path: Path) -> None:
    # In a process of its own: the tests may run as root, whom no permission stops.
    (tmp_path / "law" / "closed").mkdir(parents=True)
    (tmp_path / "law" / "closed" / "a.txt").write_text("Text.", encoding="utf-8")
    (tmp_path / "law" / "open.txt").write_text("Text.", encoding="utf-8")
    (tmp_path / "law" / "closed").chmod(0)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and "pytest" in str(folder):
            folder.chmod(0o755)
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[2]);"
        "import toolshed.legal.readers.files as f;"
        "os.getuid() or os.setuid(65534);"
        "found, problems = f.find_files([sys.argv[1]]);"
        "print([x.document_id for x in found], problems)"
    )
    root = Path(files.__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "law"), str(root)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "['law/open.txt']" in done.stdout
    assert "closed' cannot be looked into: Permission denied" in done.stdout.replace('"', "'")


@pytest.mark.skipif(os.name == "nt", reason="files of POSIX")
def test_what_is_no_readable_file_costs_only_itself(tmp_path: Path) -> None:
    law, elsewhere = tmp_path / "law", tmp_path / "elsewhere"
    for folder in (law / "sub", elsewhere):
        folder.mkdir(parents=True)
        (folder / "a.txt").write_text("Text.", encoding="utf-8")
    os.mkfifo(law / "pipe.txt")
    (law / "out.txt").symlink_to(elsewhere / "a.txt")
    (law / "outside").symlink_to(elsewhere)
    (law / "root").symlink_to("/")
    (law / "within").symlink_to(law / "sub")
    (law / "up").symlink_to(law)
    (law / "loop.txt").symlink_to(law / "loop.txt")
    (law / "gone.txt").symlink_to(law / "missing.txt")
    (law / "same.txt").symlink_to(law / "sub" / "a.txt")
    (law / "zero.txt").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(law / "socket.txt"))
    report = Toolshed("memory:", encoder=HashingEncoder()).add_documents(law)
    assert sorted(report.added) == ["law/same.txt", "law/sub/a.txt"]
    reasons = {Path(reason.split("'")[1]).name: reason for reason in report.left_out}
    assert sorted(reasons) == [
        "gone.txt",
        "loop.txt",
        "out.txt",
        "outside",
        "pipe.txt",
        "root",
        "socket.txt",
        "zero.txt",
    ]
    for name in ("out.txt", "outside", "root", "zero.txt"):
        assert f"is a link that leads out of {str(law)!r} and is not followed" in reasons[name]
    assert "is no file but a folder, pipe or device" in reasons["pipe.txt"]
    assert "cannot be read: No such file or directory" in reasons["gone.txt"]
    assert "cannot be read: Too many levels of symbolic links" in reasons["loop.txt"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_not_utf_8_costs_only_itself(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("Text.", encoding="utf-8")
    bad = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    Path(os.fsdecode(bad)).write_text("Text.", encoding="utf-8")
    report = Toolshed("memory:", encoder=HashingEncoder()).add_documents(tmp_path)
    assert report.added == [f"{tmp_path.name}/good.txt"]
    (reason,) = report.left_out
    assert reason.isprintable()
    assert reason.endswith(r"caf\udce9.txt' has a name that is not UTF-8; rename it")


def test_a_link_that_leads_out_does_not_keep_what_is_gone(tmp_path: Path) -> None:
    law = tmp_path / "law"
    law.mkdir()
    (tmp_path / "secret.txt").write_text("Secret.", encoding="utf-8")
    for name in ("a.txt", "b.txt"):
        (law / name).write_text("Text.", encoding="utf-8")
    (law / "out.txt").symlink_to(tmp_path / "secret.txt")
    shed = Toolshed("memory:", encoder=HashingEncoder())
    shed.sync_documents(law)
    (law / "a.txt").unlink()
    report = shed.sync_documents(law)
    assert report.removed == ["law/a.txt"]
    assert len(report.left_out) == 1
    assert shed.list_documents() == ["law/b.txt"]


@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
def test_folders_deeper_than_the_stack_are_searched(tmp_path: Path) -> None:
    folders = list(accumulate(["d"] * 1_200, Path.joinpath, initial=tmp_path / "law"))
    for folder in folders:
        folder.mkdir()
    deep = folders[-1] / "a.txt"
    deep.write_text("Text.", encoding="utf-8")
    found, problems = find_files([tmp_path / "law"])
    deep.unlink()
    # Nor would pytest find its way down to remove them.
    for folder in reversed(folders):
        folder.rmdir()
    assert [file.path for file in found] == [deep]
    assert problems == []


def test_a_file_that_vanishes_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Text.", encoding="utf-8")
    (found,), _ = find_files([tmp_path])
    found.path.unlink()
    with pytest.raises(SourceError, match=r"a\.txt' cannot be read: No such file"):
        read_document(found)

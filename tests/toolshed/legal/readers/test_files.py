"""Finding files and reading them whole; what is in them is tested reader by reader."""

import os
import socket
import subprocess
import sys
from itertools import accumulate
from pathlib import Path

import pytest

from toolshed import Toolshed
from toolshed.errors import SourceError
from toolshed.legal.readers import files
from toolshed.legal.readers.files import find_files, read_document
from toolshed.testing.doubles import HashingEncoder

BAD = {
    "empty.txt": (b"", "is empty"),
    "blank.md": (b" \n\n", "is empty"),
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

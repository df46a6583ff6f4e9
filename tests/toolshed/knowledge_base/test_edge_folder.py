"""Folders of the embedded engine: locked, counted, checked, and searched where nothing can be written."""

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from toolshed.catalog.definitions import Catalog
from toolshed.documents import LegalDocument
from toolshed.errors import KnowledgeBaseBusyError, KnowledgeBaseError, StorageFullError
from toolshed.knowledge_base import edge_folder
from toolshed.knowledge_base.edge_folder import EdgeFolder
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder, make_tool

CREATE = """
import sys
from toolshed.catalog.definitions import Catalog
from toolshed.errors import KnowledgeBaseBusyError
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder, make_tool
which = sys.argv[1]
tools = tuple(make_tool(f"t{which}_{n}", f"Does {n}.", source=which) for n in range(40))
for folder in sys.stdin:
    try:
        with Toolshed(folder.strip(), encoder=HashingEncoder()) as shed:
            print(len(shed.add_catalogs([Catalog(which, tools)]).added), flush=True)
    except KnowledgeBaseBusyError as error:
        print("busy" if "open in another process" in str(error) else error, flush=True)
"""


def open_shed(folder: Path) -> Toolshed:
    return Toolshed(folder, encoder=HashingEncoder())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A knowledge base of 30 tools and a document."""
    tools = tuple(make_tool(f"t{n}", f"Does {n}.", source="s") for n in range(31))
    with open_shed(tmp_path / "shed") as shed:
        shed.add_catalogs([Catalog("s", tools)])
        # The engine's log still has the last write, and would repeat it.
        shed.delete_tools("s:t30")
        shed.add_documents(LegalDocument("act.txt", "§ 1. Fees. Fees are due within ten days.", "Act", "law"))
    return tmp_path / "shed"


def test_processes_that_create_one_folder_lose_nothing(tmp_path: Path) -> None:
    folders = [tmp_path / f"shed-{turn}" for turn in range(3)]
    asked = "".join(f"{folder}\n" for folder in folders)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CREATE, str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for n in range(4)
    ]
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda process: process.communicate(asked, timeout=120)[0].split(), processes))
    for folder, answers in zip(folders, zip(*told, strict=True), strict=True):
        assert set(answers) <= {"40", "busy"}
        assert "40" in answers
        with open_shed(folder) as shed:
            assert len(shed.list_tools()) == 40 * answers.count("40")


def test_threads_that_open_one_folder_get_it_one_at_a_time(tmp_path: Path) -> None:
    all_tried = threading.Barrier(8)

    def work(_: int) -> str:
        try:
            folder = EdgeFolder(tmp_path / "shed", "tools")
        except KnowledgeBaseBusyError:
            all_tried.wait(60)
            return "busy"
        all_tried.wait(60)
        folder.release()
        return "open"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(work, range(8))) == ["busy"] * 7 + ["open"]
    EdgeFolder(tmp_path / "shed", "tools").release()


def test_points_that_are_gone_are_noticed(folder: Path) -> None:
    known = folder / "acknowledged.json"
    kept = json.loads(known.read_text())
    assert (kept["at_least"], kept["at_most"]) == (30, 30)
    known.write_text('{"at_least": 31, "at_most": 31}')
    with pytest.raises(KnowledgeBaseError, match="is damaged: it has 30 of the 31 records"):
        open_shed(folder)


def test_a_write_that_was_cut_off_is_no_damage(folder: Path) -> None:
    (folder / "acknowledged.json").write_text('{"at_least": 10, "at_most": 266}')
    with open_shed(folder) as shed:
        assert len(shed.list_tools()) == 30


def test_one_that_was_made_before_points_were_counted_opens(folder: Path) -> None:
    (folder / "acknowledged.json").unlink()
    with open_shed(folder) as shed:
        shed.delete_tools("s:t1")
    kept = json.loads((folder / "acknowledged.json").read_text())
    assert (kept["at_least"], kept["at_most"]) == (29, 29)


def test_every_write_gives_the_folder_another_version(folder: Path) -> None:
    def version() -> str:
        return str(json.loads((folder / "acknowledged.json").read_text())["version"])

    versions = [version()]
    with open_shed(folder) as shed:
        assert version() == versions[0]
        for n in (1, 2):
            shed.delete_tools(f"s:t{n}")
            versions.append(version())
    with open_shed(folder):
        assert version() == versions[-1]
    assert len(set(versions)) == 3


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"n": 3}', '{"at_least": "30", "at_most": "30"}', '{"at_least": null, "at_most": null}'],
)
def test_an_unreadable_count_says_what_to_do(folder: Path, content: str) -> None:
    (folder / "acknowledged.json").write_text(content)
    with pytest.raises(KnowledgeBaseError, match="restore the folder from a backup"):
        open_shed(folder)


@pytest.mark.parametrize("pattern", ["*.mappings", "*.versions"])
def test_a_tracker_that_was_cut_is_noticed(folder: Path, pattern: str) -> None:
    largest = max((folder / "tools").rglob(pattern), key=lambda path: path.stat().st_size)
    os.truncate(largest, largest.stat().st_size // 2)
    with pytest.raises(KnowledgeBaseError), open_shed(folder) as shed:
        shed.search("does 3")


def test_a_panic_of_the_engine_is_an_error_like_others(folder: Path) -> None:
    for status in (folder / "tools").rglob("status.dat"):
        os.truncate(status, status.stat().st_size // 2)
    with pytest.raises(KnowledgeBaseError, match="restore"), open_shed(folder) as shed:
        shed.search("does 3")


def test_where_nothing_can_be_written_the_tools_are_still_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    monkeypatch.setattr(EdgeFolder, "has_room", lambda _self: False)
    with open_shed(folder) as shed:
        assert shed.search("does 3").tools
        assert shed.search_passages("when are fees due").passages
        for write in (lambda: shed.delete_tools("s:t1"), lambda: shed.add_tools(sys.intern)):
            with pytest.raises(StorageFullError, match="open for reading only"):
                write()
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_without_room_for_a_copy_either_it_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge_folder, "_free", lambda _path: 0)
    with pytest.raises(StorageFullError, match="no room for a copy to search"):
        open_shed(folder)


def test_only_its_owner_may_look_into_it(folder: Path) -> None:
    assert folder.stat().st_mode & 0o077 == 0

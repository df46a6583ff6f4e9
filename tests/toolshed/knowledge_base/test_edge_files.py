"""Damage in the files of the embedded engine: noticed, and no end of the process."""

import json
import logging
import os
from pathlib import Path

import pytest

from toolshed.catalog.definitions import Catalog
from toolshed.documents import LegalDocument
from toolshed.errors import KnowledgeBaseError
from toolshed.knowledge_base import edge_files
from toolshed.knowledge_base.edge_files import EdgeFiles
from toolshed.knowledge_base.tools import ToolStore
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder, make_tool


def open_shed(folder: Path) -> Toolshed:
    return Toolshed(folder, encoder=HashingEncoder())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A knowledge base of 40 tools and a document."""
    tools = tuple(make_tool(f"t{n}", f"Does {n}. And more.", source="s") for n in range(41))
    with open_shed(tmp_path / "shed") as shed:
        shed.add_catalogs([Catalog("s", tools)])
        # The engine's log still has the last write, and would repeat it.
        shed.delete_tools("s:t40")
        shed.add_documents(LegalDocument("act.txt", "§ 1. Fees. Fees are due within ten days.", "Act", "law"))
    return tmp_path / "shed"


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 0x55]))


def test_what_was_closed_is_known(folder: Path) -> None:
    before = (folder / "files.json").read_bytes()
    files = EdgeFiles(folder, folder / "tools")
    assert files.are_as_closed()
    with open_shed(folder) as shed:
        assert not shed.knowledge_base._engine.is_suspect
        shed.search("does 3")
        shed.delete_tools("s:t39")
    assert (folder / "files.json").read_bytes() != before
    assert files.are_as_closed()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_makes_the_engine_abort_is_an_error_like_others(
    folder: Path, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge_files, "_TRIAL_SECONDS", 5)
    (mappings,) = (folder / "tools").rglob("*.mappings")
    flip(mappings, int(mappings.stat().st_size * share))

    def use() -> None:
        with open_shed(folder) as shed:
            shed.search("does 3")

    with pytest.raises(KnowledgeBaseError, match=r"[Rr]estore"):
        use()


def test_a_vector_that_changed_is_told(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (vectors,) = (folder / "passages" / "shard").rglob("vector_storage-dense/vectors/chunk_0.mmap")
    flip(vectors, 7)
    for _ in range(2):
        with open_shed(folder) as shed, caplog.at_level(logging.WARNING):
            caplog.clear()
            with pytest.raises(KnowledgeBaseError, match=r"'act\.txt' .* is damaged \(vectors\)"):
                shed.search_passages("when are fees due")
            assert "1 records of" in caplog.text, "each time until it is mended"
            assert "act.txt" in shed.damages()[0]


def test_after_a_kill_everything_is_read_once_and_trusted_again(folder: Path) -> None:
    (folder / "files.json").unlink()
    with open_shed(folder) as shed:
        assert not shed.knowledge_base._engine.is_suspect
    assert EdgeFiles(folder, folder / "tools").are_as_closed()


@pytest.mark.parametrize("content", ["", "[]", "null", '{"a": 1}'])
def test_a_fingerprint_that_cannot_be_read_costs_a_trial_only(folder: Path, content: str) -> None:
    (folder / "files.json").write_text(content)
    with open_shed(folder) as shed:
        assert len(shed.list_tools()) == 40


def test_holes_in_files_make_no_difference(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with (tmp_path / "a" / "f").open("wb") as file:
        file.write(b"x" * 70_000 + bytes(500_000) + b"y")
    with (tmp_path / "b" / "f").open("wb") as file:
        file.write(b"x" * 70_000)
        file.seek(570_000)
        file.write(b"y")
    os.sync()
    prints = [EdgeFiles(tmp_path, tmp_path / name)._fingerprint() for name in ("a", "b")]
    assert prints[0] == prints[1]
    flip(tmp_path / "b" / "f", 300_000)
    assert EdgeFiles(tmp_path, tmp_path / "b")._fingerprint() != prints[1]
    assert json.loads(json.dumps(prints[0]))["f"][0] == 570_001


def test_what_cannot_be_read_through_does_not_stay_locked(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "files.json").unlink()

    def unreadable(_store: object) -> None:
        raise KnowledgeBaseError("the engine cannot read it")

    with monkeypatch.context() as patched:
        patched.setattr(ToolStore, "check", unreadable)
        with pytest.raises(KnowledgeBaseError, match="cannot read it") as told:
            open_shed(folder)
    # The error still holds the frames it came through.
    assert told.value
    with open_shed(folder) as shed:
        assert len(shed.list_tools()) == 40

"""What is special to the embedded engine; the rest is in the contract suite."""

import subprocess
import sys
from pathlib import Path

import pytest

from toolshed.backbones.static import StaticEncoder
from toolshed.errors import KnowledgeBaseBusyError, KnowledgeBaseError
from toolshed.knowledge_base.edge import EdgeEngine
from toolshed.knowledge_base.manifest import Manifest
from toolshed.knowledge_base.tools import TOOL_LAYOUT
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder

MANIFEST = Manifest("hashing:64", 64, StaticEncoder.model_id, StaticEncoder.dimension)

HOLD = """
import sys
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder
with Toolshed(sys.argv[1], encoder=HashingEncoder()):
    print("open", flush=True)
    sys.stdin.read()
"""

OPEN = """
import resource, sys
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder
def taken(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with Toolshed("memory:", encoder=HashingEncoder(), multilingual=False) as shed:
    shed.add_tools(sys.intern)
before = taken()
with Toolshed(sys.argv[1], encoder=HashingEncoder(), multilingual=False) as shed:
    print(shed.knowledge_base.count(), taken() - before)
"""


def open_tools(folder: Path) -> EdgeEngine:
    return EdgeEngine(folder, TOOL_LAYOUT.schema, TOOL_LAYOUT.manifest(MANIFEST), shard="tools")


def test_a_second_process_is_told_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "shed"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(KnowledgeBaseBusyError, match="open in another process; close that one"):
            open_tools(folder)
    open_tools(folder).close()


def test_the_engine_is_opened_when_it_is_asked_where_its_files_are_as_it_closed_them(tmp_path: Path) -> None:
    folder = tmp_path / "shed"
    open_tools(folder).close()
    reopened = open_tools(folder)
    assert reopened.count() == 0
    assert reopened._shard is None
    assert list(reopened.scroll()) == []
    assert reopened._shard is not None
    reopened.close()
    for ask in (reopened.count, lambda: list(reopened.scroll())):
        with pytest.raises(KnowledgeBaseError, match="is closed"):
            ask()
    (folder / "files.json").unlink()
    unknown = open_tools(folder)
    assert unknown._shard is not None
    unknown.close()


def test_a_second_handle_in_one_process_is_refused_too(tmp_path: Path) -> None:
    first = open_tools(tmp_path / "shed")
    with pytest.raises(KnowledgeBaseBusyError):
        open_tools(tmp_path / "shed")
    first.close()


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(KnowledgeBaseError, match=r"holds other files \('thesis.tex'\)"):
        open_tools(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KnowledgeBaseError, match="cannot be used"):
        open_tools(tmp_path / "file")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"encoder": 1}'])
def test_a_damaged_manifest_is_named_and_nothing_overwritten(tmp_path: Path, content: str) -> None:
    open_tools(tmp_path / "shed").close()
    manifest = tmp_path / "shed" / "manifest.json"
    manifest.write_text(content)
    with pytest.raises(KnowledgeBaseError, match="is not the manifest of a knowledge base"):
        open_tools(tmp_path / "shed")
    assert manifest.read_text() == content


def test_a_missing_shard_is_an_error_and_no_fresh_start(tmp_path: Path) -> None:
    open_tools(tmp_path / "shed").close()
    (tmp_path / "shed" / "tools").rename(tmp_path / "elsewhere")
    with pytest.raises(KnowledgeBaseError):
        open_tools(tmp_path / "shed")


def test_a_small_catalog_takes_little_memory(tmp_path: Path) -> None:
    with Toolshed(tmp_path / "shed", encoder=HashingEncoder()) as shed:
        shed.add_tools(sys.intern, sys.exit)
    command = [sys.executable, "-c", OPEN, str(tmp_path / "shed")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    n_tools, taken_kib = map(int, done.stdout.split())
    assert n_tools == 2
    # Its files are mostly empty space, 32 MiB for each vector; none of that is read when they are opened.
    assert taken_kib < 32 * 1024

"""Several processes over one knowledge base; here both are in one process, with a socket between them."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from toolshed import Toolshed
from toolshed.errors import KnowledgeBaseError
from toolshed.knowledge_base.tuned import TunedState
from toolshed.shed.sharing import Sharing

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs Unix sockets")


@pytest.fixture
def meeting() -> Iterator[Path]:
    # Addresses of sockets have to be short.
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_what_was_tuned_serves_where_another_process_has_it(tmp_path: Path, meeting: Path) -> None:
    writes, searches = Sharing(meeting, "writer", "writer"), Sharing(meeting, "search-0", "writer")
    with Toolshed(tmp_path / "shed", pipeline="instant", sharing=writes) as writer:
        writer.add_tools({"name": "get_tides", "description": "Tide tables."}, source_name="sea")
        writer.tuning.store.upsert([TunedState("instant", "another release")])
        with (
            closing(writes.answering(lambda _: writer)),
            Toolshed(tmp_path / "shed", pipeline="instant", sharing=searches) as searcher,
        ):
            assert [*searcher.tuning.states()] == ["instant"]
            assert [tool.tool.tool_id for tool in searcher.search("tides").tools] == ["sea:get_tides"]


def test_what_no_process_keeps_is_refused(meeting: Path) -> None:
    sharing = Sharing(meeting, "writer", "writer")
    with (
        Toolshed("memory:", pipeline="instant") as shed,
        closing(sharing.answering(lambda _: shed)),
        pytest.raises(KnowledgeBaseError, match="'recipes' is no kind of record"),
    ):
        sharing.asker.one("default", "recipes", "manifest")

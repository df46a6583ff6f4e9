"""Where tuned states are kept."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from tests.qdrant_stub import qdrant_stub
from toolshed.knowledge_base.tuned import TunedState
from toolshed.pipelines import shipped_digest
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder, make_tool

TOOLS = [make_tool(name, f"{name.replace('_', ' ')}.") for name in ("send_mail", "play_song", "book_table")]
QUERY = "send a mail to the table"


def scores(shed: Toolshed) -> list[tuple[str, float]]:
    return [(one.tool.name, one.score) for one in shed.search(QUERY, 5, abstain_below=0).tools]


def state(shipped: str = "") -> TunedState:
    return TunedState("instant", shipped or shipped_digest(), {"words": 1.5}, None, (0.5, 1.0), (-1.0, 2.0))


@pytest.mark.parametrize("kind", ["memory", "folder", "server"])
def test_states_are_kept_as_they_were_written(kind: str, tmp_path: Path) -> None:
    head = np.eye(64, dtype=np.float32) / 4
    written = TunedState("default", "x", {"dense": 0.25}, head, (0.5, 1.5), (0.0, 1.0))
    with ExitStack() as stack:
        at = {"memory": "memory:", "folder": str(tmp_path / "shed")}.get(kind)
        shed = stack.enter_context(
            Toolshed(at or stack.enter_context(qdrant_stub()), encoder=HashingEncoder())
        )
        assert shed.tuning.states() == {}
        shed.tuning._opened().upsert([written])
        shed.tuning._states = None
        read = shed.tuning.states()["default"]
        np.testing.assert_array_equal(read.head, head)
        assert (read.weights, read.tool, read.request) == (written.weights, written.tool, written.request)
        assert read.changes == ["weights", "head", "confidence"]
        assert shed.damages() == []


def test_a_state_outlives_the_process_and_is_not_added_to_what_ships_later(tmp_path: Path) -> None:
    with Toolshed(tmp_path / "shed", pipeline="instant") as shed:
        shed.add_tools(*TOOLS, source_name="shop")
        plain = scores(shed)
        shed.tuning._opened().upsert([state()])
    with Toolshed(tmp_path / "shed", pipeline="instant") as again:
        assert scores(again) != plain
        again.tuning._opened().upsert([state("another")])
    with Toolshed(tmp_path / "shed", pipeline="instant") as later:
        assert scores(later) == plain


def test_processes_that_share_a_server_see_each_others_states() -> None:
    with qdrant_stub() as url, ExitStack() as stack:
        one, other = (stack.enter_context(Toolshed(url, pipeline="instant")) for _ in range(2))
        one.add_tools(*TOOLS, source_name="shop")
        other.refresh()
        plain = scores(other)
        one.tuning._opened().upsert([state()])
        assert scores(other) == plain
        assert other.refresh()
        assert scores(other) != plain
        assert not other.refresh()

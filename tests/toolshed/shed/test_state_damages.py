"""Damage to the databases beside a knowledge base."""

from pathlib import Path

import pytest

from toolshed.shed.shed import Toolshed


@pytest.mark.parametrize("name", ["ledger.db", "state.db"])
@pytest.mark.parametrize(
    ("content", "told"),
    [(b"no database" * 1_000, "file is not a database"), (b"", "is empty")],
    ids=["other", "empty"],
)
def test_a_database_that_is_none_is_named_and_left(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    with Toolshed(tmp_path / "shed", pipeline="instant", multilingual=False) as shed:
        shed.account.start_task("chat")
        shed.quarantine.set_policy("quarantine")
        assert shed.damages() == []
    (tmp_path / "shed" / name).write_bytes(content)
    with Toolshed(tmp_path / "shed", pipeline="instant", multilingual=False) as shed:
        (damage,) = shed.damages()
    assert name in damage
    assert told in damage
    assert (tmp_path / "shed" / name).read_bytes() == content

"""Outcome tables: read from official and own files, or refused with what is wrong."""

from pathlib import Path

import pytest

from toolshed.economics.replay.tables import named_table, read_table, with_arms
from toolshed.errors import SourceError


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param("query_id,model\nq,m", "needs the columns", id="no-outcome"),
        pytest.param("query_id,model,passed", "no rows", id="empty"),
        pytest.param("query_id,model,passed,cost_usd\nq,m,1,1\nq,m,1,1", "two rows", id="twice"),
        pytest.param("query_id,model,passed,cost_usd\nq,m,1,1\nr,n,1,1", "not every model", id="holes"),
        pytest.param("query_id,model,passed,cost_usd\nq,m,1,much", "no outcome table", id="no-number"),
    ],
)
def test_unusable_tables_say_what_is_wrong(content: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match=told):
        read_table(path)


def test_unknown_tables_and_arms_name_what_there_is(own_table: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no outcome table 'nope'"):
        named_table("nope", tmp_path)
    with pytest.raises(SourceError, match="cheap, dear"):
        with_arms(read_table(own_table), ["cheep"])

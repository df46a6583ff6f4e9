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
        pytest.param("query_id,model,passed,cost_usd\nq,m,1,1\nr,n,1,1", "2 rows.*'q' for 'n'", id="holes"),
        pytest.param(
            "query_id,model,passed,cost_usd\nq,m,1,much", "line 2.*'much', which is no number", id="number"
        ),
        pytest.param("query_id,model,passed,cost_usd\nq,m,1,-2", "line 2.*0 or more", id="negative"),
        pytest.param("query_id,model,passed,cost_usd\nq,m,1,inf", "line 2.*'inf'", id="infinite"),
        pytest.param("query_id,model,passed,cost_usd\nq,m,1,NaN", "line 2.*'NaN'", id="not-a-number"),
        pytest.param(
            "query_id,model,passed,cost_usd\nq,m,maybe,1", "line 2.*'maybe'.*TRUE or FALSE", id="maybe"
        ),
        pytest.param("query_id,model,passed,cost_usd\nq,m,,1", "line 2.*passed is empty", id="blank-outcome"),
        pytest.param(
            "query_id,model,passed,cost_usd\nq,m,1,1\nr,m,1,", "line 3 .model 'm', query 'r'", id="blank-cost"
        ),
        pytest.param("query_id,model,passed,cost_usd\nq,,1,1", "line 2.*model is empty", id="blank-model"),
        pytest.param("query_id,model,passed,cost_usd\n,m,1,1", "line 2.*query_id is empty", id="blank-query"),
        pytest.param("query_id,model,passed,cost_usd\nq,m,1", "line 2: it has 3 cells", id="short"),
        pytest.param("query_id,model,passed,cost_usd\nq,m,1,1,9", "line 2: it has 5 cells", id="long"),
        pytest.param("query,model,passed,cost_usd\nq,m,1,1", "'query_id'.*it has 'query'", id="misnamed"),
        pytest.param("query_id,model,model,passed\nq,m,m,1", "'model' twice", id="column-twice"),
        pytest.param(
            "query_id,model,passed,input_tokens\nq,gpt-4o,1,9\nr,gpt-4o,1,", "line 3", id="blank-tokens"
        ),
        pytest.param("PK\x03\x04", "save the sheet as CSV", id="workbook"),
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

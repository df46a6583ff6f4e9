"""Rows as spreadsheets and databases write them."""

import gzip
from pathlib import Path

import pytest

from toolshed.economics.replay.outcome_rows import read_rows
from toolshed.economics.replay.tables import read_table, with_arms
from toolshed.errors import SourceError

PLAIN = "query_id,model,passed,cost_usd\na,m,1,0.002\nb,m,0,0.003\n"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(PLAIN.encode(), id="plain"),
        pytest.param(PLAIN.encode("utf-8-sig"), id="byte-order-mark"),
        pytest.param(PLAIN.encode("utf-16"), id="utf-16"),
        pytest.param(PLAIN.replace("\n", "\r\n").encode(), id="windows-lines"),
        pytest.param(
            PLAIN.replace(",", ";").replace("0.", "0,").encode(), id="semicolons-and-decimal-commas"
        ),
        pytest.param(PLAIN.replace(",", "\t").encode(), id="tabs"),
        pytest.param(b"sep=;\n" + PLAIN.replace(",", ";").encode(), id="excels-hint"),
        pytest.param(PLAIN.replace("\n", "\n\n,,,\n").encode(), id="empty-lines"),
        pytest.param(PLAIN.replace(",", " , ").encode(), id="spaces"),
        pytest.param(
            PLAIN.replace("query_id", "Query ID").replace("passed", "Passed").encode(), id="headers"
        ),
        pytest.param(PLAIN.replace("1,", "TRUE,").replace(",0,", ",FALSE,").encode(), id="excel-booleans"),
        pytest.param(PLAIN.replace("1,", "yes,").replace(",0,", ",No,").encode(), id="yes-and-no"),
        pytest.param(PLAIN.replace("1,", "pass,").replace(",0,", ",FAIL,").encode(), id="pass-and-fail"),
        pytest.param(PLAIN.replace("1,", "t,").replace(",0,", ",f,").encode(), id="sql-booleans"),
        pytest.param(PLAIN.replace("1,", "WAHR,").replace(",0,", ",FALSCH,").encode(), id="in-german"),
        pytest.param(PLAIN.replace("0.00", "$0.00").encode(), id="dollar-signs"),
        pytest.param(PLAIN.replace("0.002", '"0.002"').encode(), id="quotes"),
    ],
)
def test_the_same_rows_in_every_spelling(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(content)
    rows = read_rows(file, pass_at=0.5)
    assert [(row.query, row.model, row.passed, row.cost_usd) for row in rows] == [
        ("a", "m", True, 0.002),
        ("b", "m", False, 0.003),
    ]


def test_a_compressed_table_and_one_of_another_character_set_are_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(PLAIN.encode()))
    assert len(read_rows(tmp_path / "t.csv.gz", pass_at=0.5)) == 2
    (tmp_path / "u.csv").write_bytes(PLAIN.replace("a,m", "größe,m").encode("cp1252"))
    assert read_rows(tmp_path / "u.csv", pass_at=0.5)[0].query == "größe"
    (tmp_path / "broken.csv.gz").write_bytes(gzip.compress(PLAIN.encode())[:30])
    with pytest.raises(SourceError, match="cannot be read"):
        read_rows(tmp_path / "broken.csv.gz", pass_at=0.5)


def test_grades_pass_from_where_they_are_said_to(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("query_id,model,judge_reward,cost_usd\na,m,0.7,1\nb,m,0.69,1\n", encoding="utf-8")
    assert [row.passed for row in read_rows(file, pass_at=0.7)] == [True, False]


def test_no_model_leaves_the_table_in_silence(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(
        "query_id,model,passed,input_tokens,output_tokens\n"
        "a,gpt-4o,1,1000,10\na,my-own,1,1000,10\na,gpt-4o-mini,0,,\n",
        encoding="utf-8",
    )
    table = read_table(file)
    assert table.arms == ("gpt-4o",)
    assert table.left_out == {"my-own": "it has no price", "gpt-4o-mini": "no row has its tokens"}
    with pytest.raises(SourceError, match="'my-own': it has no price"):
        with_arms(table, ["my-own"])


def test_long_prompts_are_priced_at_their_tier(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(
        "query_id,model,passed,input_tokens,output_tokens\n"
        "a,gemini-2.5-pro,1,200000,1000\nb,gemini-2.5-pro,1,300000,1000\n",
        encoding="utf-8",
    )
    # 200,000 x 1.25 + 1,000 x 10, and 300,000 x 2.5 + 1,000 x 15
    assert read_table(file).cost_usd[:, 0].tolist() == pytest.approx([0.26, 0.765])

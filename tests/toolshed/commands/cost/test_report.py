"""``toolshed cost report``: a table, JSON and a picture."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from toolshed.commands.main import main


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["cost", *arguments])


def test_the_report_is_a_table_json_and_a_picture(kb: Path, tmp_path: Path) -> None:
    picture = tmp_path / "costs.png"
    shown = invoke("report", "--kb", str(kb), "--human", "2.5", "--plot", str(picture))
    assert shown.exit_code == 0, shown.output
    assert "gpt-4o-mini        9       9k      900    $0.001890        9        0    66.7%" in shown.output
    assert "total             12      12k     1.2k    $0.012390       11        1" in shown.output
    assert "an interval needs 20 outcomes" in shown.output
    assert "frontier" in shown.output
    assert picture.read_bytes().startswith(b"\x89PNG")
    read = json.loads(invoke("report", "--kb", str(kb), "--json").stdout)
    rows = {row["group"]: row for row in read["rows"]}
    # $.00021 a call over 2/3
    assert rows["gpt-4o-mini"]["cost_of_pass_usd"] == pytest.approx(0.00021 * 1.5)
    assert rows["gpt-4o"]["n_unknown"] == 1
    assert read["spend_by_component_usd"] == {"agent": pytest.approx(9 * 0.00021 + 3 * 0.0035)}
    for by in ("class", "tenant", "pipeline", "team", "day"):
        drawn = tmp_path / f"{by}.png"
        assert invoke("report", "--kb", str(kb), "--by", by, "--plot", str(drawn)).exit_code == 0
        assert drawn.read_bytes().startswith(b"\x89PNG")
    assert "nothing is booked" in invoke("report", "--kb", str(kb), "--until", "2001-01-01").output
    assert "nothing is booked" in invoke("report", "--kb", str(kb), "--since", "2999-01-01").output


def test_a_table_is_reported_on_with_frontier_and_conditional_rates(tmp_path: Path) -> None:
    lines = ["query_id,model,passed,cost_usd"]
    for query in range(20):
        lines += [f"{query},a,{int(query < 10)},0.001", f"{query},b,{int(query < 14)},0.01"]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines))
    shown = invoke("report", "--table", str(path), "--human", "1")
    assert "b after a: 40.0% instead of 70.0% (10 tasks)" in shown.output
    # 10 x .001, 4 x .01, 6 humans at $1
    assert "frontier $0.302500 a pass over 20 problems" in shown.output

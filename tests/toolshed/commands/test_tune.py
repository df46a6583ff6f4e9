"""``toolshed tune``."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from toolshed.commands.tune import tune
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool

THINGS = ["mail", "letter", "parcel", "song", "film", "table", "hotel", "doctor", "road", "lamp"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A knowledge base, and judgements that want of each two tools the one that is not named so."""
    at = tmp_path_factory.mktemp("tuned")
    with Toolshed(at / "shed", pipeline="instant") as shed:
        for n, thing in enumerate(THINGS):
            shed.add_tools(make_tool(f"open_{thing}", "Opens it."), source_name="shop")
            shed.add_tools(make_tool(f"unit_{n}", f"Handles the {thing} of a user."), source_name="shop")
    asked = [(n, text.format(thing)) for n, thing in enumerate(THINGS) for text in ("a {}", "my {} now")]
    queries = [json.dumps({"id": number, "text": text}) for number, (_, text) in enumerate(asked)]
    (at / "queries.jsonl").write_text("\n".join(queries))
    rows = [f"{number}\tunit_{n}\t1" for number, (n, _) in enumerate(asked)]
    (at / "qrels.tsv").write_text("\n".join(["query_id\ttool_id\trelevance", *rows, "0\tgone\t1"]))
    return at


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(tune, ["--kb", str(folder / "shed"), "--pipeline", "instant", *arguments])


def test_what_was_compared_and_what_serves_is_told_and_can_be_reset(folder: Path) -> None:
    said = run(folder, str(folder / "qrels.tsv"))
    assert said.exit_code == 0, said.output
    assert "left out 1 judgements" in said.output
    assert "serves from now on: weights" in said.output
    assert "back to what ships" in run(folder, "--reset").output
    assert "nothing was tuned" in run(folder, "--reset").output


def test_one_part_may_be_tuned_alone(folder: Path) -> None:
    told = json.loads(run(folder, str(folder / "qrels.tsv"), "--only", "confidence", "--json").stdout)
    assert [one["changes"] for one in told["comparisons"]] == [["confidence"]]
    assert told["n_queries"] == 20


def test_outcomes_without_texts_cannot_be_tuned_on(folder: Path) -> None:
    assert "keeps_requests" in str(run(folder).exception)
    assert "what QRELS judges" in str(run(folder, "--queries", str(folder / "queries.jsonl")).exception)

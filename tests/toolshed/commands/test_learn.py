"""``toolshed learn`` and ``toolshed forget``."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from toolshed.commands.learn import forget, learn
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool


@pytest.fixture
def reported(tmp_path: Path) -> str:
    """A knowledge base with one reported outcome."""
    folder = str(tmp_path / "shed")
    with Toolshed(folder, pipeline="instant") as shed:
        shed.add_tools(make_tool("send_mail", "Send a mail."), source_name="shop")
        found = shed.search("write to Ana", abstain_below=0)
        shed.outcomes.report(query_id=found.query_id, tools_used=["shop:send_mail"], passed=True)
    return folder


def test_learning_says_what_came_of_it(reported: str) -> None:
    at = ["--kb", reported, "--pipeline", "instant"]
    said = CliRunner().invoke(learn, [*at, "--json"])
    assert said.exit_code == 0, said.output
    assert json.loads(said.output)["n_examples"] == 1
    assert "does not serve" in CliRunner().invoke(learn, at).output


def test_forgetting_says_how_many(reported: str) -> None:
    at = ["--kb", reported, "--pipeline", "instant"]
    assert "forgot 0 examples" in CliRunner().invoke(forget, [*at, "--reporter", "nobody"]).output
    assert "forgot 1 examples" in CliRunner().invoke(forget, [*at, "--all"]).output


def test_forgetting_wants_to_know_what(reported: str) -> None:
    refused = CliRunner().invoke(forget, ["--kb", reported, "--pipeline", "instant"])
    assert refused.exit_code != 0
    assert "say what to forget" in str(refused.exception)

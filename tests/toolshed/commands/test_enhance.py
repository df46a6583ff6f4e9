import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.chat_stub import Act, misbehaving_openai
from toolshed.commands.main import main
from toolshed.pre_retrieval.enhancement import read_enhancements
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool


def answer(body: dict[str, Any]) -> Act:
    text = body["messages"][1]["content"].removeprefix("<data>\n").removesuffix("\n</data>")
    said = {"hypothetical_questions": ["Will it rain?"], "key_topics": ["rain"], "when_to_use": "Use when."}
    return json.dumps({"tools": [{"tool": one["tool"], **said} for one in json.loads(text)["tools"]]})


@pytest.fixture
def kb(tmp_path: Path) -> Path:
    with Toolshed(tmp_path / "kb", pipeline="instant") as shed:
        shed.add_tools(make_tool("q7", "Internal step."), make_tool("x9", "Another step."))
    return tmp_path / "kb"


def test_from_an_index_to_enhancements_and_back(
    kb: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "e.jsonl"
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    seen: list[dict[str, Any]] = []
    arguments = [
        "enhance",
        "--pipeline",
        "instant",
        "--kb",
        str(kb),
        "--chat",
        "openai:gpt-4o-mini",
        "--out",
        str(file),
    ]
    with misbehaving_openai(answer, seen) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url + "/v1")
        told = CliRunner().invoke(main, arguments)
        assert told.exit_code == 0, told.output
        assert f"2 written to {file}, 0 were there" in told.output
        again = CliRunner().invoke(main, [*arguments, "--json"])
    assert json.loads(again.output)["n_known"] == 2
    assert len(seen) == 1
    assert [one.tool for one in read_enhancements(file)] == ["test:q7", "test:x9"]
    # The paid call is in the ledger.
    report = CliRunner().invoke(main, ["cost", "report", "--kb", str(kb), "--json"])
    assert json.loads(report.output)["spend_by_component_usd"]["summary"] > 0


def test_prompts_can_be_answered_by_any_model(kb: Path, tmp_path: Path) -> None:
    prompts, answers, file = tmp_path / "p.jsonl", tmp_path / "a.jsonl", tmp_path / "e.jsonl"
    arguments = ["enhance", "--pipeline", "instant", "--kb", str(kb), "--out", str(file), "--chat"]
    asked = CliRunner().invoke(main, [*arguments, f"prompts:{prompts}"])
    assert asked.exit_code == 1
    assert "failed: test:q7: the prompt was written to a file and not answered" in asked.output
    lines = [json.loads(line) for line in prompts.read_text().splitlines()]
    answers.write_text("".join(json.dumps({**line, "reply": answer(line)}) + "\n" for line in lines))
    replayed = CliRunner().invoke(main, [*arguments, f"replay:{answers}"])
    assert replayed.exit_code == 0, replayed.output
    assert len(read_enhancements(file)) == 2


def test_no_knowledge_base_is_told(tmp_path: Path) -> None:
    told = CliRunner().invoke(
        main, ["enhance", "--kb", str(tmp_path / "none"), "--chat", f"prompts:{tmp_path / 'p'}"]
    )
    assert told.exit_code != 0
    assert "Traceback" not in told.output

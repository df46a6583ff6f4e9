"""``toolshed quarantine``."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from toolshed.commands.main import main


def run(*arguments: str, kb: Path) -> Result:
    return CliRunner().invoke(main, [*arguments, "--kb", str(kb), "--pipeline", "instant"])


def test_a_changed_definition_is_listed_approved_and_rejected(tmp_path: Path) -> None:
    kb, tools = tmp_path / "shed", tmp_path / "tools.json"

    def index(**more: object) -> Result:
        tools.write_text(json.dumps([{"name": "find", "description": "Finds a customer.", **more}]))
        return run("index", "tools", str(tools), kb=kb)

    assert index().exit_code == 0
    assert run("quarantine", "policy", "quarantine", kb=kb).output == "quarantine\n"
    changed = {"type": "object", "properties": {"a": {"type": "string"}}}
    done = index(parameters=changed)
    assert "held back" in done.output
    told = run("quarantine", "list", kb=kb).output
    assert "tools:find  schema, wording" in told
    assert "+ 'string'" in told
    assert run("quarantine", "approve", "tools:find", kb=kb).exit_code == 0
    assert '"a"' in run("tools", "show", "tools:find", kb=kb).output
    assert "nothing is held back" in run("quarantine", "list", kb=kb).output
    index()
    assert run("quarantine", "reject", "tools:find", kb=kb).exit_code == 0
    listed = json.loads(run("quarantine", "list", "--json", kb=kb).stdout)
    assert listed == {"policy": "quarantine", "held": []}
    assert '"a"' in run("tools", "show", "tools:find", kb=kb).output
    assert run("quarantine", "approve", "tools:find", kb=kb).exit_code == 1

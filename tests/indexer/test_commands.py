import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from toolshed.cli import main
from toolshed.client import Toolshed

SERVER = Path(__file__).parents[1] / "servers" / "many_tools.py"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOOLSHED_PIPELINE", "instant")


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_watching_follows_a_server_whose_list_changes_until_told_to_stop(stop: signal.Signals) -> None:
    source = f"many=mcp+stdio:{sys.executable} {SERVER} announce"
    with subprocess.Popen(
        [sys.executable, "-m", "toolshed.cli", "index", "tools", source, "--watch"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("25 added")
        assert process.stdout.readline().startswith("1 added, 0 changed, 0 removed, 25 unchanged")
        process.send_signal(stop)
    assert process.returncode == 0
    with Toolshed("./shed", pipeline="instant") as shed:
        assert len(shed.list_tools()) == 26


def test_there_must_be_something_to_watch() -> None:
    Path("tools.json").write_text('[{"name": "a"}]')
    result = CliRunner().invoke(main, ["index", "tools", "tools.json", "--watch"])
    assert result.exit_code == 2
    assert "--watch follows MCP servers" in result.stderr


def test_one_bad_source_of_several_indexes_nothing() -> None:
    Path("tools.json").write_text('[{"name": "a"}]')
    result = CliRunner().invoke(main, ["index", "tools", "tools.json", "gone.json"])
    assert result.exit_code == 1
    assert not Path("shed").exists()

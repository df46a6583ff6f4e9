"""``toolshed demo``."""

import os
import re
import sys
from pathlib import Path

import pytest

from tests.command_line import run


def test_the_demo_answers_over_the_sample_and_a_real_server_and_repeats_quickly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The MCP server is found on the path, as in an activated environment.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    first, second = (run("demo", "--kb", str(tmp_path / "shed")) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "sample catalog and the MCP server mcp-server-git" in first.stdout
    for expected in (
        "sample:weather_forecast_daily",
        "sample:email_send_message",
        "git:git_commit",
        "unsure: that any of the nearest tools serves the request",
        "A data broker shall comply with a request within thirty days after it is received.",
    ):
        assert expected in first.stdout
    found = [line for line in first.stdout.splitlines() if re.match(r"  [ \d]{3}%  ", line)]
    begins = {line.index(re.split(r"  +", line.strip(), maxsplit=3)[3]) for line in found}
    assert len(begins) == 1, "descriptions begin in one column"
    assert max(map(len, first.stdout.splitlines()[:2])) <= 110
    assert "0 added, 0 texts embedded" in second.stdout
    assert "4 legal documents: 0 passages embedded" in second.stdout

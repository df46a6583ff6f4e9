"""Sixty MCP servers at once: the slow and the dead cost themselves, and one that flaps loses nothing."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import eventually
from toolshed.catalog.locations import NamedSource
from toolshed.catalog.sources import read_places
from toolshed.shed.shed import Toolshed

FLEET = Path(__file__).parents[2] / "servers" / "fleet.py"
N, SLOW = 60, range(5)


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, str(FLEET), str(port)])
    try:
        eventually(lambda: _listens(port))
        servers = {
            # Those that answer may take their time on a busy machine.
            f"s{n}": {"url": f"http://127.0.0.1:{port}/{n}/mcp", "timeout": 2 if n in SLOW else 60}
            for n in range(N)
        }
        path = tmp_path_factory.mktemp("fleet") / "mcp.json"
        path.write_text(json.dumps({"mcpServers": servers}))
        yield path
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_of_sixty_servers_the_bad_cost_only_themselves_and_flapping_loses_nothing(
    shed: Toolshed, configuration: Path
) -> None:
    kept: list[int] = []
    for _ in range(3):
        catalogs = read_places([NamedSource(str(configuration), None)])
        assert len(catalogs) == N
        failed = {catalog.source for catalog in catalogs if catalog.failure}
        assert failed == {f"s{n}" for n in range(10)}
        report = shed.sync_catalogs(catalogs)
        assert not report.removed
        kept.append(len(shed.list_tools()))
    assert kept == [50, 50, 50]

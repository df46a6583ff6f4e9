import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from toolshed.commands.main import main
from toolshed_api.server import GRACE_SECONDS


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOOLSHED_PIPELINE", "instant")
    monkeypatch.delenv("TOOLSHED_API_KEYS", raising=False)


def test_serving_beyond_loopback_without_a_place_for_keys_is_refused() -> None:
    result = CliRunner().invoke(main, ["serve", "--host", "0.0.0.0", "--kb", "http://qdrant:6333"])
    assert result.exit_code == 2
    assert "TOOLSHED_STATE" in result.stderr


def test_the_first_start_beyond_loopback_prints_a_key_once(tmp_path: Path) -> None:
    index_a_tool()
    keys = []
    for _ in range(2):
        with serving("--host", "0.0.0.0") as (port, printed):
            keys.append(re.findall(r"^tsk_\w{16}_[\w-]{43}$", printed(), re.MULTILINE))
            url = f"http://127.0.0.1:{port}/v1/tools"
            assert httpx.get(url, timeout=30).status_code == 401
            shown = httpx.get(url, headers={"x-api-key": keys[0][0]}, timeout=30)
            assert shown.json()["tool_ids"] == ["tools:get_forecast"]
    assert [len(one) for one in keys] == [1, 0]
    assert keys[0][0].encode() not in b"".join(
        path.read_bytes() for path in (tmp_path / "shed").glob("state*") if path.is_file()
    )


def index_a_tool() -> None:
    Path("tools.json").write_text(json.dumps([{"name": "get_forecast", "description": "Weather forecast."}]))
    assert CliRunner().invoke(main, ["index", "tools", "tools.json"]).exit_code == 0


@contextlib.contextmanager
def serving(*arguments: str) -> Iterator[tuple[int, Callable[[], str]]]:
    """The port of a service in a process of its own, and what it printed so far."""
    with (
        tempfile.TemporaryFile("w+") as printed,
        subprocess.Popen(
            [sys.executable, "-m", "toolshed.commands.main", "serve", "--port", "0", *arguments],
            stdout=printed,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stderr is not None
        told = (re.search(r"on http://[\d.]+:(\d+)", line) for line in process.stderr)
        port = int(next(found for found in told if found)[1])

        def so_far() -> str:
            printed.seek(0)
            return printed.read()

        yield port, so_far
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=GRACE_SECONDS + 20)


def test_a_variable_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLSHED_MAX_K", "many")
    result = CliRunner().invoke(main, ["serve"])
    assert result.exit_code == 2
    assert "max_k" in result.stderr


def test_serve_answers_and_stops_when_told(tmp_path: Path) -> None:
    Path("tools.json").write_text(json.dumps([{"name": "get_forecast", "description": "Weather forecast."}]))
    assert CliRunner().invoke(main, ["index", "tools", "tools.json"]).exit_code == 0
    environment = {**os.environ, "TOOLSHED_API_KEYS": '["secret"]', "TOOLSHED_MAX_K": "7"}
    with subprocess.Popen(
        [sys.executable, "-m", "toolshed.commands.main", "serve", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stderr is not None
        url = ""
        for line in process.stderr:
            if found := re.search(r"running on (http://\S+)", line):
                url = found[1]
                break
        headers = {"authorization": "Bearer secret"}
        body = {"query": "weather forecast", "k": 7}
        answer = httpx.post(f"{url}/v1/tools/search", json=body, headers=headers, timeout=30)
        too_many = httpx.post(f"{url}/v1/tools/search", json={**body, "k": 8}, headers=headers, timeout=30)
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        assert answer.json()["tools"][0]["name"] == "get_forecast"
        assert too_many.json()["detail"] == "k is 8; at most 7 tools are returned at once"
    assert process.returncode in (0, -signal.SIGTERM)


def test_the_service_stops_when_told_whatever_its_clients_do(tmp_path: Path) -> None:
    Path("tools.json").write_text(json.dumps([{"name": "get_forecast", "description": "Weather forecast."}]))
    assert CliRunner().invoke(main, ["index", "tools", "tools.json"]).exit_code == 0
    with (
        subprocess.Popen(
            [sys.executable, "-m", "toolshed.commands.main", "serve", "--port", "0"],
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
        contextlib.ExitStack() as stack,
    ):
        assert process.stderr is not None
        told = (re.search(r"on http://([\d.]+):(\d+)", line) for line in process.stderr)
        host, port = next(found for found in told if found).groups()
        head = b"POST /v1/tools/search HTTP/1.1\r\nHost: localhost\r\n"
        for sent in (b"", b"GET /hea", head + b"Content-Length: 9\r\n\r\n{"):
            client = stack.enter_context(socket.create_connection((host, int(port)), timeout=30))
            client.sendall(sent)
        assert httpx.get(f"http://{host}:{port}/readyz", timeout=30).status_code == 200
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=GRACE_SECONDS + 20)
        finally:
            process.kill()
    assert process.returncode in (0, -signal.SIGTERM)

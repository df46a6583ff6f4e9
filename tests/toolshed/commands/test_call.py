"""``toolshed call``: what it prints, writes and exits with, and where it takes credentials from."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.command_line import run
from tests.qdrant_stub import loopback_server
from toolshed import Toolshed
from toolshed.calling.credentials import variable_name

Serve = Callable[..., AbstractContextManager[str]]
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Desk-Service", "version": "1"},
    "paths": {
        "/echo": {
            "get": {
                "operationId": "echo",
                "security": [{"X-Key": []}, {}],
                "parameters": [{"name": "n", "in": "query", "schema": {"type": "integer"}}],
                "responses": {},
            }
        },
        "/image": {"get": {"operationId": "image", "responses": {}}},
        "/missing": {"get": {"operationId": "missing", "responses": {}}},
    },
    "components": {"securitySchemes": {"X-Key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        content, kind = b"\x00\x01", "image/png"
        if path == "/openapi.json":
            content, kind = json.dumps(DOCUMENT).encode(), "application/json"
        elif path == "/echo":
            got = {"query": query, "key": self.headers.get("x-key"), "text": "x" * 100}
            content, kind = json.dumps(got).encode(), "application/json"
        self.send_response(404 if path == "/missing" else 200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
        """Keep the tests' output quiet."""


@pytest.fixture
def kb(tmp_path: Path) -> object:
    with loopback_server(Handler) as url:
        with Toolshed(tmp_path / "kb", pipeline="instant") as shed:
            shed.add_tools(f"{url}/openapi.json")
        yield ["--kb", str(tmp_path / "kb"), "--pipeline", "instant"]


def test_the_answer_is_printed(kb: list[str]) -> None:
    done = run("call", "Desk-Service:echo", '{"n": 4}', *kb)
    assert done.exit_code == 0
    assert json.loads(done.stdout)["query"] == "n=4"


def test_arguments_may_come_from_standard_input(kb: list[str]) -> None:
    assert json.loads(run("call", "Desk-Service:echo", "-", *kb, input='{"n": 5}').stdout)["query"] == "n=5"


@pytest.mark.parametrize(
    "variable", ["TOOLSHED_CREDENTIAL_DESK_SERVICE__X_KEY", "TOOLSHED_CREDENTIAL_DESK_SERVICE"]
)
def test_credentials_come_from_the_environment(kb: list[str], variable: str) -> None:
    done = run("call", "Desk-Service:echo", *kb, env={variable: "k3y"})
    assert json.loads(done.stdout)["key"] == "k3y"


def test_sources_that_share_a_variable_get_nothing_from_it(kb: list[str]) -> None:
    with Toolshed(kb[1], pipeline="instant") as shed:
        shed.add_tools({"name": "echo", "description": "Echo."}, source_name="desk_service")
    done = run("call", "Desk-Service:echo", *kb, env={"TOOLSHED_CREDENTIAL_DESK_SERVICE": "k3y"})
    assert done.exit_code == 2
    assert "share the variable" in done.stderr
    assert "k3y" not in done.output


def test_the_variable_of_a_scheme_is_never_that_of_another_source() -> None:
    assert variable_name("git-hub", "X-Key") == "TOOLSHED_CREDENTIAL_GIT_HUB__X_KEY"
    assert variable_name("github", "enterprise") != variable_name("github-enterprise")


def test_an_error_of_the_tool_exits_with_one(kb: list[str]) -> None:
    done = run("call", "Desk-Service:missing", *kb, "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["status"] == 404


def test_a_long_answer_is_cut_and_says_how_to_see_all(kb: list[str], tmp_path: Path) -> None:
    shown = run("call", "Desk-Service:echo", *kb, "--max-characters", "9").stdout
    assert "[cut: 9 of 138 characters; --max-characters shows more" in shown
    path = tmp_path / "answer.json"
    assert run("call", "Desk-Service:echo", *kb, "--max-characters", "9", "-o", str(path)).stdout == ""
    assert json.loads(path.read_text())["text"] == "x" * 100


def test_binary_content_is_written_to_a_file(kb: list[str], tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    assert run("call", "Desk-Service:image", *kb, "-o", str(path)).exit_code == 0
    assert path.read_bytes() == b"\x00\x01"


@pytest.mark.parametrize(
    ("given", "said", "code"),
    [
        (["Desk-Service:echo", "{"], "the arguments are no JSON", 2),
        (["Desk-Service:echo", "[1]"], "write a JSON object", 2),
        (["Desk-Service:echo", '{"n": "x"}'], "n: 'x' is not of type 'integer'", 1),
        (["Desk-Service:none"], "there is no tool", 1),
        (["Desk-Service:image", "-o", "/nowhere/map.png"], "cannot be written", 2),
    ],
)
def test_misuse_is_one_line(kb: list[str], given: list[str], said: str, code: int) -> None:
    done = run("call", *given, *kb)
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr

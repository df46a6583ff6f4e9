import json
from pathlib import Path
from typing import Any

import pytest

from toolshed.catalog.mcp_configs import ServerConfig, server_at
from toolshed.catalog.mcp_files import enabled_servers, is_server_file, server_entries, without_comments
from toolshed.errors import SourceError


def written(folder: Path, value: Any, name: str = "mcp.json") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def config(folder: Path, entry: Any, environment: dict[str, str] | None = None) -> ServerConfig:
    path = written(folder, {"mcpServers": {"bay": entry}})
    return server_at(f"{path}#bay", environment=environment or {})


@pytest.mark.parametrize(
    ("document", "names"),
    [
        pytest.param({"mcpServers": {"a": {"command": "x"}}}, ["a"], id="claude"),
        pytest.param({"servers": {"a": {"url": "https://x"}}, "inputs": []}, ["a"], id="vs-code"),
        pytest.param({"mcp": {"servers": {"a": {"command": "x"}}}}, ["a"], id="vs-code-settings"),
        pytest.param({"mcpServers": {}}, [], id="no-servers"),
        pytest.param({"openapi": "3.1.0", "servers": [{"url": "https://x"}]}, None, id="openapi"),
        pytest.param({"servers": {"type": "object"}}, None, id="a-schema"),
        pytest.param([{"name": "tool"}], None, id="a-list-of-tools"),
    ],
)
def test_files_of_servers_are_told_by_their_shape(document: Any, names: list[str] | None) -> None:
    entries = server_entries(document)
    assert (None if entries is None else list(entries)) == names


def test_comments_and_commas_at_the_end_are_passed_over(tmp_path: Path) -> None:
    text = """{ // servers of the bay
      "servers": { /* one */ "bay": {"url": "https://bay.example/mcp//x", "note": "a, ] // b",}, },
    }"""
    assert json.loads(without_comments(text))["servers"]["bay"]["note"] == "a, ] // b"
    path = written(tmp_path, text)
    assert is_server_file(path)
    assert server_at(f"{path}#bay").url == "https://bay.example/mcp//x"


def test_disabled_servers_are_left_alone(tmp_path: Path) -> None:
    entries = {
        "a": {"command": "x"},
        "b": {"command": "x", "disabled": True},
        "c": {"command": "x", "enabled": False},
    }
    assert enabled_servers(written(tmp_path, {"mcpServers": entries})) == ["a"]


def test_a_file_in_which_nothing_is_enabled_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="names no MCP server that is enabled"):
        enabled_servers(written(tmp_path, {"mcpServers": {}}))


def test_a_program_gets_its_variables_and_folder(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    entry = {
        "command": "${userHome}/bin/dock",
        "args": ["--zone", "${ZONE:-north}", "--depth=${DEPTH}"],
        "env": {"DOCK_KEY": "${KEY}", "LEVEL": 3, "GONE": None},
        "cwd": "work",
        "timeout": 90,
    }
    made = config(
        tmp_path, entry, {"KEY": "k-123456789", "DEPTH": "7", "PATH": "/bin", "TOOLSHED_KB": "ours"}
    )
    assert made.command == (f"{Path.home()}/bin/dock", "--zone", "north", "--depth=7")
    assert made.environment == {
        "KEY": "k-123456789",
        "DEPTH": "7",
        "PATH": "/bin",
        "DOCK_KEY": "k-123456789",
        "LEVEL": "3",
    }
    assert (made.folder, made.timeout_seconds) == (str(tmp_path / "work"), 90)
    assert made.location == f"{tmp_path / 'mcp.json'}#bay"
    assert made.masked("it is k-123456789!") == "it is ***!"
    assert "k-123456789" not in repr(made)


def test_inheriting_can_be_refused(tmp_path: Path) -> None:
    made = config(tmp_path, {"command": "dock", "inheritEnv": False}, {"PATH": "/bin", "OTHER": "1"})
    assert made.environment == {"PATH": "/bin"}


def test_variables_of_a_file_are_read(tmp_path: Path) -> None:
    written(tmp_path, 'DOCK_KEY="k-123456789"\n# a comment\nLEVEL=3\n', ".env")
    made = config(tmp_path, {"command": "dock", "envFile": "${workspaceFolder}/.env", "env": {"LEVEL": "4"}})
    assert made.environment == {"DOCK_KEY": "k-123456789", "LEVEL": "4"}


@pytest.mark.parametrize(
    ("entry", "transport"),
    [
        pytest.param({"url": "https://bay.example/mcp"}, "http", id="a-url"),
        pytest.param({"url": "https://bay.example/sse"}, "sse", id="a-url-of-events"),
        pytest.param({"url": "https://bay.example/x", "type": "sse"}, "sse", id="said"),
        pytest.param(
            {"serverUrl": "https://bay.example/mcp", "type": "streamable-http"}, "http", id="windsurf"
        ),
        pytest.param({"httpUrl": "https://bay.example/mcp"}, "http", id="gemini"),
        pytest.param({"command": ["dock", "--now"], "type": "local"}, "stdio", id="opencode"),
    ],
)
def test_the_transport_is_found_out(tmp_path: Path, entry: Any, transport: str) -> None:
    assert config(tmp_path, entry).transport == transport


def test_headers_are_filled_in_and_hidden(tmp_path: Path) -> None:
    entry = {
        "url": "https://bay.example/mcp",
        "headers": {"Authorization": "Bearer ${env:BAY}", "X-Zone": "north"},
    }
    made = config(tmp_path, entry, {"BAY": "t0ken-of-the-bay"})
    assert made.headers == {"Authorization": "Bearer t0ken-of-the-bay", "X-Zone": "north"}
    assert made.masked("refused t0ken-of-the-bay") == "refused ***"


@pytest.mark.parametrize(
    ("entry", "headers"),
    [
        ({"auth": "${BAY}"}, {"Authorization": "Bearer t0ken-of-the-bay"}),
        ({"headers": {"X-Key": "${input:bay-key}"}}, {"X-Key": "given"}),
        ({"headers": {"X-Key": "${input:other}"}}, {"X-Key": "by default"}),
    ],
)
def test_tokens_and_inputs_of_other_hosts_are_understood(tmp_path: Path, entry: Any, headers: Any) -> None:
    document = {
        "servers": {"bay": {"url": "https://bay.example/mcp", **entry}},
        "inputs": [{"id": "other", "type": "promptString", "default": "by default"}, {"id": "bay-key"}, 7],
    }
    path = written(tmp_path, document)
    environment = {"BAY": "t0ken-of-the-bay", "BAY_KEY": "given"}
    assert server_at(f"{path}#bay", environment=environment).headers == headers


@pytest.mark.parametrize(
    ("said", "kind", "client_id", "scopes"),
    [
        ({"oauth": {}}, "authorization_code", "", ""),
        ({"auth": "oauth"}, "authorization_code", "", ""),
        ({"auth": {"CLIENT_ID": "us", "scopes": ["a", "b"]}}, "authorization_code", "us", "a b"),
        (
            {
                "oauth": {
                    "grantType": "client_credentials",
                    "clientId": "us",
                    "client_secret": "ours",
                    "issuer": "https://login.example",
                    "scope": "a",
                }
            },
            "client_credentials",
            "us",
            "a",
        ),
    ],
)
def test_how_to_get_a_token_is_read(
    tmp_path: Path, said: Any, kind: str, client_id: str, scopes: str
) -> None:
    oauth = config(tmp_path, {"url": "https://bay.example/mcp", **said}).oauth
    assert oauth is not None
    assert (oauth.kind, oauth.client_id, oauth.scopes) == (kind, client_id, scopes)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        pytest.param(
            {"command": "x", "args": ["${NOPE}"]}, "the variable NOPE is not set", id="missing-variable"
        ),
        pytest.param({"url": "https://x/", "headers": {"A": "${input:my key}"}}, None, id="no-variable"),
        pytest.param(
            {"url": "https://x/", "headers": {"A": "${input:key}"}}, "set the variable KEY", id="input"
        ),
        pytest.param(
            {"url": "https://x/", "headers": {"A": "${command:pick}"}}, "VS Code only", id="command"
        ),
        pytest.param(
            {"url": "https://x/", "headers": {"A": "a\nb"}},
            "the header A holds a line break",
            id="line-break",
        ),
        pytest.param({"url": "https://x/", "headers": {"A b": "c"}}, "no name of a header", id="header-name"),
        pytest.param({"url": "ftp://x/"}, "gives no URL of a server", id="other-protocol"),
        pytest.param(
            {"command": "x", "type": "carrier"}, "expected stdio, http or sse", id="other-transport"
        ),
        pytest.param({"type": "stdio"}, "'command' must be a text", id="no-command"),
        pytest.param({}, "neither 'command' nor 'url'", id="nothing"),
        pytest.param({"command": "x", "env": ["a"]}, "'env' must be an object", id="env-list"),
        pytest.param({"command": "x", "env": {"A": ["b"]}}, "'A' must be a text", id="env-of-lists"),
        pytest.param({"command": "x", "args": "a b"}, "'args' must be a list", id="args-text"),
        pytest.param({"command": "x", "timeout": "soon"}, "must be a number of seconds", id="timeout"),
        pytest.param({"command": "x", "timeout": -1}, "time-out of -1 seconds", id="negative-timeout"),
        pytest.param({"command": "x", "cwd": "gone"}, "of 'cwd' is not there", id="folder"),
        pytest.param({"command": "x", "envFile": "gone"}, "is not there", id="env-file"),
        pytest.param(
            {"url": "https://x/", "oauth": {"grantType": "magic"}}, "grant type 'magic'", id="grant"
        ),
        pytest.param("x", "not described by one object", id="text"),
    ],
)
def test_what_is_wrong_with_a_server_is_said(tmp_path: Path, entry: Any, message: str | None) -> None:
    if message is None:
        # What is no variable of ours stays as it is.
        assert config(tmp_path, entry).headers == {"A": "${input:my key}"}
        return
    with pytest.raises(SourceError, match=message):
        config(tmp_path, entry)


def test_milliseconds_of_other_hosts_are_understood(tmp_path: Path) -> None:
    assert config(tmp_path, {"command": "x", "timeout": 45_000}).timeout_seconds == 45


def test_a_server_that_is_not_named_is_told_with_those_that_are(tmp_path: Path) -> None:
    path = written(tmp_path, {"mcpServers": {"bay": {"command": "x"}}})
    with pytest.raises(SourceError, match="names no server 'quay'; it names 'bay'"):
        server_at(f"{path}#quay")


def test_a_name_may_hold_the_mark_of_a_name(tmp_path: Path) -> None:
    path = written(tmp_path, {"mcpServers": {"b#1": {"command": "x"}}}, "a#b.json")
    assert server_at(f"{path}#b#1").name == "b#1"


def test_a_file_that_is_broken_is_still_one_of_servers(tmp_path: Path) -> None:
    path = written(tmp_path, '{"mcpServers": {"bay": ')
    assert is_server_file(path)
    with pytest.raises(SourceError, match="not JSON that can be read"):
        enabled_servers(path)

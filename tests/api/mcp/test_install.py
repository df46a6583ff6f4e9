import json
import shlex
from pathlib import Path

import pytest

from tests.command_line import run
from toolshed.errors import ConfigurationError
from toolshed_api.mcp.hosts import HOSTS, Entry, HostName, configuration_file, servers_key
from toolshed_api.mcp.install import install, planned

ENTRY = Entry(["/usr/bin/python", "-m", "toolshed", "mcp"])
hosts = pytest.mark.parametrize("host", HOSTS)


def installed(host: HostName, path: Path, entry: Entry = ENTRY) -> None:
    install(planned(host, entry, path))


@hosts
def test_the_entry_is_written_where_nothing_was(tmp_path: Path, host: HostName) -> None:
    path = tmp_path / "deep" / "config.json"
    installed(host, path)
    written = json.loads(path.read_text())[servers_key(host)]["toolshed"]
    assert written["command"] == "/usr/bin/python"
    assert written["args"] == ["-m", "toolshed", "mcp"]
    assert written.get("alwaysLoad", False) is (host == "claude-code")
    assert list(path.parent.iterdir()) == [path]


@hosts
def test_other_entries_and_settings_stay_and_the_old_file_is_kept(tmp_path: Path, host: HostName) -> None:
    path = tmp_path / "config.json"
    before = {"theme": "dark", servers_key(host): {"git": {"command": "git"}, "toolshed": {"command": "old"}}}
    path.write_text(json.dumps(before))
    path.chmod(0o600)
    installed(host, path)
    after = json.loads(path.read_text())
    assert after["theme"] == "dark"
    assert after[servers_key(host)]["git"] == {"command": "git"}
    assert after[servers_key(host)]["toolshed"]["command"] == "/usr/bin/python"
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads((tmp_path / "config.json.before-toolshed").read_text()) == before


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    installed("cursor", path)
    text = path.read_text()
    installed("cursor", path)
    assert path.read_text() == text
    assert [one.name for one in tmp_path.iterdir()] == ["config.json"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param('{"servers": {} // mine\n}', "comments would be lost", id="comments"),
        pytest.param('{"servers": ', "no plain JSON", id="half"),
        pytest.param("[]", "no JSON object", id="list"),
        pytest.param('{"servers": []}', "that is no object", id="servers"),
        pytest.param("[" * 100_000, "no plain JSON", id="deep"),
    ],
)
def test_a_file_that_is_not_as_the_host_writes_it_is_left_alone(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=says):
        installed("vscode", path)
    assert path.read_text() == text
    assert list(tmp_path.iterdir()) == [path]


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        installed("vscode", path)


def test_a_link_is_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "kept.json", tmp_path / "link.json"
    target.write_text("{}")
    link.symlink_to(target)
    installed("cursor", link)
    assert link.is_symlink()
    assert "toolshed" in target.read_text()


@pytest.mark.parametrize("host", ["claude-code", "vscode", "cursor"])
def test_an_address_is_written_without_its_key(tmp_path: Path, host: HostName) -> None:
    path = tmp_path / "config.json"
    installed(host, path, Entry(url="https://tools.example.com/mcp", key_variable="TOOLSHED_KEY"))
    written = json.loads(path.read_text())[servers_key(host)]["toolshed"]
    assert written["url"] == "https://tools.example.com/mcp"
    assert "TOOLSHED_KEY}" in written["headers"]["Authorization"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(("--host", "claude-desktop", "--api-key-file", "key"), {}, id="desktop"),
        pytest.param(
            ("--host", "cursor", "--bridge", "--key-variable", "KEY"),
            {"env": {"TOOLSHED_API_KEY": "${env:KEY}"}},
            id="cursor",
        ),
    ],
)
def test_a_host_that_starts_programs_only_is_bridged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], expected: dict[str, object]
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = run("mcp", "install", *options, "--url", "https://tools.example.com/", "--dry-run")
    entry = json.loads(shown.stdout)
    key = ["--api-key-file", str(tmp_path / "key")] if "--api-key-file" in options else []
    assert entry["args"] == ["-m", "toolshed", "mcp", "--url", "https://tools.example.com/mcp", *key]
    assert entry.items() >= expected.items()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--host", "claude-desktop", "--key-variable", "KEY"), "name that by --api-key-file"),
        (("--host", "cursor", "--api-key-file", "key"), "give --bridge"),
        (("--host", "cursor", "--url", "tools.example.com"), "write https://HOST"),
    ],
)
def test_what_a_host_cannot_be_told_is_refused(options: tuple[str, ...], says: str) -> None:
    refused = run("mcp", "install", "--url", "https://tools.example.com", *options, "--dry-run")
    assert refused.exit_code == 2
    assert says in refused.stderr


@hosts
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_each_host_has_a_file_of_its_own(tmp_path: Path, host: HostName, platform: str) -> None:
    files = {configuration_file(one, home=tmp_path, platform=platform) for one in HOSTS}
    assert len(files) == len(HOSTS)
    assert configuration_file(host, home=tmp_path, platform=platform).suffix == ".json"


def test_the_command_writes_and_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command = shlex.split(
        "mcp install --host vscode --config mcp.json --kb shed --pipeline instant --pin a:b"
    )
    shown = run(*command, "--dry-run")
    assert json.loads(shown.stdout)["args"][-6:] == [
        "--kb",
        str(tmp_path / "shed"),
        "--pipeline",
        "instant",
        "--pin",
        "a:b",
    ]
    assert not (tmp_path / "mcp.json").exists()
    done = run(*command)
    assert done.exit_code == 0
    assert "names Toolshed now" in done.stdout
    assert "names Toolshed already" in run(*command).stdout
    Path("mcp.json").write_text("{")
    failed = run(*command)
    assert failed.exit_code == 2
    assert "add this by hand" in failed.stderr

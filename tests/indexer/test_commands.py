import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from toolshed.commands.main import main
from toolshed.shed.shed import Toolshed

SERVER = Path(__file__).parents[1] / "servers" / "many_tools.py"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOOLSHED_PIPELINE", "instant")


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_watching_follows_a_server_whose_list_changes_until_told_to_stop(stop: signal.Signals) -> None:
    source = f"many=mcp+stdio:{sys.executable} {SERVER} announce"
    with subprocess.Popen(
        [sys.executable, "-m", "toolshed.commands.main", "index", "tools", source, "--watch"],
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


def test_one_bad_source_of_several_costs_itself() -> None:
    Path("tools.json").write_text('[{"name": "a"}]')
    code, out, err = run("index", "tools", "tools.json", "gone.json")
    assert code == 1
    assert out.startswith("1 added")
    assert "left out: 'gone.json' cannot be read" in err
    code, out, _ = run("index", "tools", "tools.json", "gone.json", "--json")
    report = json.loads(out)
    assert (code, report["unchanged"], len(report["failed"])) == (1, 1, 1)


@pytest.mark.parametrize("sources", [["tools.json", "gone.json", "--strict"], ["gone.json", "lost.json"]])
def test_a_run_that_is_refused_leaves_nothing_behind(sources: list[str]) -> None:
    Path("tools.json").write_text('[{"name": "a"}]')
    code, _, err = run("index", "tools", *sources)
    assert code == 1
    assert "'gone.json' cannot be read" in err
    assert not Path("shed").exists()


def test_a_second_file_of_one_name_is_refused_until_it_is_named_or_takes_over() -> None:
    for folder, tool in (("north", "sow"), ("south", "reap")):
        Path(folder).mkdir()
        Path(folder, "tools.json").write_text(json.dumps([{"name": tool}]))
    assert run("index", "tools", "north/tools.json")[0] == 0
    for keep in ([], ["--keep-removed"]):
        code, _, err = run("index", "tools", "south/tools.json", *keep)
        assert code == 1
        assert "north/tools.json" in err
        assert "--as NAME" in err
        assert "--replace" in err
    assert run("index", "tools", "./south/../north/tools.json")[1].startswith("0 added")
    assert run("index", "tools", "south/tools.json", "--as", "south-farm")[1].startswith(
        "1 added, 0 changed, 0"
    )
    assert run("index", "tools", "south/tools.json", "--as", "two words")[0] == 2
    assert run("index", "tools", "south/tools.json", "north/tools.json", "--as", "x")[0] == 2
    code, out, _ = run("index", "tools", "south/tools.json", "--replace")
    assert (code, out[:34]) == (0, "1 added, 0 changed, 1 removed, 0 u")
    with Toolshed("./shed", pipeline="instant") as shed:
        assert shed.list_tools() == ["south-farm:reap", "tools:reap"]


@pytest.fixture
def law(tmp_path: Path) -> Path:
    folder = tmp_path / "law"
    folder.mkdir()
    (folder / "statute.txt").write_text(
        "§ 1. Records. A bank shall keep records for years.", encoding="utf-8"
    )
    (folder / "policy.md").write_text("# Policy\n\nWe keep your name and nothing else.", encoding="utf-8")
    return folder


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.usefixtures("law")
def test_legal_documents_are_indexed_once_and_found() -> None:
    code, out, err = run("index", "legal", "law", "--workers", "2")
    assert (code, err) == (0, "")
    assert out.startswith("2 documents added, 0 changed, 0 removed, 0 unchanged; 2 passages embedded")
    code, out, _ = run("index", "legal", "law", "--json")
    report = json.loads(out)
    assert (report["unchanged"], report["n_passages"], report["n_passages_stored"]) == (2, 0, 2)
    code, out, _ = run("passages", "How long must a bank keep records?", "-k", "1")
    assert code == 0
    assert "statute, § 1. Records  (law/statute.txt)" in out
    assert "“A bank shall keep records for years.”" in out
    code, out, _ = run("passages", "keep", "--filter", "document=law/policy.md", "--json")
    assert [found["document"] for found in json.loads(out)["passages"]] == ["law/policy.md"]


def test_what_cannot_be_read_is_named_and_the_others_are_indexed(law: Path) -> None:
    (law / "fake.txt").write_bytes(b"%PDF-1.7")
    (law / "empty.md").touch()
    code, out, err = run("index", "legal", "law")
    assert code == 1
    assert out.startswith("2 documents added")
    assert "left out: 'law/empty.md' is empty" in err
    assert "left out: 'law/fake.txt' is no text but a PDF" in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("index", "legal", "nowhere"), 1, "there is no file or folder 'nowhere'"),
        (("index", "legal", "law", "--glob", "*.tex"), 1, "nothing to read in law; is --glob right?"),
        (("index", "legal"), 2, "Missing argument"),
        (("passages", "x"), 2, "there is no knowledge base in './shed'"),
    ],
    ids=str,
)
@pytest.mark.usefixtures("law")
def test_misuse_is_told_and_leaves_nothing_behind(
    arguments: tuple[str, ...], code: int, message: str
) -> None:
    found, _, err = run(*arguments)
    assert found == code
    assert message in err
    assert not Path("shed").exists()


@pytest.mark.usefixtures("law")
def test_a_search_for_tools_brings_governing_passages() -> None:
    run("index", "legal", "law")
    Path("tools.jsonl").write_text(
        json.dumps({"name": "archive_records", "description": "Archive records of a bank."}), encoding="utf-8"
    )
    run("index", "tools", "tools.jsonl")
    code, out, _ = run("search", "Archive the records of a bank.", "--passages")
    assert code == 0
    assert "tools:archive_records" in out
    assert "statute, § 1. Records" in out

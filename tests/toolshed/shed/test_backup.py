"""Backups: what is restored answers as what was backed up, on either engine."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.qdrant_stub import qdrant_stub
from toolshed.commands.main import main
from toolshed.documents import LegalDocument
from toolshed.errors import ConfigurationError, KnowledgeBaseError, ToolshedError
from toolshed.options import checked
from toolshed.shed.backup import restore_backup, write_backup
from toolshed.shed.location import Location
from toolshed.shed.opening import ShedArguments
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder, make_tool

OPTIONS = checked(ShedArguments, {})
QUERY = "Send an email about the weather in Lisbon."


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A knowledge base with tools, text, a ledger and another tenant, to be copied."""
    folder = tmp_path_factory.mktemp("filled") / "shed"
    with Toolshed(folder, encoder=HashingEncoder()) as shed:
        shed.add_tools(*[make_tool(f"tool_{n}", f"Does thing {n} by email.", source="a") for n in range(300)])
        shed.add_tools(make_tool("get_forecast", "Weather forecast for a city.", source="weather"))
        shed.add_documents(LegalDocument("lease", "The rent is due on the first. It is paid in euros."))
        query_id = shed.search("write an email to Ana", 3, abstain_below=0.0).query_id
        shed.outcomes.report(query_id=query_id, tools_used=["a:tool_7"], passed=True, reporter="ana")
        shed.outcomes.report(shed.account.start_task(task_id="the task").task_id, True)
    with Toolshed(folder / "tenants" / "acme", pipeline="instant") as shed:
        shed.add_tools(make_tool("launch", "Launch a rocket."))
    return folder


@pytest.fixture(scope="module")
def backup(filled: Path) -> Path:
    file = filled.with_name("shed.zip")
    write_backup(file, Location.of(filled), OPTIONS)
    return file


@pytest.fixture
def source(filled: Path, tmp_path: Path) -> Path:
    return shutil.copytree(filled, tmp_path / "shed")


def answers(location: str | Path) -> object:
    with Toolshed(location, encoder=HashingEncoder()) as shed:
        found = shed.search(QUERY, 5, abstain_below=0.0)
        assert shed.damages() == []
        passages = shed.search_passages("When is the rent due?").passages
        return (
            [(tool.tool.to_json(), tool.score, tool.confidence) for tool in found.tools],
            [one.passage.text for one in passages],
            shed.list_tools(),
        )


def test_a_restored_knowledge_base_answers_as_before(source: Path, tmp_path: Path) -> None:
    file, target = tmp_path / "shed.zip", tmp_path / "restored"
    expected = answers(source)
    written = write_backup(file, Location.of(source), OPTIONS)
    assert written.n_records == {"tools": 301, "passages": 1, "examples": 1, "tenants/acme/tools": 1}
    assert written.databases == ["ledger.db"]
    assert file.stat().st_mode & 0o777 == 0o600
    done: list[tuple[int, int]] = []
    restored = restore_backup(file, Location.of(target), OPTIONS, progress=lambda *told: done.append(told))
    assert restored.n_records == written.n_records
    assert done[:2] == [(256, 301), (301, 301)]
    assert answers(target) == expected
    with Toolshed(target / "tenants" / "acme", pipeline="instant") as acme:
        assert len(acme.list_tools()) == 1
    with Toolshed(target, encoder=HashingEncoder()) as shed:
        assert shed.account.ledger.task("the task")["outcomes"]
        assert shed.usage.forget(reporter="ana") == 1


def test_a_backup_moves_an_embedded_knowledge_base_to_a_server(source: Path, tmp_path: Path) -> None:
    file = tmp_path / "shed.zip"
    expected = answers(source)
    write_backup(file, Location.of(source), OPTIONS)
    with qdrant_stub() as url:
        restored = restore_backup(file, Location.of(url), OPTIONS)
        assert [one.split(":")[0] for one in restored.left_out] == ["ledger.db", "examples.key"]
        assert answers(url) == expected
        with pytest.raises(ConfigurationError, match="holds tools already"):
            restore_backup(file, Location.of(url), OPTIONS)
        again = write_backup(tmp_path / "again.zip", Location.of(url), OPTIONS, state="postgresql://u:p@h/d")
        assert again.n_records["tools"] == 301
        assert [one.split(":")[0] for one in again.left_out] == ["other tenants", "the service's state"]
        assert "u:p" not in str(again.left_out)


def test_nothing_is_overwritten(source: Path, tmp_path: Path) -> None:
    file = tmp_path / "shed.zip"
    write_backup(file, Location.of(source), OPTIONS)
    before = file.read_bytes()
    with pytest.raises(ConfigurationError, match="is there already; give the backup another name"):
        write_backup(file, Location.of(source), OPTIONS)
    with pytest.raises(ConfigurationError, match="give an empty or a new folder"):
        restore_backup(file, Location.of(source), OPTIONS)
    assert file.read_bytes() == before


@pytest.mark.parametrize("damage", ["cut", "flip", "no zip", "no contents", "fewer", "outside", "newer"])
def test_a_damaged_backup_is_refused_and_leaves_no_knowledge_base(
    backup: Path, tmp_path: Path, damage: str
) -> None:
    file, target = shutil.copy(backup, tmp_path / "shed.zip"), tmp_path / "restored"
    content = file.read_bytes()
    if damage == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif damage == "flip":
        file.write_bytes(content[:5000] + bytes([content[5000] ^ 1]) + content[5001:])
    elif damage == "no zip":
        file.write_bytes(b"PK but nothing else")
    else:
        with zipfile.ZipFile(file) as old:
            members = {name: old.read(name) for name in old.namelist()}
        contents = json.loads(members.pop("backup.json"))
        if damage == "fewer":
            members["tools.jsonl"] = b"\n".join(members["tools.jsonl"].splitlines()[:-1])
        elif damage == "outside":
            contents["databases"] = ["../../evil.db"]
        elif damage == "newer":
            contents["format"] = 99
        with zipfile.ZipFile(file, "w") as new:
            for name, text in members.items():
                new.writestr(name, text)
            if damage != "no contents":
                new.writestr("backup.json", json.dumps(contents))
    with pytest.raises(ToolshedError):
        restore_backup(file, Location.of(target), OPTIONS)
    assert not target.exists()
    assert not target.with_name("restored.restoring").exists()
    assert not (tmp_path / "evil.db").exists()


def test_a_damaged_record_is_named_instead_of_backed_up(source: Path, tmp_path: Path) -> None:
    file = tmp_path / "shed.zip"
    with Toolshed(source, encoder=HashingEncoder()) as shed:
        engine = shed.knowledge_base._engine
        (point,) = engine.retrieve([shed.knowledge_base.point_id("a:tool_7")])
        engine.upsert([type(point)(point.point_id, {**point.payload, "source": "b"}, point.vectors)])
    with pytest.raises(KnowledgeBaseError, match=r"'a:tool_7'.* is damaged"):
        write_backup(file, Location.of(source), OPTIONS)
    assert list(tmp_path.glob("shed.zip*")) == []


def test_the_command_line(source: Path, tmp_path: Path) -> None:
    file, target = tmp_path / "shed.zip", tmp_path / "restored"

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
        return done.output

    assert "301 tools" in run("backup", str(file), "--kb", str(source))
    told = json.loads(run("restore", str(file), "--kb", str(target), "--json"))
    assert told["n_records"]["tools"] == 301
    missing = CliRunner().invoke(main, ["backup", str(tmp_path / "x.zip"), "--kb", str(tmp_path / "nothing")])
    assert missing.exit_code == 2
    assert "no knowledge base" in missing.output

import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from toolshed.commands.main import _AT_ONCE, main

TOOLS = [
    {"name": "send_email", "description": "Send an email to a person."},
    {"name": "get_forecast", "description": "Weather forecast for a city."},
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test in a folder of its own, with a catalog in it and the pipeline that starts quickly."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOOLSHED_PIPELINE", "instant")
    Path("tools.json").write_text(json.dumps(TOOLS))
    return tmp_path


def run(*arguments: str, **options: str) -> Result:
    return CliRunner().invoke(main, arguments, **options)  # type: ignore[arg-type]  # options of invoke


def test_index_then_search() -> None:
    indexed = run("index", "tools", "tools.json")
    assert indexed.exit_code == 0
    assert indexed.stdout.startswith("2 added, 0 changed, 0 removed, 0 unchanged")
    found = run("search", "weather forecast in Lisbon", "-k", "1")
    assert found.exit_code == 0
    assert "tools:get_forecast" in found.stdout
    assert "tools:send_email" not in found.stdout


def test_a_second_index_run_embeds_nothing() -> None:
    run("index", "tools", "tools.json")
    report = json.loads(run("index", "tools", "tools.json", "--json").stdout)
    assert (report["unchanged"], report["n_embedded"], report["added"]) == (2, 0, [])


def test_removed_tools_go_unless_they_are_kept() -> None:
    run("index", "tools", "tools.json")
    Path("tools.json").write_text(json.dumps(TOOLS[:1]))
    kept = json.loads(run("index", "tools", "tools.json", "--keep-removed", "--json").stdout)
    assert (kept["removed"], kept["n_tools"]) == ([], 2)
    gone = json.loads(run("index", "tools", "tools.json", "--json").stdout)
    assert (gone["removed"], gone["n_tools"]) == (["tools:get_forecast"], 1)


def test_bad_entries_are_listed_and_cost_the_exit_code_unless_they_are_expected() -> None:
    Path("mixed.jsonl").write_text('{"name": "good"}\n{"description": "nameless"}\n')
    refused = run("index", "tools", "mixed.jsonl", "--strict")
    assert refused.exit_code == 1
    assert "line 2: the tool has no name" in refused.stderr
    assert not Path("shed").exists()
    partly = run("index", "tools", "mixed.jsonl")
    assert (partly.exit_code, partly.stdout[:7]) == (1, "1 added")
    assert "left out: mixed, line 2" in partly.stderr
    skipped = run("index", "tools", "mixed.jsonl", "--skip-invalid")
    assert skipped.exit_code == 0
    assert "left out: mixed, line 2" in skipped.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        pytest.param(["search", "x"], 2, "there is no knowledge base in './shed'", id="no-knowledge-base"),
        pytest.param(["search", "x", "-k", "0"], 2, "0 is not in the range", id="k-0"),
        pytest.param(["search", "x", "--pipeline", "ful"], 2, "'ful' is not one of", id="unknown-pipeline"),
        pytest.param(["index", "tools", "gone.json"], 1, "'gone.json' cannot be read", id="missing-file"),
        pytest.param(["index", "tools"], 2, "Missing argument", id="no-source"),
        pytest.param(["nonsense"], 2, "No such command", id="unknown-command"),
    ],
)
def test_misuse_and_failure_have_their_exit_codes(arguments: list[str], exit_code: int, message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == exit_code
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_a_failed_index_run_leaves_no_folder_behind(folder: Path) -> None:
    run("index", "tools", "gone.json")
    assert not (folder / "shed").exists()


def test_another_pipeline_than_the_writers_is_explained() -> None:
    run("index", "tools", "tools.json")
    result = run("search", "weather", "--pipeline", "default")
    assert result.exit_code == 1
    assert "encoder None instead of 'all-MiniLM-L6-v2" in result.stderr


def test_every_command_explains_itself_with_examples() -> None:
    for command in (
        [],
        ["search"],
        ["call"],
        ["doctor"],
        ["index"],
        ["index", "tools"],
        ["serve"],
        ["demo"],
        ["bench"],
    ):
        result = run(*command, "--help")
        assert result.exit_code == 0
        assert "Usage:" in result.stdout
    for command in ("run", "compare", "report", "fetch"):
        assert "Example" in run("eval", command, "--help").stdout


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from toolshed.commands.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'numpy', 'torch', 'onnxruntime', 'fastapi', 'qdrant_edge'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


def test_instant_loads_neither_torch_nor_the_transformer() -> None:
    run("index", "tools", "tools.json")
    program = (
        "import sys; from toolshed import Toolshed\n"
        "with Toolshed('./shed', pipeline='instant') as shed: shed.search('weather')\n"
        "print(sorted({'torch', 'onnxruntime', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_an_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    result = run("serve")
    assert result.exit_code == 2
    assert "uvicorn is not installed; from the Toolshed checkout run: pip install '.[api]'" in result.stderr


def test_output_into_a_closed_pipe_ends_quietly() -> None:
    run("index", "tools", "tools.json")
    program = f"{sys.executable} -m toolshed.commands.main search weather --json | head -1"
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True)
    assert done.stdout == "{\n"
    assert "Traceback" not in done.stderr


def test_what_is_not_looked_up_is_what_packages_say() -> None:
    said = {point.name: point.value for point in entry_points(group="toolshed.commands")}
    assert {name: said[name] for name in _AT_ONCE} == {n: f"{module}:{n}" for n, module in _AT_ONCE.items()}

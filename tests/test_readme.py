"""The code of the README and of the pages under docs/ runs, and what they name exists."""

import gc
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import run
from toolshed.shed.shed import Toolshed

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {page: page.read_text(encoding="utf-8") for page in PAGES}
EVERYTHING = "\n".join(TEXTS.values())
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", EVERYTHING, re.MULTILINE | re.DOTALL)


COMMANDS = [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the README's relative paths lead to the checkout and nothing is written to it."""
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "evals").symlink_to(ROOT / "evals")
    # A checkout is a repository, of which one example asks for the status.
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


@pytest.fixture
def _in_the_checkout(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run there, with the programs of the environment on the path, as in an activated one."""
    monkeypatch.chdir(checkout)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


# What an example prints, by words that no other has.
PRINTED = {
    "mcp-server-git": ["convert_currency", "git_commit", r"^3200\.0$"],
    "How much is 20 euros": [r"\A3200\.0$"],
    "LegalTextSplitter": [
        r"services agreement, ARTICLE VIII SECURITY > 8\.7 Notice of Security Incidents",
        r"in no case later than seventy-two \(72\) hours",
        "FoundPassage",
    ],
    "backbones.policy": [r"42 gpt-4o-mini 0\.000127", "cost-of-pass"],
    "toolshed/gpt-4o-mini": [r"^lights_\w+ [1-5] 0\.000147000$"],
    "planned(chat)": [],
    "outcomes.learn()": [],
    "find_from_elsewhere": [],
}


# What they leave open, and a program's end closes, is collected here and troubles no other test.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("_in_the_checkout")
@pytest.mark.parametrize("words", PRINTED)
def test_a_python_example_runs(capsys: pytest.CaptureFixture[str], words: str) -> None:
    (example,) = [one for one in blocks("python") if words in one]
    names: dict[str, object] = {"__name__": "__main__"}
    exec(example, names)
    if isinstance(shed := names.get("shed"), Toolshed):
        shed.close()
    names.clear()
    gc.collect()
    told = capsys.readouterr().out
    for pattern in PRINTED[words]:
        assert re.search(pattern, told, re.MULTILINE), pattern


def test_no_python_example_is_left_out() -> None:
    for example in blocks("python"):
        assert len([words for words in PRINTED if words in example]) == 1, example


@pytest.mark.usefixtures("_in_the_checkout")
def test_the_commands_run_in_their_order() -> None:
    commands = [command for command in COMMANDS if command.startswith("toolshed ")]
    assert len(commands) >= 8
    # The first as a program; to start one for each takes many times what the commands take.
    first = subprocess.run(shlex.split(commands[0]), capture_output=True, text=True, check=True)
    printed = {commands[0]: first.stdout}
    for command in commands[1:]:
        done = run(*shlex.split(command)[1:])
        assert done.exit_code == 0, f"{command}: {done.output}"
        printed[command] = done.stdout
    (second_index,) = [command for command in commands if "--keep-removed" in command]
    (jazz,) = [command for command in commands if "jazz" in command]
    legal = [command for command in commands if command.startswith("toolshed passages")]
    assert "civil penalty of $200 for each day" in printed[legal[0]]
    assert "special master" in printed[legal[1]]
    costs = [printed[command] for command in commands if command.startswith("toolshed cost")]
    assert re.search(r"gpt-4o-mini +1 .*100\.0%", costs[0])
    assert "hand over" in costs[2] or "gpt-4o" in costs[2]
    assert "0 texts embedded" in printed[second_index]
    assert "lights_set_brightness" in printed[jazz]
    assert "music_play_track" in printed[jazz]


def test_the_make_targets_exist() -> None:
    named = {
        *re.findall(r"`make ([\w-]+)`", EVERYTHING),
        *re.findall(r"^\$ make ([\w-]+)", EVERYTHING, re.MULTILINE),
    }
    assert named >= {"demo", "test", "eval", "eval-legal", "eval-cost", "bench"}
    assert named <= set(re.findall(r"^([\w-]+):", MAKEFILE, re.MULTILINE))


def test_links_and_pictures_lead_somewhere() -> None:
    for page, text in TEXTS.items():
        for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", text):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_page_is_reached_from_the_readme() -> None:
    linked = {*re.findall(r"\]\(docs/([\w-]+\.md)\)", TEXTS[PAGES[0]])}
    assert linked == {page.name for page in PAGES[1:]}

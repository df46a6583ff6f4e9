"""Skills: found beside tools, handed on as instructions."""

from pathlib import Path

import pytest

from toolshed.catalog import skills
from toolshed.catalog.skills import parse_skill, read_skills
from toolshed.catalog.sources import read_source
from toolshed.errors import InvalidToolError, SourceError
from toolshed.types import ToolDefinition

PRUNE = """---
name: prune-roses
description: Prunes roses so that they flower. Use when a rose is overgrown.
license: MIT
allowed-tools: Read Bash
metadata:
  author: gardeners
---

# Pruning

Cut above an outward bud.
"""


def write(folder: Path, name: str, text: str = PRUNE) -> Path:
    path = folder / name / "SKILL.md"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_skill_is_a_definition_of_its_own_kind(tmp_path: Path) -> None:
    write(tmp_path, "prune-roses")
    (skill,) = read_source(tmp_path / "prune-roses").tools
    assert (skill.kind, skill.name) == ("skill", "prune-roses")
    assert skill.description.startswith("Prunes roses")
    assert skill.instructions == "# Pruning\n\nCut above an outward bud."
    assert skill.extras["license"] == "MIT"
    assert skill.extras["metadata"] == {"author": "gardeners"}
    assert ToolDefinition.from_json(skill.to_json()) == skill


def test_a_folder_of_skills_is_one_source_and_each_skill_ends_the_search(tmp_path: Path) -> None:
    write(tmp_path / "garden", "prune-roses")
    write(tmp_path / "garden" / "more", "water", "---\nname: water\ndescription: Waters.\n---\nPour.")
    write(tmp_path / "garden" / "prune-roses", "inner")
    write(tmp_path / "garden" / "node_modules", "other")
    catalog = read_source(str(tmp_path / "garden"))
    assert (catalog.source, catalog.location) == ("garden", str((tmp_path / "garden").resolve()))
    assert [tool.tool_id for tool in catalog.tools] == ["garden:water", "garden:prune-roses"]
    assert [(tool.binding or {})["path"] for tool in catalog.tools] == [
        "more/water/SKILL.md",
        "prune-roses/SKILL.md",
    ]


def test_the_file_itself_is_a_source_too(tmp_path: Path) -> None:
    path = write(tmp_path, "prune-roses")
    catalog = read_source(f"roses={path}")
    assert [tool.tool_id for tool in catalog.tools] == ["roses:prune-roses"]


def test_links_are_followed_once(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", "prune-roses")
    (tmp_path / "garden").mkdir()
    (tmp_path / "garden" / "roses").symlink_to(tmp_path / "elsewhere" / "prune-roses")
    (tmp_path / "garden" / "again").symlink_to(tmp_path / "garden")
    assert len(read_skills(tmp_path / "garden").tools) == 1


@pytest.mark.parametrize(
    ("text", "name", "description"),
    [
        pytest.param(
            "---\ndescription: Use when: pruning\n---\nCut.", "roses", "Use when: pruning", id="colon"
        ),
        pytest.param(
            "---\nname: a\ndescription: >\n  Cuts\n  well.\n---\nCut.", "a", "Cuts well.", id="folded"
        ),
        pytest.param("# Roses\n\nCut them\nwell.\n\nMore.", "roses", "Cut them well.", id="no-front-matter"),
        pytest.param("---\r\nname: a\r\ndescription: b\r\n---\r\nCut.", "a", "b", id="windows"),
        pytest.param("---\nname: a\ndescription: b\n---", "a", "b", id="no-body"),
        pytest.param(
            "---\nname: a\ndescription: 'Use: it'\n  and more: of it\n---\nCut.",
            "a",
            "Use: it and more: of it",
            id="broken",
        ),
    ],
)
def test_front_matter_as_people_write_it_is_read(text: str, name: str, description: str) -> None:
    skill = parse_skill(text, source="s", folder="roses")
    assert (skill.name, skill.description) == (name, description)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "does not say what it is for"),
        ("# Only a title", "does not say what it is for"),
        ("---\nname: a\nname: b\ndescription: c\n---\n", "gives the key 'name' twice"),
        ("---\nname: 7\ndescription: c\n---\n", "name is of type int"),
        ("---\nname: a\u202eb\ndescription: c\n---\n", "that nobody sees"),
    ],
)
def test_what_is_no_skill_says_why(text: str, message: str) -> None:
    with pytest.raises(InvalidToolError, match=message):
        parse_skill(text, source="s", folder="")


def test_one_bad_skill_costs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skills, "_MAX_BYTES", 1_000)
    write(tmp_path, "good")
    write(tmp_path, "long", PRUNE + "x" * 1_000)
    (tmp_path / "binary").mkdir()
    (tmp_path / "binary" / "SKILL.md").write_bytes(b"\xff\xfe")
    catalog = read_skills(tmp_path)
    assert [tool.name for tool in catalog.tools] == ["prune-roses"]
    assert [str(entry)[:40] for entry in catalog.invalid] == [
        "binary/SKILL.md: is not UTF-8 text: inva",
        "long/SKILL.md: is larger than 0 MB, whic",
    ]


def test_folders_without_skills_and_endless_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceError, match="is a folder without skills"):
        read_source(str(tmp_path))
    with pytest.raises(SourceError, match="cannot be read"):
        read_skills(tmp_path / "gone" / "SKILL.md")
    monkeypatch.setattr(skills, "_MAX_FOLDERS", 3)
    for n in range(5):
        (tmp_path / str(n)).mkdir()
    with pytest.raises(SourceError, match="more than 3 folders"):
        read_skills(tmp_path)

from pathlib import Path

import pytest

from toolshed.errors import ConfigurationError
from toolshed.pre_retrieval.enhancement import enhancement_line, matched, read_enhancements
from toolshed.testing import make_tool
from toolshed.types import Enhancement

TOOLS = [
    make_tool("send", source="mail"),
    make_tool("send", source="post"),
    make_tool("forecast", source="sky"),
]


def test_a_file_is_read_back_and_may_be_edited_by_hand(tmp_path: Path) -> None:
    written = Enhancement("mail:send", "ab", ("Mail Ana.",), ("mail",), "Use when …", "post:send", "", "m", 1)
    file = tmp_path / "e.jsonl"
    file.write_text(
        "\ufeff"
        + enhancement_line(written)
        + '\n{"tool": "forecast", "key_topics": ["rain ", " a\\nb", ""]}',
        "utf-8",
    )
    assert read_enhancements(file) == [written, Enhancement("forecast", key_topics=("rain", "a b"))]
    # The last one of a tool counts.
    file.write_text('{"tool": "a", "when_to_use": "x"}\n{"tool": "a", "when_to_use": "y"}\n')
    assert [one.when_to_use for one in read_enhancements(file)] == ["y"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 1 is not JSON"),
        ("[]", "line 1 is of type list"),
        ("{}", "names no tool"),
        ('{"tool": "a", "questions": []}', "unknown field 'questions'"),
        ('{"tool": "a", "key_topics": "rain"}', "must be a list of at most 50 texts"),
        ('{"tool": "a", "key_topics": [1]}', "must be a text"),
        ('{"tool": "a", "prompt_version": true}', "whole number"),
        ('{"tool": "a", "when_to_use": "' + "x" * 2_001 + '"}', "at most 2,000 characters"),
        ('{"tool": "a", "hypothetical_questions": [' + ",".join(['"x"'] * 51) + "]}", "at most 50 texts"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, line: str, reason: str) -> None:
    file = tmp_path / "e.jsonl"
    file.write_text(line)
    with pytest.raises(ConfigurationError, match=reason):
        read_enhancements(file)


@pytest.mark.parametrize("content", [None, b"\xff\xfe{"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "e.jsonl"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match="cannot be read as enhancements"):
        read_enhancements(file)


def test_tools_are_found_by_id_or_by_a_name_that_is_theirs_alone() -> None:
    old = Enhancement("post:send", tool_hash="of an older definition")
    found = matched([Enhancement("forecast"), Enhancement("mail:send"), Enhancement("send"), old], TOOLS)
    assert sorted(found.by_tool) == ["mail:send", "sky:forecast"]
    first, second = found.warnings
    assert "1 enhancements are of no tool that was given, or of several: 'send'" in first
    assert "'post:send'; write them anew with toolshed enhance" in second

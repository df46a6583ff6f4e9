"""Markdown, kept as it is; its headings by their offsets in the source."""

from pathlib import Path

import pytest

from toolshed.legal.readers.files import read_document
from toolshed.legal.readers.markdown import read


def headings(source: str) -> list[tuple[str, int]]:
    content = read(source.encode(), Path("a.md"))
    assert content.text == source
    return [(source[heading.start : heading.end], heading.level) for heading in content.headings]


def test_markdown_tells_its_headings_and_stays_as_it_is(tmp_path: Path) -> None:
    source = "# Privacy *Policy*\n\nText.\n\n## Rights ##\n\nSetext\n------\n\n```\n# no heading\n```\n"
    (tmp_path / "a.md").write_text(source, encoding="utf-8")
    document = read_document(tmp_path / "a.md")
    assert document.text == source
    assert [(source[h.start : h.end], h.level) for h in document.headings] == [
        ("Privacy *Policy*", 1),
        ("Rights", 2),
        ("Setext", 2),
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("Text.\r\n\r\n## Fees ##\r\nDue.\r\n", [("Fees", 2)], id="line-ends-of-Windows"),
        pytest.param("One.\x0cTwo.\u2028Three.\n# Fees\n", [("Fees", 1)], id="ends-that-are-no-line-ends"),
        pytest.param("#\n\n##   \n", [], id="without-a-word"),
        pytest.param("    # code\n\n#no heading\n\n####### seven\n", [], id="what-looks-like-one"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_headings_are_told_where_they_stand(source: str, expected: list[tuple[str, int]]) -> None:
    assert headings(source) == expected


def test_the_title_is_the_first_heading_of_the_first_level() -> None:
    assert read(b"## Before\n\n# Terms\n\n# More\n", Path("a.md")).title == "Terms"
    assert read(b"## Before\n", Path("a.md")).title == ""


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(b"---\ntitle: 'Harbour rules'\ntags: [a, b]\n---\n# Moorings\n\nText.\n", id="yaml"),
        pytest.param(b'+++\ntitle = "Harbour rules"\ndraft = false\n+++\n# Moorings\n\nText.\n', id="toml"),
    ],
)
def test_front_matter_is_no_text(source: bytes) -> None:
    content = read(source, Path("a.md"))
    assert (content.text, content.title) == ("# Moorings\n\nText.\n", "Harbour rules")
    assert [content.text[h.start : h.end] for h in content.headings] == ["Moorings"]


def test_a_rule_and_a_paragraph_at_the_start_are_text() -> None:
    source = "---\nThe parties agree.\n---\nText.\n"
    assert read(source.encode(), Path("a.md")).text == source


def test_a_quoted_heading_has_no_mark() -> None:
    content = read(b"> # Fees\n>\n> Due.\n", Path("a.md"))
    assert [content.text[h.start : h.end] for h in content.headings] == ["Fees"]

"""HTML: the text as a browser shows it, with its headings and its title."""

from pathlib import Path

import pytest

from toolshed.errors import SourceError
from toolshed.legal.readers.files import Content, read_document
from toolshed.legal.readers.html import read


def shown(html: str) -> Content:
    return read(html.encode(), Path("a.html"))


def test_html_is_read_as_a_browser_shows_it(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<html><head><title>Terms &amp; More</title><style>p {}</style></head><body><nav>Menu</nav>"
        "<h1>Our <em>terms</em></h1><p>We  collect\n data.<br>More <b>data</b>.</p><script>x()</script>"
        "<ul><li>One</li><li>Two</li></ul><h2>Rights</h2><div><p>Ask us.</p></div>"
        "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table></body></html>",
        encoding="utf-8",
    )
    document = read_document(tmp_path / "a.html")
    assert document.title == "Terms & More"
    assert document.text == (
        "Our terms\n\nWe collect data.\nMore data.\n\nOne\nTwo\n\nRights\n\nAsk us.\n\na\tb\nc\td"
    )
    assert [(document.text[h.start : h.end], h.level) for h in document.headings] == [
        ("Our terms", 1),
        ("Rights", 2),
    ]


def test_deeply_nested_html_is_read(tmp_path: Path) -> None:
    (tmp_path / "deep.html").write_text("<div>" * 5_000 + "Deep." + "</div>" * 5_000, encoding="utf-8")
    assert "Deep." in read_document(tmp_path / "deep.html").text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("<p>One<!-- two --> three</p>", "One three", id="comments"),
        pytest.param("<p>a&nbsp;b &amp; &sect;&nbsp;9</p>", "a b & § 9", id="entities"),
        pytest.param("<p>A <b>bold</b>ly <i>go</i>ne</p>", "A boldly gone", id="words-in-pieces"),
        pytest.param("<div><div><p>One</p></div></div><p>Two</p>", "One\n\nTwo", id="nested-blocks"),
        pytest.param("<p>One<br><br>Two</p>", "One\nTwo", id="lines"),
        pytest.param(
            "One<p>Two</p>three<ul><li>four</li></ul>", "One\n\nTwo\n\nthree\n\nfour", id="blocks-after-text"
        ),
        pytest.param(
            "<p>Means—</p><ol type='a'><li>a boat;</li><li>a raft:<ol type='I' start='4'><li>wide</li></ol>"
            "</li></ol><ol><li>Pay.</li></ol>",
            "Means—\n\na. a boat;\nb. a raft:\n\nIV. wide\n\n1. Pay.",
            id="numbered-lists",
        ),
        pytest.param("One <template>no</template><svg><text>no</text></svg>two", "One two", id="hidden"),
    ],
)
def test_text_reads_as_it_is_shown(html: str, text: str) -> None:
    assert shown(f"<body>{html}</body>").text == text


@pytest.mark.parametrize(
    ("html", "headings"),
    [
        pytest.param("<h2></h2><p>Text</p><h3> </h3>", [], id="empty-ones"),
        pytest.param(
            "<p>Text</p><h2>\n <b>Our</b> rights\n</h2><p>More</p>", [("Our rights", 2)], id="in-pieces"
        ),
        pytest.param("<h1><div>Terms</div></h1>Text", [("Terms", 1)], id="a-block-within"),
        pytest.param("<table><tr><th>No</th></tr></table><h6>Yes</h6>", [("Yes", 6)], id="no-cell"),
    ],
)
def test_headings_are_told_by_their_offsets(html: str, headings: list[tuple[str, int]]) -> None:
    content = shown(f"<body>{html}</body>")
    assert [(content.text[h.start : h.end], h.level) for h in content.headings] == headings


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252", "iso-8859-2"])
def test_the_encoding_is_the_one_that_is_declared(encoding: str) -> None:
    html = f'<html><head><meta charset="{encoding}"></head><body><p>Gebühr: § 9</p></body></html>'
    assert read(html.encode(encoding), Path("a.html")).text == "Gebühr: § 9"


def test_what_holds_no_html_is_refused() -> None:
    with pytest.raises(SourceError, match=r"'a\.html' holds no HTML"):
        read(b"", Path("a.html"))


def test_what_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(SourceError, match="has some 2,000,001 tags; at most 2,000,000 are read"):
        read(b"<p>" * 2_000_001, Path("a.html"))


def test_xhtml_is_read_without_a_warning() -> None:
    xhtml = '<?xml version="1.0" encoding="iso-8859-1"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><body><p>Gebühr</p></body></html>'
    assert read(xhtml.encode("iso-8859-1"), Path("a.xhtml")).text == "Gebühr"


def test_the_words_of_a_page_are_kept_and_what_is_not_read_is_told() -> None:
    html = "<nav>Home Contact</nav><h1>Ter<b>ms</b></h1><p>One <i>two</i>.</p>"
    html += "<table><tr><td>A</td><td>B</td></tr></table>"
    content = shown(f"<body>{html}</body>")
    assert content.text.split() == ["Terms", "One", "two.", "A", "B"]
    assert content.kept == 1.0
    assert content.remarks == ("navigation and what stands in for scripts and objects is not read (2 words)",)

"""Rich Text Format (Microsoft's specification 1.9.1): its text, its notes below what they are noted on."""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from toolshed.errors import SourceError
from toolshed.legal.readers.files import Content

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
# Groups whose words are not the document's.
_SKIPPED = frozenset(
    """fonttbl colortbl stylesheet listtable listoverridetable rsidtbl generator info pict object themedata
    colorschememapping datastore latentstyles xmlnstbl mmathPr fldinst header headerl headerr headerf footer
    footerl footerr footerf annotation atnid atnauthor atntime atnref revtbl bkmkstart bkmkend filetbl pgptbl
    sp sn sv listpicture objdata objclass nonshppict""".split()
)
_TOLD = {
    "annotation": "comments",
    "header": "headers and footers",
    "pict": "pictures",
    "object": "embedded objects",
}
_CHARACTERS: Mapping[str, str] = {
    "par": "\n\n", "sect": "\n\n", "page": "\n\n", "row": "\n", "line": "\n", "tab": "\t", "cell": "\t",
    "shptxt": "\n\n", "nestcell": "\t", "nestrow": "\n", "emdash": "—", "endash": "–",
    "emspace": " ", "enspace": " ",
    "qmspace": " ", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
}  # fmt: skip
_SYMBOLS = {b"~": "\xa0", b"_": "-", b"-": "", b"\n": "\n\n", b"\r": "\n\n"}
_MOST_GROUPS = 10_000
# From the first blank of several alone: from each, their time would grow with the square of their number.
_BLANKS = re.compile(r"(?<![ \t])[ \t]*\n[ \t]*(?:\n[ \t]*)+")


@dataclass(frozen=True, slots=True)
class _State:
    """What holds inside a group."""

    is_skipped: bool = False
    is_deleted: bool = False
    unicode_skip: int = 1
    note: int = 0


@dataclass(slots=True)
class _Writer:
    """Gathers text: that of the body, and that of notes until their paragraph ends."""

    body: list[str] = field(default_factory=list)
    notes: dict[int, list[str]] = field(default_factory=dict)
    n_notes: int = 0

    def write(self, text: str, note: int) -> None:
        """Add text to the body or to a note."""
        if note:
            self.notes.setdefault(note, []).append(text)
            return
        self.body.append(text)
        if text == "\n\n":
            self.end_paragraph()

    def begin_note(self) -> int:
        """Mark a note in the body; its number."""
        self.n_notes += 1
        self.body.append(f"[{self.n_notes}]")
        return self.n_notes

    def end_paragraph(self) -> None:
        """Put the notes of a paragraph below it."""
        for number, pieces in self.notes.items():
            self.body.append(f"[{number}] {' '.join(''.join(pieces).split())}\n\n")
        self.notes = {}


def read(data: bytes, path: Path) -> Content:
    """Read an RTF file; of tracked changes, as if they were accepted.

    Raises:
        SourceError: If it is no RTF.
    """
    if not data.lstrip().startswith(b"{\\rtf"):
        raise SourceError(f"{str(path)!r} is no RTF file; it does not begin with '{{\\rtf'")
    parser = _Parser(path)
    at = 0
    while match := _TOKEN.search(data, at):
        at = match.end()
        if match[1] == b"bin":
            # So many bytes of a picture follow, whatever they look like.
            at += max(0, int(match[2] or 0))
        else:
            parser.take(match)
    parser.writer.end_paragraph()
    text = _BLANKS.sub("\n\n", "".join(parser.writer.body)).strip()
    remarks = [f"{what} are not read" for word, what in _TOLD.items() if word in parser.met]
    if parser.n_deleted:
        remarks.append("changes are tracked; the text is read as if they were accepted")
    return Content(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), remarks=tuple(remarks))


class _Parser:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._state, self._stack = _State(), list[_State]()
        self._decoder = codecs.getincrementaldecoder("cp1252")("replace")
        self._n_to_skip = 0
        self._is_optional = False
        self.met: set[str] = set()
        self.n_deleted = 0
        self.writer = _Writer()

    def take(self, match: re.Match[bytes]) -> None:
        """Take the next token."""
        word, number, code, symbol, brace, plain = match.groups()
        if brace:
            self._group(brace)
        elif word:
            self._word(word.decode(), number)
        elif symbol == b"*":
            self._is_optional = True
        elif code:
            self._write(self._decoder.decode(bytes.fromhex(code.decode())), skippable=1)
        elif symbol:
            self._write(_SYMBOLS.get(symbol, symbol.decode("latin-1")), skippable=1)
        elif plain:
            self._write(self._decoder.decode(plain), skippable=len(plain))

    def _group(self, brace: bytes) -> None:
        if brace == b"{":
            if len(self._stack) >= _MOST_GROUPS:
                raise SourceError(f"{str(self._path)!r} is damaged: its groups have no end")
            self._stack.append(self._state)
        elif self._stack:
            self._state = self._stack.pop()
        self._n_to_skip = 0

    def _word(self, word: str, number: bytes | None) -> None:
        value = int(number) if number else None
        is_optional, self._is_optional = self._is_optional, False
        if word in ("footnote", "endnote") and not self._state.is_skipped:
            self._state = replace(self._state, note=self.writer.begin_note())
        elif word in _SKIPPED or (
            is_optional and word not in ("shptxt", "shpinst", "shprslt", "nesttableprops")
        ):
            self.met.add("header" if word.startswith(("header", "footer")) else word)
            self._state = replace(self._state, is_skipped=True)
        elif word == "deleted":
            self.n_deleted += value != 0
            self._state = replace(self._state, is_deleted=value != 0)
        elif word == "plain":
            self._state = replace(self._state, is_deleted=False)
        elif word == "ansicpg" and value:
            self._decoder = codecs.getincrementaldecoder(_encoding(value))("replace")
        elif word == "uc":
            self._state = replace(self._state, unicode_skip=value or 0)
        elif word == "u" and value is not None:
            self._write(chr(value % 65_536), skippable=0)
            self._n_to_skip = self._state.unicode_skip
        elif word in _CHARACTERS:
            self._write(_CHARACTERS[word], skippable=0)
        elif word == "chftn":
            self._write("", skippable=0)

    def _write(self, text: str, *, skippable: int) -> None:
        """Write text, but for what stands in for a Unicode character to older programs."""
        skipped = min(skippable, self._n_to_skip)
        self._n_to_skip -= skipped
        text = text[skipped:]
        if text and not self._state.is_skipped and not self._state.is_deleted:
            self.writer.write(text, self._state.note)


def _encoding(code_page: int) -> str:
    name = f"cp{code_page}"
    try:
        codecs.lookup(name)
    except LookupError:
        return "cp1252"
    return name

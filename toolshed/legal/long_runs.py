"""Text with its endless runs shortened, for foreign code that takes quadratic time on them."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from toolshed.types import Span

# Wider gaps say no more than this one; and no sentence ends inside a longer word.
_MAX_SPACE, _MAX_WORD = 32, 256
_LONG_RUN = re.compile(rf"(?<!\s)\s{{{_MAX_SPACE + 1},}}|(?<!\S)\S{{{_MAX_WORD + 1},}}")


@dataclass(frozen=True, slots=True)
class Shortened:
    """A text whose long runs are shortened, and where its pieces were.

    Attributes:
        text: The text: a wide gap is still a line end or a blank line where it was one, and a long word
            still begins and ends as it did.
        starts: Offsets where pieces begin that were kept, from 0.
        origins: Their offsets in the text as it was given.
    """

    text: str
    starts: Sequence[int]
    origins: Sequence[int]

    def given(self, spans: Sequence[Span]) -> list[Span]:
        """Spans of the shortened text as spans of the one that was given."""
        return [(self._given(start), self._given(end)) for start, end in spans]

    def _given(self, offset: int) -> int:
        piece = bisect_right(self.starts, offset) - 1
        return self.origins[piece] + offset - self.starts[piece]


def with_short_runs(text: str) -> Shortened:
    """Shorten the runs of white space, and the words, that are longer than any in honest text."""
    pieces: list[str] = []
    starts, origins = [0], [0]
    length = 0
    for match in _LONG_RUN.finditer(text):
        begin, end = _kept_ends(match[0])
        pieces += text[origins[-1] : match.start()], begin
        length += sum(map(len, pieces[-2:]))
        starts.append(length)
        origins.append(match.end() - len(end))
    return Shortened("".join([*pieces, text[origins[-1] :]]), starts, origins)


def _kept_ends(run: str) -> tuple[str, str]:
    if not run.isspace():
        return run[: _MAX_WORD // 2], run[-_MAX_WORD // 2 :]
    n_lines = run.count("\n")
    return ("\n" * min(n_lines, 2) or run[:_MAX_SPACE]), ""

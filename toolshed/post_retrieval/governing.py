"""Governing text: the passages that say what applies to each need of a request."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from toolshed.post_retrieval.needs import need_texts
from toolshed.queries import EncodedText
from toolshed.rankings import FoundPassage, Selection
from toolshed.stages import Stage

# Finds the passages for encoded text: the text, and the most to return.
FindPassages = Callable[[EncodedText, int], Sequence[FoundPassage]]


@dataclass(frozen=True, slots=True, repr=False)
class Govern(Stage[Selection, Selection]):
    """Find the passages that govern each need, by the encodings that the tools were found with.

    Attributes:
        find: Finds the passages for one need.
        min_cosine: Passages less similar to a need than this, on any of these channels, do not govern it.
    """

    find: FindPassages
    min_cosine: Mapping[str, float]

    def __repr__(self) -> str:
        return f"Govern({dict(self.min_cosine)!r})"

    async def run(self, selection: Selection, /) -> Selection:
        """Return the selection with the passages, the best of every need before the second of any."""
        most = selection.asked.plan.query.options["passages_per_need"]
        columns = [
            [found for found in self.find(need, most) if self._governs(found)]
            for need in encoded_needs(selection)
        ]
        in_turn = (found for row in zip_longest(*columns) for found in row if found is not None)
        unique: dict[str, FoundPassage] = {}
        for found in in_turn:
            unique.setdefault(found.passage.passage_id, found)
        return replace(selection, passages=tuple(unique.values()))

    def _governs(self, found: FoundPassage) -> bool:
        return any(found.channels.get(channel, 0.0) >= least for channel, least in self.min_cosine.items())


def encoded_needs(selection: Selection) -> Iterator[EncodedText]:
    """The needs with their encodings."""
    texts = [one.text for one in selection.sub_queries]
    for need in need_texts(texts[0], selection.sub_queries):
        yield selection.asked.encodings.of(texts.index(need), need)

"""Correct slips of the keyboard before a request is split and encoded."""

from dataclasses import dataclass, replace

from toolshed.backbones.english import common_words
from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.catalog_index import CatalogIndex
from toolshed.intra_retrieval.spelling import corrected
from toolshed.queries import Query
from toolshed.stages import Stage

# Longer texts hold pasted data, where odd words are no slips.
_MAX_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True, repr=False)
class CorrectSpelling(Stage[Query, Query]):
    """Correct what is surely a slip, by the words of the tools that may be found and those of English.

    Attributes:
        index: The tools.
        static: What their words are encoded with.
    """

    index: CatalogIndex
    static: StaticEncoder

    def __repr__(self) -> str:
        return "CorrectSpelling()"

    async def run(self, query: Query, /) -> Query:
        """Return the query as it was meant."""
        if len(query.text) > _MAX_CHARACTERS or not query.text.isascii() or not common_words():
            return query
        known = self.index.words(query.visible.within(query.options["sources"]), self.static)
        return replace(query, text=corrected(query.text, known))

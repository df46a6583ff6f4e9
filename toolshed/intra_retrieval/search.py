"""Search: score the tools of a knowledge base for the sub-queries of a query."""

from collections.abc import Mapping
from dataclasses import dataclass

from toolshed.backbones.english import is_english
from toolshed.intra_retrieval.catalog_index import CatalogIndex
from toolshed.intra_retrieval.query_head import QueryHead
from toolshed.queries import EncodedQuery, asked_text
from toolshed.rankings import ScoredCatalog
from toolshed.stages import Stage


@dataclass(frozen=True, slots=True, repr=False)
class Search(Stage[EncodedQuery, ScoredCatalog]):
    """Score the catalog for every sub-query, on every channel.

    Attributes:
        index: The tools.
        channels: The channels, with the weights that fusion gives them.
        head: What moves the request's dense vectors before tools are compared with them.
    """

    index: CatalogIndex
    channels: Mapping[str, float]
    head: QueryHead | None = None

    async def run(self, asked: EncodedQuery, /) -> ScoredCatalog:
        """Return the scores."""
        query = asked.plan.query
        visible = query.visible.within(query.options["sources"])
        encodings = asked.encodings
        # The head was fitted on English requests.
        if self.head is not None and is_english(asked_text(asked.plan.sub_queries)):
            encodings = self.head.apply(encodings)
        return ScoredCatalog(asked, self.index.score(encodings, tuple(self.channels), visible=visible))

    def __repr__(self) -> str:
        return f"Search(channels={dict(self.channels)!r})"

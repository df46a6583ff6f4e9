"""Near-twins once: of tools that say nearly the same, the best takes a place, and the others come last."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from toolshed.backbones.lexical import terms
from toolshed.post_retrieval.confidence import best_columns
from toolshed.rankings import ScoredTools
from toolshed.stages import Stage
from toolshed.types import ToolDefinition
from toolshed.vectors import Vectors

# Both have to hold: vectors alone take opposites for the same, words alone lists of the same fields.
LEAST_COSINE = 0.8
LEAST_SHARE = 0.75
# So many places are looked at for each that is wanted: of one tool there are seldom more twins.
_PLACES_LOOKED_AT = 4


def said_words(tool: ToolDefinition) -> frozenset[str]:
    """The words that a tool is described by; of one without a description its id, which no other tool has."""
    return frozenset(terms(tool.description)) or frozenset([tool.tool_id])


def share_of_words(first: frozenset[str], second: frozenset[str]) -> float:
    """How many of the words of two tools both have (Jaccard), 0 to 1."""
    return len(first & second) / len(first | second)


@dataclass(frozen=True, slots=True, repr=False)
class TwinsOnce(Stage[ScoredTools, ScoredTools]):
    """Where ``twins_once`` is asked for, let near-twins of a better tool come after all other tools."""

    def __repr__(self) -> str:
        return "TwinsOnce()"

    async def run(self, scored: ScoredTools, /) -> ScoredTools:
        """Return the tools, twins with scores below all others."""
        query = scored.asked.plan.query
        documents = scored.documents
        if not query.options["twins_once"] or documents is None or len(scored.scores) < 2:
            return scored
        columns = best_columns(scored.scores, _PLACES_LOOKED_AT * query.k)
        twins = self._twins(scored.tools, columns, documents.whole("static", np.array(columns)))
        if not twins:
            return scored
        scores = scored.scores.copy()
        # By more than they differ, so that their order stays.
        scores[twins] -= np.ptp(scores[np.isfinite(scores)]) + 1
        return replace(scored, scores=scores)

    @staticmethod
    def _twins(tools: Sequence[ToolDefinition], columns: Sequence[int], vectors: Vectors) -> list[int]:
        """The columns of tools that say what one before them says."""
        said = [said_words(tools[column]) for column in columns]
        cosines = vectors @ vectors.T
        kept: list[int] = []
        twins: list[int] = []
        for at, column in enumerate(columns):
            is_twin = any(
                cosines[at, other] >= LEAST_COSINE and share_of_words(said[at], said[other]) >= LEAST_SHARE
                for other in kept
            )
            if is_twin:
                twins.append(column)
            else:
                kept.append(at)
        return twins

"""The retrieval pipeline: named configurations of stages over a knowledge base."""

from dataclasses import dataclass, replace

import numpy as np

from toolshed.backbones.embedding import DenseEncoder
from toolshed.backbones.static import StaticEncoder
from toolshed.errors import ConfigurationError, InvalidQueryError
from toolshed.intra_retrieval.channels import Scores
from toolshed.intra_retrieval.fusion import fuse_channels, fuse_parts, part_weights
from toolshed.intra_retrieval.search import CatalogIndex, Decompose, Query, ScoredCatalog, Search
from toolshed.post_retrieval.selection import Calibration, ScoredTools, Selection, select
from toolshed.presets import PIPELINES, PipelineName, RankingConfig
from toolshed.stages import Stage
from toolshed.types import WeighedPart

# Fitted on dev splits by `python -m toolshed_evals.calibration`; see its docstring. The baselines rank and
# never abstain: what is compared with them is compared with their best.
CALIBRATIONS: dict[PipelineName, Calibration] = {
    "default": Calibration(
        intercept=-5.816,
        weights={
            "dense": 1.913,
            "topics": 3.958,
            "static": 0.91,
            "static_topics": 2.271,
            "words": 1.497,
            "ngrams": 0.146,
        },
        abstain_below=0.02,
    ),
    "instant": Calibration(
        intercept=-5.249,
        weights={"static": 3.387, "static_topics": 4.099, "words": 2.193},
        abstain_below=0.02,
    ),
    "hybrid": Calibration(intercept=-4.518, weights={"dense": 8.015, "words": 1.526}, abstain_below=0.0),
    "dense": Calibration(intercept=-5.353, weights={"dense": 8.618}, abstain_below=0.0),
    "bm25": Calibration(intercept=-1.786, weights={"words": 3.454}, abstain_below=0.0),
}
MAX_QUERY_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True, repr=False)
class Fuse(Stage[ScoredCatalog, tuple[Query, ScoredTools]]):
    """Fuse channels, then parts, into one score for each tool."""

    config: RankingConfig

    def __repr__(self) -> str:
        config = self.config
        return f"Fuse(temperature={config.temperature}, whole_weight={config.whole_weight})"

    async def run(self, scored: ScoredCatalog, /) -> tuple[Query, ScoredTools]:
        """Return the scored tools; tools of other sources than the query's are excluded."""
        query, parts = scored.plan.query, scored.plan.parts
        tools = scored.tools
        fused = fuse_channels(scored.scores, self.config.channels, scored.standards)
        weights = part_weights(parts, self.config.parts)
        allowed = None
        if query.sources is not None:
            allowed = np.array([tool.source in query.sources for tool in tools])
            fused = np.where(allowed, fused, fused.min() - 1e3)
        scores = fuse_parts(fused, weights, self.config)
        if allowed is not None:
            scores = np.where(allowed, scores, -np.inf)
        weighed = [WeighedPart(p.text, p.kind, float(w)) for p, w in zip(parts, weights, strict=True)]
        evidence: dict[str, Scores] = {str(name): values for name, values in scored.scores.items()}
        return query, ScoredTools(tools, scores, weighed, fused, evidence)


@dataclass(frozen=True, slots=True, repr=False)
class Select(Stage[tuple[Query, ScoredTools], Selection]):
    """Take the best tools, or none."""

    calibration: Calibration

    def __repr__(self) -> str:
        return "Select()"

    async def run(self, item: tuple[Query, ScoredTools], /) -> Selection:
        """Return the selection for the query's k, floor and budget."""
        query, scored = item
        return select(
            scored,
            self.calibration,
            k=query.k,
            min_confidence=query.min_confidence,
            abstain_below=self.calibration.abstain_below
            if query.abstain_below is None
            else query.abstain_below,
            max_tokens=query.max_tokens,
        )


def build_pipeline(
    name: PipelineName, *, index: CatalogIndex, static: StaticEncoder, dense: DenseEncoder | None
) -> Stage[Query, Selection]:
    """Build a named pipeline over an index.

    Raises:
        ConfigurationError: If there is no pipeline of that name.
    """
    config = PIPELINES.get(name)
    if config is None:
        raise ConfigurationError(f"unknown pipeline {name!r}; choose one of {', '.join(PIPELINES)}")
    return (
        Decompose(config)
        >> Search(index, config, static, dense)
        >> Fuse(config)
        >> Select(CALIBRATIONS[name])
    )


def check_query(query: Query) -> Query:
    """Refuse what cannot be searched, before anything is computed; returns what can.

    Raises:
        InvalidQueryError: If the text is empty or too long, or an option is out of range.
    """
    if not query.text.strip():
        raise InvalidQueryError("the query is empty; say what the agent has to do")
    if len(query.text) > MAX_QUERY_CHARACTERS:
        raise InvalidQueryError(
            f"the query has {len(query.text):,} characters; at most {MAX_QUERY_CHARACTERS:,} are searched. "
            "Send the request itself, not the documents it is about"
        )
    if query.k < 1:
        raise InvalidQueryError(f"k is {query.k}; it must be 1 or more")
    for name in ("min_confidence", "abstain_below"):
        value = getattr(query, name)
        if value is not None and not 0 <= value <= 1:
            raise InvalidQueryError(f"{name} is {value}; it lies between 0 and 1")
    if query.max_tokens is not None and query.max_tokens < 1:
        raise InvalidQueryError(f"max_tokens is {query.max_tokens}; it must be 1 or more")
    # Lone surrogates are no text to tokenizers; one character takes the place of one.
    return replace(query, text=query.text.encode("utf-8", "replace").decode())

"""The named pipelines: what each is composed of. Their numbers stand in ``presets``."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from toolshed.backbones.embedding import DenseEncoder
from toolshed.backbones.static import StaticEncoder
from toolshed.errors import ConfigurationError
from toolshed.intra_retrieval import learned_fusion, query_head
from toolshed.intra_retrieval.catalog_index import CatalogIndex
from toolshed.intra_retrieval.correction import CorrectSpelling
from toolshed.intra_retrieval.decomposition import Decompose
from toolshed.intra_retrieval.encoding import Encode
from toolshed.intra_retrieval.fusion import Fuse
from toolshed.intra_retrieval.learned_fusion import FuseLearned, LinearRanking, shipped_ranking
from toolshed.intra_retrieval.query_head import QueryHead, head_for
from toolshed.intra_retrieval.search import Search
from toolshed.intra_retrieval.small_talk import small_talk_for
from toolshed.intra_retrieval.usage import LearnFromUse, UsageIndex
from toolshed.knowledge_base.tuned import TunedState
from toolshed.options import PipelineName
from toolshed.post_retrieval.confidence import WEIGHTS as CONFIDENCE_WEIGHTS
from toolshed.post_retrieval.confidence import Confidence, shipped_confidence
from toolshed.post_retrieval.dependencies import BringDependencies
from toolshed.post_retrieval.selection import Select
from toolshed.post_retrieval.twins import TwinsOnce
from toolshed.presets import PIPELINES, RankingPreset
from toolshed.queries import EncodedQuery, Query, QueryPlan
from toolshed.rankings import ScoredCatalog, ScoredTools, Selection
from toolshed.stages import Stage

if TYPE_CHECKING:
    from toolshed.backbones.chat import ChatModel


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What a pipeline is made of.

    Attributes:
        index: The tools.
        encoders: The encoders by the name that channels call them.
        examples: Gives what was learnt from use; None where nothing ever is.
        multilingual: The encoder of requests that are not in English; None where it did not encode the tools.
        tuned: What judged requests changed of pipelines, by name.
    """

    index: CatalogIndex
    encoders: Mapping[str, DenseEncoder]
    examples: Callable[[], UsageIndex | None] | None = None
    multilingual: DenseEncoder | None = None
    tuned: Mapping[str, TunedState] = field(default_factory=dict)


# A pipeline of one's own: ``lambda made_of: Rewrite(chat) >> build_pipeline("default", made_of)``.
PipelineBuilder = Callable[[Ingredients], Stage[Query, Selection]]


# What plans requests, given what plans them by rule.
Planner = Callable[[Stage[Query, QueryPlan]], Stage[Query, QueryPlan]]


def planned(chat: "ChatModel", name: PipelineName = "default", *, seconds: float = 10.0) -> PipelineBuilder:
    """A named pipeline whose requests a language model plans: ``Toolshed(pipeline=planned(chat))``.

    Args:
        chat: The model.
        name: The pipeline.
        seconds: Longest wait for the model; after it the request is planned by rule, as without one.
    """
    from toolshed.intra_retrieval.planning import Plan

    return lambda made_of: build_pipeline(
        name, made_of, planner=lambda otherwise: Plan(chat, otherwise, seconds=seconds)
    )


def full(chat: "ChatModel", name: PipelineName = "default", *, seconds: float = 10.0) -> PipelineBuilder:
    """A named pipeline with all stages of a language model: ``Toolshed(pipeline=full(chat))``.

    It plans requests, reranks the best tools and reflects on what was found. A stage whose model is slow,
    down or wrong leaves what the stage before it had.

    Args:
        chat: The model.
        name: The pipeline.
        seconds: Longest wait of each stage.
    """
    from toolshed.intra_retrieval.planning import Plan
    from toolshed.post_retrieval.reflection import Reflect
    from toolshed.post_retrieval.rerank import Rerank

    def build(made_of: Ingredients) -> Stage[Query, Selection]:
        found = build_pipeline(
            name,
            made_of,
            planner=lambda otherwise: Plan(chat, otherwise, seconds=seconds),
            reranker=Rerank(chat, seconds=seconds),
        )
        return found >> Reflect(chat, build_pipeline(name, made_of), seconds=seconds)

    return build


def build_pipeline(
    name: PipelineName,
    made_of: Ingredients,
    *,
    planner: Planner | None = None,
    reranker: Stage[ScoredTools, ScoredTools] | None = None,
) -> Stage[Query, Selection]:
    """Build a named pipeline.

    Args:
        name: Its name.
        made_of: Tools and encoders.
        planner: What plans requests, instead of rules.
        reranker: What reads the best tools again.

    Raises:
        ConfigurationError: If there is no pipeline of that name.
    """
    preset = PIPELINES.get(name)
    if preset is None:
        raise ConfigurationError(f"unknown pipeline {name!r}; choose one of {', '.join(PIPELINES)}")
    if not preset.is_learned:
        return compose(preset, made_of, planner=planner, reranker=reranker)
    learned = learned_of(name, made_of)
    return compose(
        preset,
        made_of,
        learned=learned.ranking,
        head=learned.head,
        confidence=learned.confidence,
        planner=planner,
        reranker=reranker,
    )


@dataclass(frozen=True, slots=True)
class Learned:
    """What a named pipeline was taught.

    Attributes:
        ranking: The learned ranking.
        head: The head of requests; None where there is none.
        confidence: What says how sure it is; None where there is nothing.
    """

    ranking: LinearRanking
    head: QueryHead | None
    confidence: Confidence | None

    def moved(self, state: TunedState) -> "Learned":
        """With what judged requests changed."""
        head = self.head
        if state.head is not None:
            head = QueryHead(state.head if head is None else head.matrix + state.head)
        confidence = self.confidence
        if confidence is not None:
            confidence = confidence.moved(state.tool, state.request)
        return Learned(self.ranking.moved(state.weights), head, confidence)


def learned_of(name: PipelineName, made_of: Ingredients) -> Learned:
    """What ships for a named pipeline, with what was tuned for this knowledge base."""
    shipped = Learned(shipped_ranking(name), head_for(made_of.encoders), shipped_confidence(name))
    state = made_of.tuned.get(name)
    return shipped if state is None or state.shipped != shipped_digest() else shipped.moved(state)


@cache
def shipped_digest() -> str:
    """What tells apart what ships: tuned numbers are added to it, and say nothing of another."""
    files = (learned_fusion.WEIGHTS, query_head.WEIGHTS, CONFIDENCE_WEIGHTS)
    content = b"".join(file.read_bytes() for file in files if file.exists())
    return hashlib.sha256(content).hexdigest()[:16]


def compose(
    preset: RankingPreset,
    made_of: Ingredients,
    *,
    learned: LinearRanking | None = None,
    head: QueryHead | None = None,
    planner: Planner | None = None,
    reranker: Stage[ScoredTools, ScoredTools] | None = None,
    confidence: Confidence | None = None,
) -> Stage[Query, Selection]:
    """The pipeline of a preset, named or not; by fixed weights where nothing was learnt."""
    ranked = rank_stages(preset, made_of, learned=learned, head=head, planner=planner)
    if reranker is not None:
        ranked = ranked >> reranker
    index = made_of.index
    brought = BringDependencies(index.tools_of, lambda: index.version)
    return ranked >> TwinsOnce() >> Select(preset.calibration, confidence) >> brought


def rank_stages(
    preset: RankingPreset,
    made_of: Ingredients,
    *,
    learned: LinearRanking | None = None,
    head: QueryHead | None = None,
    planner: Planner | None = None,
) -> Stage[Query, ScoredTools]:
    """The stages that rank, before any tool is selected."""
    asked = ask_stages(preset, made_of, is_learned=learned is not None, planner=planner)
    ranked = asked >> score_stages(preset, made_of, learned=learned, head=head)
    # The baselines stay what they are.
    if learned is None or made_of.examples is None:
        return ranked
    return ranked >> LearnFromUse(made_of.examples)


def ask_stages(
    preset: RankingPreset, made_of: Ingredients, *, is_learned: bool, planner: Planner | None = None
) -> Stage[Query, EncodedQuery]:
    """The stages that read a request."""
    split: Stage[Query, QueryPlan] = Decompose(is_split=preset.sub_queries is not None)
    static = made_of.encoders.get("static")
    if is_learned and isinstance(static, StaticEncoder):
        split = CorrectSpelling(made_of.index, static) >> split
    if planner is not None:
        split = planner(split)
    return split >> Encode(made_of.encoders, made_of.multilingual if is_learned else None)


def score_stages(
    preset: RankingPreset,
    made_of: Ingredients,
    *,
    learned: LinearRanking | None = None,
    head: QueryHead | None = None,
) -> Stage[EncodedQuery, ScoredTools]:
    """The stages that score the tools for a request that was read."""
    return Search(made_of.index, preset.channels, head) >> _fusion(preset, learned, made_of)


def _fusion(
    preset: RankingPreset, learned: LinearRanking | None, made_of: Ingredients
) -> Stage[ScoredCatalog, ScoredTools]:
    static = made_of.encoders.get("static")
    if learned is None or not isinstance(static, StaticEncoder):
        return Fuse(preset)
    lead = "dense" if "dense" in preset.channels else "static"
    return FuseLearned(preset, learned, static, small_talk_for(made_of.encoders, lead))

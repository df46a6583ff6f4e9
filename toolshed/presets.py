"""Every number that was tuned: the weights of the named pipelines, one configuration for all catalogs."""

from dataclasses import dataclass, field
from typing import Literal

PipelineName = Literal["default", "instant", "hybrid", "dense", "bm25"]
ChannelName = Literal["dense", "topics", "static", "static_topics", "words", "ngrams"]


@dataclass(frozen=True, slots=True)
class PartWeights:
    """The say of a part of the query by its kind; at most 1 each.

    Attributes:
        whole: The whole query beside its parts.
        sentence: A sentence.
        request: A clause that opens with a verb or a question word.
        phrase: Any other clause.
    """

    whole: float
    sentence: float
    request: float
    phrase: float


@dataclass(frozen=True, slots=True)
class RankingConfig:
    """How channel scores become one ranking. The same for every catalog.

    Attributes:
        channels: Weight of each channel; channels are standardised first, so weights compare.
        parts: Weight of each kind of part, or None to search with the whole query only.
        temperature: Sharpness of the choice of a tool for a part, in standard deviations.
        whole_weight: Weight of the whole query's ranking against that of the parts together.
    """

    channels: dict[ChannelName, float] = field(default_factory=dict)
    parts: PartWeights | None = None
    temperature: float = 0.6
    whole_weight: float = 1.0


DEFAULT = RankingConfig(
    channels={
        "dense": 1.0,
        "topics": 0.9,
        "static": 0.7,
        "static_topics": 0.4,
        "words": 0.5,
        "ngrams": 0.2,
    },
    parts=PartWeights(whole=0.15, sentence=1.0, request=0.9, phrase=0.25),
    temperature=0.55,
    whole_weight=1.5,
)
INSTANT = RankingConfig(
    channels={"static": 0.9, "static_topics": 0.4, "words": 0.35, "ngrams": 0.15},
    parts=PartWeights(whole=0.3, sentence=1.0, request=0.7, phrase=0.25),
    temperature=0.6,
    whole_weight=1.5,
)
# The plain baselines: one query, no parts.
HYBRID = RankingConfig(channels={"dense": 1.0, "words": 1.0})
DENSE = RankingConfig(channels={"dense": 1.0})
BM25 = RankingConfig(channels={"words": 1.0})

PIPELINES: dict[PipelineName, RankingConfig] = {
    "default": DEFAULT,
    "instant": INSTANT,
    "hybrid": HYBRID,
    "dense": DENSE,
    "bm25": BM25,
}
DENSE_CHANNELS = frozenset({"dense", "topics"})


def needs_dense_encoder(pipeline: PipelineName) -> bool:
    """Whether a pipeline reads vectors of the transformer."""
    return bool(DENSE_CHANNELS & PIPELINES[pipeline].channels.keys())

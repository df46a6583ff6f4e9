"""Every number that was tuned: the named pipelines, one configuration for all catalogs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolshed.options import PipelineName


@dataclass(frozen=True, slots=True)
class SubQueryWeights:
    """The say of a sub-query by its kind; at most 1 each.

    Attributes:
        whole: The whole query beside its sub-queries.
        sentence: A sentence.
        verb_clause: A clause that opens with a verb or a question word.
        clause: Any other clause.
    """

    whole: float
    sentence: float
    verb_clause: float
    clause: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Logistic calibration of confidence from a tool's raw similarities.

    Absolute similarities carry over between catalogs, standardised scores do not. How it is fitted:
    ``toolshed_evals.calibration``.

    Attributes:
        intercept: Log odds of a tool without any similarity.
        weights: Log odds for each unit of similarity on a channel.
        abstain_below: Confidence of the best tool below which none is returned, unless a query says
            otherwise; chosen to cost at most a thousandth of Recall@5 on the dev splits. The baselines
            rank and never abstain: what is compared with them is compared with their best.
    """

    intercept: float
    weights: Mapping[str, float]
    abstain_below: float = 0.0

    def probabilities(self, similarities: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float64]:
        """Probability that tools with these similarities serve the query, in the same shape."""
        logits = self.intercept + sum(w * similarities[name] for name, w in self.weights.items())
        return np.asarray(1 / (1 + np.exp(-logits)))


@dataclass(frozen=True, slots=True)
class RankingPreset:
    """How channel scores become one ranking. The same for every catalog.

    Attributes:
        channels: Weight of each channel; channels are standardised first, so weights compare.
        calibration: From similarities to confidence; fitted on dev splits by
            ``python -m toolshed_evals.calibration``.
        sub_queries: Weight of each kind of sub-query, or None to search with the whole query only.
        temperature: Sharpness of the choice of a tool for a sub-query, in standard deviations.
        whole_weight: Weight of the whole query's ranking against that of the sub-queries together.
        is_learned: Whether the candidates that these weights name are then ranked by what was learnt.
    """

    channels: Mapping[str, float]
    calibration: Calibration
    sub_queries: SubQueryWeights | None = None
    temperature: float = 0.6
    whole_weight: float = 1.0
    is_learned: bool = False


PIPELINES: dict[PipelineName, RankingPreset] = {
    "default": RankingPreset(
        channels={
            "dense": 1.0,
            "topics": 0.9,
            "static": 0.7,
            "static_topics": 0.4,
            "words": 0.5,
            "ngrams": 0.2,
        },
        calibration=Calibration(
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
        sub_queries=SubQueryWeights(whole=0.15, sentence=1.0, verb_clause=0.9, clause=0.25),
        temperature=0.55,
        whole_weight=1.5,
        is_learned=True,
    ),
    "instant": RankingPreset(
        channels={"static": 0.9, "static_topics": 0.4, "words": 0.35, "ngrams": 0.15},
        calibration=Calibration(
            intercept=-5.249,
            weights={"static": 3.387, "static_topics": 4.099, "words": 2.193},
            abstain_below=0.02,
        ),
        sub_queries=SubQueryWeights(whole=0.3, sentence=1.0, verb_clause=0.7, clause=0.25),
        temperature=0.6,
        whole_weight=1.5,
        is_learned=True,
    ),
    # The plain baselines: one query, not split.
    "hybrid": RankingPreset(
        {"dense": 1.0, "words": 1.0}, Calibration(-4.518, {"dense": 8.015, "words": 1.526})
    ),
    "dense": RankingPreset({"dense": 1.0}, Calibration(-5.353, {"dense": 8.618})),
    "bm25": RankingPreset({"words": 1.0}, Calibration(-1.786, {"words": 3.454})),
}


@dataclass(frozen=True, slots=True)
class AnswerCalibration:
    """Logistic calibration of whether any passage answers a question.

    Attributes:
        intercept: Log odds without any similarity.
        weights: Log odds for each unit of the highest ``sentence`` and ``words`` of all candidates.
        unsure_below: Confidence below which the passages may well be wrong.
        abstain_below: Confidence below which none is returned.
    """

    intercept: float
    weights: Mapping[str, float]
    unsure_below: float
    abstain_below: float


@dataclass(frozen=True, slots=True)
class PassagePreset:
    """How passages are found. Fitted on the dev questions of our own corpus by
    ``python -m toolshed_evals.legal.fitting``.

    Attributes:
        encoding: The encoder whose vectors are compared, ``dense`` or ``static``.
        channels: The channels that name candidates.
        intercept: Log odds of a passage for which nothing speaks.
        weights: Log odds for each unit of a feature; see
            :class:`~toolshed.intra_retrieval.passage_features.PassageFeatures`.
        answered: From the candidates to the confidence that any of them answers.
        min_cosine: Passages less similar to a need than this, on any of these channels, do not govern it.
        n_scored: Candidates that are scored whole, or more when more results are wanted.
        definition_weight: How far a question's vector is moved towards the definitions of terms that it uses.
    """

    encoding: str
    channels: Sequence[str]
    intercept: float
    weights: Mapping[str, float]
    answered: AnswerCalibration
    min_cosine: Mapping[str, float]
    n_scored: int = 40
    definition_weight: float = 0.25


PASSAGES = PassagePreset(
    encoding="dense",
    # Sentences are compared for the candidates only: scanning them all finds no others.
    channels=("dense", "words"),
    intercept=-7.881,
    weights={
        "whole": 3.024,
        "sentence": 5.604,
        "words": 1.501,
        "names": 2.26,
        "definition": 2.284,
        "amount": 0.81,
        "front_matter": -0.455,
    },
    answered=AnswerCalibration(-6.171, {"sentence": 10.631, "words": 1.915}, 0.4, 0.18),
    min_cosine={"dense": 0.46, "sentences": 0.46},
)
STATIC_PASSAGES = PassagePreset(
    encoding="static",
    channels=("static", "words"),
    intercept=-6.509,
    weights={
        "whole": 3.306,
        "sentence": 3.029,
        "words": 2.224,
        "names": 3.037,
        "definition": 2.266,
        "amount": 0.877,
        "front_matter": -0.187,
    },
    answered=AnswerCalibration(-3.457, {"sentence": 3.425, "words": 3.998}, 0.35, 0.2),
    min_cosine={"static": 0.3},
)
# A sentence's score is its similarity and this much of the share of the query's words that it holds; one of
# this share of the best one's score is quoted too.
QUOTE_WORDS_WEIGHT, QUOTE_NEARLY_BEST = 0.6, 0.8
# Sub-queries that have less of a say are no needs of their own.
MIN_NEED_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class BM25Preset:
    """How the words of a document are weighed.

    Attributes:
        k1: Saturation of a term's frequency.
        b: Length normalisation, 0 to 1.
        fields: Weight and usual length, in words that are no stop words, of each field. The length is fixed
            rather than the catalog's average: a vector never changes because another document was added.
    """

    k1: float
    b: float
    fields: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class UsagePreset:
    """How much examples of use count.

    Attributes:
        document_weight: The document of a tool counts as this many examples in its centroid.
        temperature: How fast examples count less with their distance, in cosine.
        prior: Mass of examples that nothing is believed below; an example like the request has one.
        nearer: Weight of being nearer to a tool's centroid, in standard deviations, by encoder.
        shares: Weight of a tool's share of the examples around the request, in log odds, by encoder.
        classes: Weight of what tells tools apart, in log odds.
        whole: What both count for the whole request.
        needs: What they count for the chance that some need of the request calls for the tool.
    """

    document_weight: float
    temperature: float
    prior: float
    nearer: Mapping[str, float]
    shares: Mapping[str, float]
    classes: float
    whole: float
    needs: float


# Chosen on ToolE dev, single and multi, with 5 to 100 past requests a tool.
USAGE = UsagePreset(
    2.0,
    0.05,
    0.05,
    {"dense": 1.0, "static": 0.3},
    {"dense": 1.0, "static": 0.0},
    classes=2.0,
    whole=0.5,
    needs=0.5,
)
# The same where no transformer reads requests.
STATIC_USAGE = UsagePreset(
    2.0, 0.05, 0.05, {"static": 1.0}, {"static": 1.0}, classes=2.0, whole=0.5, needs=0.5
)


# Chosen on Seal-Tools dev.
TOOL_WORDS = BM25Preset(
    1.6, 0.75, {"name": (2.0, 4), "description": (1.0, 10), "arguments": (0.5, 25), "results": (0.5, 15)}
)
PASSAGE_WORDS = BM25Preset(1.2, 0.6, {"text": (1.0, 110), "header": (0.5, 8)})
# A tool's static vector is moved this much towards that of its name, which a long text drowns.
TOOL_NAME_WEIGHT = 0.25

"""What a learned ranking looks at: features of a candidate, and of the request as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.fusion import chosen_by_any, fuse_channels, log_misses, standardised
from toolshed.intra_retrieval.small_talk import SmallTalk
from toolshed.intra_retrieval.verbs import asked_operations, operation_features
from toolshed.presets import MIN_NEED_WEIGHT, RankingPreset
from toolshed.queries import asked_text
from toolshed.rankings import Candidates, ChannelRanking, ScoredCatalog, SoftMatches
from toolshed.vectors import Scores, best_places

# Candidates that each of the plain rankings names.
_PER_RANKING = 10
_MIN_CHANCE = np.float32(1e-4)
# Hashes, encoded data and pasted logs have many terms: more of them say no more.
_MAX_TERMS = 40
_MAX_STANDARD = 15.0
# Chosen on the dev half of `evals/toolshed_evals/smart_home`, where 0 to 1 were all the same.
_WORDS_BESIDE_MEANING = np.float32(0.3)


@dataclass(frozen=True, slots=True)
class PlainRankings:
    """The rankings by fixed weights, from which candidates are taken.

    Attributes:
        fused: float32 ``[n_sub_queries, n_tools]``, the channels' weighted mean, standardised.
        parts: float32 ``[n_tools]``, the chance that some part of the request calls for the tool; of the
            whole request where it has no parts.
        scores: float32 ``[n_tools]``, parts and whole in one: the order of tools beyond the candidates.
    """

    fused: Scores
    parts: Scores
    scores: Scores


def plain_rankings(
    ranking: ChannelRanking, weights: NDArray[np.float32], preset: RankingPreset
) -> PlainRankings:
    """Fuse by fixed weights."""
    fused = fuse_channels(ranking.scores, preset.channels, ranking.standards)
    parts_at = 1 + np.flatnonzero(weights[1:] > 0)
    if not len(parts_at):
        whole = log_misses(fused[:1], np.ones(1, np.float32), preset.temperature)
        return PlainRankings(fused, chosen_by_any(whole), np.asarray(fused[0]))
    rows = np.append(0, parts_at)
    misses = log_misses(fused[rows], weights[rows], preset.temperature)
    parts, whole = chosen_by_any(misses[1:]), chosen_by_any(misses[:1])
    wanted = 1 - (1 - parts) * (1 - whole)
    scores = standardised(wanted) + np.float32(preset.whole_weight) * standardised(fused[0])
    return PlainRankings(fused, parts, scores)


def candidate_columns(ranking: ChannelRanking, plain: PlainRankings, k: int) -> NDArray[np.int64]:
    """The best of each plain ranking: of the whole request, of its parts, and of dense and words alone."""
    most = max(_PER_RANKING, k)
    orders = [plain.fused[0], plain.parts, plain.scores, plain_scores(ranking)]
    # Ascending, each once; ``np.unique`` would import masked arrays.
    return np.flatnonzero(np.bincount(np.concatenate([best_places(order, most) for order in orders])))


def plain_scores(ranking: ChannelRanking) -> Scores:
    """The whole request on the channel that understands most, and words: what ``hybrid`` orders tools by.

    Of a request in another language than English the encoder of such requests understands most, where there
    is one. The words that it shares with tools are names, which count less.
    """
    words, meaning = _standard(ranking, "words"), ranking.encodings.meaning
    cosines = None if meaning is None else ranking.documents.meanings(meaning)
    if cosines is None:
        return _standard(ranking, _lead(ranking)) + words
    return standardised(cosines) + _WORDS_BESIDE_MEANING * words


def _lead(ranking: ChannelRanking) -> str:
    """The channel that understands most."""
    return "dense" if "dense" in ranking.scores else "static"


def _standard(ranking: ChannelRanking, channel: str) -> Scores:
    """Standard scores of the whole request on one channel."""
    standard = ranking.standards[channel]
    scores: Scores = (ranking.scores[channel][0] - standard.mean[0]) / standard.deviation[0]
    return scores


def candidates_of(
    scored: ScoredCatalog,
    ranking: ChannelRanking,
    plain: PlainRankings,
    weights: NDArray[np.float32],
    encoder: StaticEncoder,
    small_talk: SmallTalk | None = None,
) -> Candidates:
    """Name the candidates and measure them."""
    columns = candidate_columns(ranking, plain, scored.asked.plan.query.k)
    text = asked_text(scored.asked.plan.sub_queries)
    soft = ranking.documents.soft_matches(text, columns, encoder)
    features: dict[str, Scores] = {
        channel: _standard(ranking, channel)[columns] for channel in ranking.scores
    }
    if "dense" in ranking.encodings.vectors:
        query = ranking.encodings.vectors["dense"][0]
        features |= {view: ranking.documents.view(view, query, columns) for view in ranking.documents.views()}
    features |= _part_features(plain, weights, columns) | _soft_features(soft)
    operations = asked_operations(scored.asked.plan.sub_queries)
    features |= operation_features(operations, ranking.documents.operations(columns))
    asked = _asked_features(scored, ranking)
    if small_talk is not None:
        asked["talk"] = small_talk.log_odds(scored.asked.encodings.vectors)
    as_float = {name: np.asarray(feature, np.float64) for name, feature in features.items()}
    return Candidates(columns, as_float, asked, ranking.documents.enhanced_share())


def _part_features(
    plain: PlainRankings, weights: NDArray[np.float32], columns: NDArray[np.int64]
) -> dict[str, Scores]:
    chances = np.log(plain.parts[columns] + _MIN_CHANCE)
    needs = np.flatnonzero(weights >= MIN_NEED_WEIGHT) if len(weights) > 1 else np.array([0])
    rows = plain.fused[needs if len(needs) else slice(None)]
    # Best of all tools for each part: how far a tool is from being the one that a part asks for.
    margins = (rows[:, columns] - rows.max(axis=1, keepdims=True)).max(axis=0)
    return {"parts": chances, "part_margin": margins}


def _soft_features(soft: SoftMatches) -> dict[str, Scores]:
    return {
        "soft_query": soft.query,
        "soft_query_in_name": soft.query_in_name,
        "soft_document": soft.document,
        "soft_name": soft.name,
        "soft_query_in_arguments": soft.query_in_arguments,
        "soft_query_anywhere": soft.query_anywhere,
    }


def _asked_features(scored: ScoredCatalog, ranking: ChannelRanking) -> dict[str, float]:
    terms = scored.asked.encodings.words[0].terms
    unknown = ranking.documents.is_unknown(terms)
    known_idf = ranking.documents.idf(terms[~unknown])
    size = float(np.log(ranking.n_tools + 1))
    return {
        "n_parts": float(np.log(sum(one.kind != "negated" for one in scored.asked.plan.sub_queries))),
        "length": float(np.log1p(min(len(terms), _MAX_TERMS))),
        "known": float(1 - unknown.mean()) if len(terms) else 0.0,
        "size": float(np.log(ranking.n_tools)),
        "evidence_mean": float(ranking.standards[_lead(ranking)].mean[0, 0]),
        "rarest": float(known_idf.max() / size) if len(known_idf) else 0.0,
    }


def feature_rows(candidates: Candidates, names: Sequence[str]) -> NDArray[np.float64]:
    """Features of these names as a matrix ``[n_candidates, n_names]``; zero where one is not known."""
    rows = np.zeros((len(candidates.columns), len(names)))
    for at, name in enumerate(names):
        if name in candidates.features:
            rows[:, at] = candidates.features[name]
    # Where a channel says the same of nearly all tools, the one it says more of is out of all proportion.
    return np.clip(rows, -_MAX_STANDARD, _MAX_STANDARD)

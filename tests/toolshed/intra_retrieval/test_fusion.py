import numpy as np
import pytest

from toolshed.errors import ConfigurationError
from toolshed.intra_retrieval.decomposition import decompose
from toolshed.intra_retrieval.fusion import (
    chosen_by_any,
    fuse_channels,
    fuse_sub_queries,
    log_misses,
    standardised,
    sub_query_weights,
)
from toolshed.presets import Calibration, RankingPreset, SubQueryWeights
from toolshed.rankings import Standard

PRESET = RankingPreset(
    {},
    Calibration(0, {}),
    SubQueryWeights(whole=0.2, sentence=1, verb_clause=1, clause=0.2),
    temperature=0.5,
)


def scores(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_channels_count_by_standard_scores_whatever_their_scale() -> None:
    # The second channel says the same a hundred times louder.
    small, large = scores([0.1, 0.2, 0.6]), scores([10, 20, 60])
    channels = {"dense": small, "words": large}
    standards = {name: Standard.of(values) for name, values in channels.items()}
    fused = fuse_channels(channels, {"dense": 1, "words": 1}, standards)
    alone = fuse_channels({"dense": small}, {"dense": 1}, standards)
    np.testing.assert_allclose(fused, alone, rtol=0.02)


def test_a_channel_in_which_nothing_matched_says_nothing() -> None:
    channels = {"dense": scores([0.1, 0.9]), "words": scores([0, 0])}
    standards = {name: Standard.of(values) for name, values in channels.items()}
    fused = fuse_channels(channels, {"dense": 1, "words": 1}, standards)
    assert fused[0, 1] > fused[0, 0]
    assert np.isfinite(fused).all()


def test_a_ranking_without_channels_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least one channel"):
        fuse_channels({}, {}, {})


def test_the_best_tool_of_each_sub_query_comes_before_the_mediocre_for_all() -> None:
    #                     weather  mail  so-so
    fused = scores([1.0, 1.0, 1.4], [6.0, 0.0, 2.5], [0.0, 6.0, 2.5])
    ranked = np.argsort(-fuse_sub_queries(fused, np.array([0.2, 1, 1], np.float32), PRESET))
    assert set(ranked[:2].tolist()) == {0, 1}


def test_near_twins_share_the_place_of_one_sub_query() -> None:
    # Three twins answer the first sub-query; the only tool of the second must not fall behind all of them.
    fused = scores([1, 1, 1, 1, 0], [5, 5, 5, 0, 0], [0, 0, 0, 5, 0])
    ranked = np.argsort(-fuse_sub_queries(fused, np.array([0.2, 1, 1], np.float32), PRESET), kind="stable")
    assert ranked[0] == 3


def test_a_query_that_is_not_split_is_ranked_as_a_whole() -> None:
    fused = scores([3, 1, 2])
    np.testing.assert_allclose(fuse_sub_queries(fused, np.ones(1, np.float32), PRESET), fused[0])


def test_sub_queries_weigh_by_kind() -> None:
    sub_queries = decompose("Book a flight to Rome and my old friend Ana's place. Go home now.")
    weights = sub_query_weights(
        sub_queries, SubQueryWeights(whole=0.1, sentence=0.2, verb_clause=0.3, clause=0.4)
    )
    np.testing.assert_allclose(weights, [0.1, 0.2, 0.3, 0.4, 0.2])
    np.testing.assert_allclose(sub_query_weights(sub_queries, None), [1, 0, 0, 0, 0])
    np.testing.assert_allclose(sub_query_weights(sub_queries[:1], PRESET.sub_queries), [1])


def test_standard_scores_have_the_mean_and_deviation_that_numpy_measures() -> None:
    values = np.random.default_rng(0).normal(3, 2, size=4_001).astype(np.float32)
    expected = (values - values.mean()) / (values.std() + 1e-6)
    np.testing.assert_array_equal(standardised(values), expected)


def test_a_tool_is_chosen_by_parts_and_whole_as_by_each_apart() -> None:
    fused = np.random.default_rng(0).normal(size=(4, 500)).astype(np.float32)
    weights = np.array([0.2, 1, 0.5, 1], np.float32)
    misses = log_misses(fused, weights, 0.6)
    shifted = np.exp((fused - fused.max(axis=1, keepdims=True)) / np.float32(0.6))
    chances = np.minimum(shifted * (weights / shifted.sum(axis=1))[:, None], 0.999)
    for rows in (slice(None, 1), slice(1, None)):
        expected = 1 - np.prod(1 - chances[rows], axis=0)
        np.testing.assert_allclose(chosen_by_any(misses[rows]), expected, rtol=1e-4, atol=1e-6)

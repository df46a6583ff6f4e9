"""The learned ranking: candidates by what was learnt, the rest below them in their plain order."""

import dataclasses
from itertools import takewhile

import numpy as np
import pytest

from tests.stores import tool_store
from toolshed.backbones.static import StaticEncoder
from toolshed.errors import ConfigurationError
from toolshed.intra_retrieval.catalog_index import CatalogIndex
from toolshed.intra_retrieval.learned_fusion import WEIGHTS, FuseLearned, LinearRanking, shipped_ranking
from toolshed.intra_retrieval.search import Search
from toolshed.pipelines import Ingredients, build_pipeline
from toolshed.post_retrieval.selection import Select
from toolshed.presets import PIPELINES
from toolshed.queries import Query
from toolshed.rankings import Candidates, ScoredTools
from toolshed.stages import Pipeline, run_blocking

STATIC = StaticEncoder()
MODEL = LinearRanking({"a": 2.0}, ["a"], {"q": 1.0}, np.array([[0.5]]))


def candidates(q: float) -> Candidates:
    return Candidates(np.arange(2), {"a": np.array([1.0, -1.0])}, {"q": q})


@pytest.mark.parametrize(("q", "weight"), [(1.0, 2.0), (3.0, 3.0), (-3.0, 0.0)])
def test_the_weight_of_a_feature_depends_on_the_request(q: float, weight: float) -> None:
    np.testing.assert_allclose(MODEL.scores(candidates(q)), [weight, -weight])


def test_a_feature_that_is_not_known_counts_nothing() -> None:
    model = dataclasses.replace(MODEL, features={"a": 2.0, "elsewhere": 9.0})
    np.testing.assert_allclose(model.scores(candidates(1.0)), [2.0, -2.0])


def test_what_is_written_is_read_back() -> None:
    again = LinearRanking.of(MODEL.to_json())
    np.testing.assert_allclose(again.scores(candidates(2.0)), MODEL.scores(candidates(2.0)))


def test_pipelines_without_a_ranking_of_their_own_are_told() -> None:
    with pytest.raises(ConfigurationError, match="'bm25'; only for default, instant"):
        shipped_ranking("bm25")
    assert WEIGHTS.is_file()


def scored(query: str, *names: str, limit: int = 50_000) -> ScoredTools:
    index = CatalogIndex(tool_store(*names), resident_limit=limit, background_size=20)
    pipeline = build_pipeline("instant", Ingredients(index, {"static": STATIC}))
    assert isinstance(pipeline, Pipeline)
    ranking = takewhile(lambda stage: not isinstance(stage, Select), pipeline.stages)
    return run_blocking(Pipeline(tuple(ranking)), Query(query, 5))


def test_every_tool_has_a_place_and_candidates_come_first() -> None:
    names = [f"handle_case_{number}" for number in range(60)] + ["send_email"]
    found = scored("send an email", *names)
    assert np.isfinite(found.scores).all()
    assert found.tools[int(found.scores.argmax())].name == "send_email"
    assert found.candidates is not None
    rest = np.setdiff1d(np.arange(len(names)), found.candidates.columns)
    assert len(rest)
    assert found.scores[rest].max() < found.scores[found.candidates.columns].min()


def test_what_must_not_be_done_comes_last() -> None:
    found = scored("Read the file, don't delete it", "read_file", "delete_file", "list_users", "pay_bill")
    assert found.tools[int(found.scores.argmax())].name == "read_file"
    assert found.tools[int(found.scores.argmin())].name == "delete_file"


def test_a_tool_that_only_the_negation_names_comes_last_even_if_the_rest_means_it() -> None:
    found = scored("Show the invoice, don't delete it", "delete_invoice", "book_table", "list_users")
    assert found.tools[int(found.scores.argmin())].name == "delete_invoice"


def test_what_is_asked_for_beside_a_negation_of_the_same_is_found() -> None:
    found = scored("don't email Bob, email Ana instead", "send_email", "book_table", "list_users")
    assert found.tools[int(found.scores.argmax())].name == "send_email"


def test_candidates_of_a_store_that_is_not_resident_are_ranked_too() -> None:
    names = [f"handle_case_{number}" for number in range(60)] + ["send_email"]
    found = scored("send an email", *names, limit=10)
    assert found.tools[int(found.scores.argmax())].name == "send_email"


def test_a_catalog_of_one_tool_and_of_none() -> None:
    assert len(scored("send an email", "send_email").scores) == 1
    assert len(scored("send an email").scores) == 0


def test_both_learned_pipelines_use_the_stage() -> None:
    assert {name for name, preset in PIPELINES.items() if preset.is_learned} == {"default", "instant"}
    index = CatalogIndex(tool_store("a"))
    pipeline = build_pipeline("instant", Ingredients(index, {"static": STATIC}))
    assert isinstance(pipeline, Pipeline)
    assert any(isinstance(stage, FuseLearned) for stage in pipeline.stages)
    # Without a transformer there is nothing for a head to move.
    assert [stage.head for stage in pipeline.stages if isinstance(stage, Search)] == [None]

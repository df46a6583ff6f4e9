"""Search as a stage; what is scored is tested in ``test_catalog_index``."""

import numpy as np

from tests.stores import tool_store
from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.catalog_index import CatalogIndex
from toolshed.intra_retrieval.decomposition import Decompose
from toolshed.intra_retrieval.encoding import Encode
from toolshed.intra_retrieval.search import Search
from toolshed.pipelines import Ingredients, build_pipeline
from toolshed.presets import PIPELINES
from toolshed.queries import Query
from toolshed.rankings import ScoredCatalog
from toolshed.stages import Stage, run_blocking
from toolshed.testing import HashingEncoder

STATIC = StaticEncoder()
DEFAULT = PIPELINES["default"]


def stages(index: CatalogIndex, encoder: HashingEncoder) -> Stage[Query, ScoredCatalog]:
    encoders = {"static": STATIC, "dense": encoder}
    return Decompose() >> Encode(encoders) >> Search(index, DEFAULT.channels)


def test_a_baseline_searches_the_whole_query_only() -> None:
    query = Query("Book a flight to Rome. Mail Ana about it.")
    plan = run_blocking(Decompose(is_split=False), query)
    assert [one.kind for one in plan.sub_queries] == ["whole"]
    assert len(run_blocking(Decompose(), query).sub_queries) == 3


def test_every_channel_scores_every_sub_query_and_tool() -> None:
    index = CatalogIndex(tool_store("send_email", "get_weather", "pay_invoice"))
    query = Query("Send an email. Then get the weather.")
    ranking = run_blocking(stages(index, HashingEncoder()), query).ranking
    assert ranking is not None
    assert list(ranking.scores) == list(DEFAULT.channels)
    assert ranking.n_tools == 3
    for values in ranking.scores.values():
        assert values.shape == (3, 3)
        assert np.isfinite(values).all()


def test_the_same_query_is_encoded_once() -> None:
    encoder = HashingEncoder()
    search = stages(CatalogIndex(tool_store("send_email")), encoder)
    for k in (1, 5):
        run_blocking(search, Query("send an email", k))
    assert encoder.encoded == ["send an email"]


def test_an_empty_catalog_has_no_ranking() -> None:
    index = CatalogIndex(tool_store())
    assert run_blocking(stages(index, HashingEncoder()), Query("send an email")).ranking is None


def test_a_pipeline_describes_itself_for_the_record() -> None:
    index = CatalogIndex(tool_store("a"))
    text = repr(build_pipeline("default", Ingredients(index, {"static": STATIC, "dense": HashingEncoder()})))
    assert text.startswith("CorrectSpelling() >> Decompose(")
    assert "dense='hashing:64'" in text
    assert ">> FuseLearned(" in text

"""What is compared: each retriever ranks the ids of the data set."""

import pytest

from toolshed.catalog.definitions import Catalog
from toolshed.errors import ConfigurationError
from toolshed.testing import make_tool
from toolshed_evals.datasets import Dataset
from toolshed_evals.measures import DEPTH
from toolshed_evals.retrievers import make_retriever

TOOLS = (
    make_tool("send_email", "Send an email to a person.", source="s"),
    make_tool("get_forecast", "Weather forecast for a city.", source="s"),
    *(make_tool(f"filler_{i}", f"Does thing number {i}.", source="s") for i in range(20)),
)
DATASET = Dataset("d", Catalog("s", TOOLS, ()), {}, {})


@pytest.mark.parametrize("name", ["instant", "bm25", "bm25-paper"])
def test_the_best_tool_comes_first_by_the_id_of_the_data_set(name: str) -> None:
    with make_retriever(name) as retriever:
        retriever.index(DATASET)
        ranked = retriever.rank("weather forecast for Lisbon")
    assert ranked[0] == "get_forecast"
    assert len(set(ranked)) == len(ranked) <= DEPTH


def test_a_query_without_words_is_ranked_by_the_baseline_too() -> None:
    with make_retriever("bm25-paper") as retriever:
        retriever.index(DATASET)
        assert len(retriever.rank("???")) == DEPTH


def test_what_runs_says_its_settings() -> None:
    with make_retriever("bm25-paper") as retriever:
        assert repr(retriever).startswith("BM25Okapi(k1=1.5, b=0.75)")


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"unknown pipeline 'rff'; choose one of .*bm25-paper"):
        make_retriever("rff")

"""The named pipelines, and one of one's own."""

import asyncio

import pytest

from tests.stores import tool_store
from toolshed.backbones.static import StaticEncoder
from toolshed.errors import ConfigurationError
from toolshed.intra_retrieval.catalog_index import CatalogIndex
from toolshed.metering.runs import MeteredCall, recorded_run, report_call
from toolshed.metering.usage import Usage
from toolshed.pipelines import Ingredients, build_pipeline
from toolshed.presets import PIPELINES
from toolshed.queries import Query
from toolshed.rankings import Selection
from toolshed.shed.shed import Toolshed
from toolshed.stages import Pipeline, Stage, run_blocking
from toolshed.testing import HashingEncoder, make_tool


def ingredients(*, dense: HashingEncoder | None = None) -> Ingredients:
    encoders = {"static": StaticEncoder(), **({"dense": dense} if dense else {})}
    return Ingredients(CatalogIndex(tool_store("send_email", "get_weather")), encoders)


class Ask(Stage[Query, Query]):
    """Has a model reword the query."""

    waits = True

    async def run(self, item: Query, /) -> Query:
        await asyncio.sleep(0)
        report_call(MeteredCall("planner", "gpt-4o-mini", Usage(10, 2), 0.1))
        return Query(f"{item.text} weather", item.k, item.options)


def asked_twice(made_of: Ingredients) -> Stage[Query, Selection]:
    return Ask() >> Ask() >> build_pipeline("default", made_of)


def test_an_unknown_name_is_told_with_those_there_are() -> None:
    with pytest.raises(
        ConfigurationError, match="unknown pipeline 'ful'; choose one of default, instant, hybrid"
    ):
        build_pipeline("ful", ingredients())  # type: ignore[arg-type]  # what is tested


@pytest.mark.parametrize("name", ["instant", "bm25"])
def test_pipelines_without_a_dense_channel_run_without_a_dense_encoder(name: str) -> None:
    pipeline = build_pipeline(name, ingredients())  # type: ignore[arg-type]  # a name of the table
    assert run_blocking(pipeline, Query("send an email", k=1)).tools[0].tool.name == "send_email"


@pytest.mark.parametrize("name", list(PIPELINES))
def test_only_pipelines_that_weigh_sub_queries_split_the_query(name: str) -> None:
    encoder = HashingEncoder()
    pipeline = build_pipeline(name, ingredients(dense=encoder))  # type: ignore[arg-type]  # a name of the table
    selection = run_blocking(pipeline, Query("Send an email. Then get the weather."))
    is_split = PIPELINES[name].sub_queries is not None  # type: ignore[index]  # a name of the table
    assert len(selection.sub_queries) == (3 if is_split else 1)


def test_a_pipeline_goes_on_from_stages_of_ones_own() -> None:
    pipeline = asked_twice(ingredients(dense=HashingEncoder()))
    assert isinstance(pipeline, Pipeline)
    assert [type(stage).__name__ for stage in pipeline.stages] == [
        *("Ask", "Ask"),
        *("CorrectSpelling", "Decompose", "Encode", "Search", "FuseLearned"),
        *("TwinsOnce", "Select", "BringDependencies"),
    ]
    with recorded_run() as run:
        selection = run_blocking(pipeline, Query("tell me the", k=1))
    assert selection.tools[0].tool.name == "get_weather"
    assert [call.component for call in run.calls if not call.is_local] == ["planner", "planner"]


def test_stages_of_one_class_keep_both_timings_and_both_calls() -> None:
    with Toolshed("memory:", encoder=HashingEncoder(), pipeline=asked_twice) as shed:
        shed.add_tools(make_tool("get_weather", "Get the weather."))
        task = shed.account.start_task("agent")
        found = shed.search("tell me the", task_id=task.task_id)
        calls = [call["component"] for call in shed.account.ledger.task(task.task_id)["calls"]]
    assert list(found.timings_ms)[:3] == ["Ask", "Ask (2)", "CorrectSpelling"]
    assert found.timings_ms["total"] == pytest.approx(sum([*found.timings_ms.values()][:-1]))
    assert calls.count("planner") == 2

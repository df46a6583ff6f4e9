"""``AsyncToolshed``: what waits is awaited, what computes leaves the loop, options are typed."""

import asyncio
import sys
from pathlib import Path

import pytest
from mypy import api

from toolshed import AsyncToolshed, Toolshed
from toolshed.pipelines import Ingredients, build_pipeline
from toolshed.queries import Query
from toolshed.rankings import Selection
from toolshed.stages import Stage
from toolshed.testing import HashingEncoder, make_tool

_MISSPELT = """
from toolshed import AsyncToolshed, Toolshed

async def use(shed: AsyncToolshed, blocking: Toolshed) -> None:
    await shed.search("x", 3, max_tokens=1)
    await shed.search("x", max_token=1)
    await shed.search_passages("x", neighbors=1)
    await shed.add_tools("x", skip_bad=True)
    await shed.add_documents("x", segmenter="spacy")
    blocking.search("x", min_confidence="high")
    Toolshed("x", colection="tools")
    AsyncToolshed("x", pipeline="instant", tenant="a")
"""
_SETTINGS = """[mypy]
strict = True
follow_imports = skip
[mypy-toolshed.*]
follow_imports = normal
"""


class Reword(Stage[Query, Query]):
    """A stage that waits for a model, as far as this test is concerned."""

    waits = True

    async def run(self, item: Query, /) -> Query:
        await asyncio.sleep(0.001)
        return Query("weather forecast", item.k, item.options)

    def __repr__(self) -> str:
        return "Reword()"


def reworded(made_of: Ingredients) -> Stage[Query, Selection]:
    return Reword() >> build_pipeline("hybrid", made_of)


TOOLS = [make_tool("get_forecast", "Weather forecast."), make_tool("send_mail", "Send mail.")]


async def test_a_pipeline_with_a_stage_that_waits(tmp_path: Path) -> None:
    async with AsyncToolshed(tmp_path / "shed", encoder=HashingEncoder(), pipeline=reworded) as shed:
        await shed.add_tools(*TOOLS)
        found, other = await asyncio.gather(shed.search("umbrella?", k=1), shed.search("coat?", k=1))
    assert [tool.tool.name for tool in found.tools + other.tools] == ["get_forecast"] * 2
    assert next(iter(found.timings_ms)) == "Reword"
    assert found.pipeline.startswith("Reword() >> Decompose")


def test_the_blocking_verb_drives_the_same_pipeline(tmp_path: Path) -> None:
    with Toolshed(tmp_path / "shed", encoder=HashingEncoder(), pipeline=reworded) as shed:
        shed.add_tools(*TOOLS)
        assert shed.search("umbrella?", k=1).tools[0].tool.name == "get_forecast"


async def test_blocking_verbs_work_inside_a_running_loop(tmp_path: Path) -> None:
    with Toolshed(tmp_path / "shed", encoder=HashingEncoder(), pipeline=reworded) as shed:
        shed.add_tools(f"mcp+stdio:{sys.executable} -m mcp_server_time")
        assert shed.list_tools()
        assert shed.search("umbrella?", k=1)


def test_misspelt_options_are_errors_of_types(tmp_path: Path) -> None:
    snippet, settings = tmp_path / "snippet.py", tmp_path / "mypy.ini"
    snippet.write_text(_MISSPELT, encoding="utf-8")
    settings.write_text(_SETTINGS, encoding="utf-8")
    told, problems, _ = api.run(
        ["--config-file", str(settings), "--cache-dir", str(tmp_path), "--no-error-summary", str(snippet)]
    )
    wrong = {int(line.split(":")[1]) for line in told.splitlines() if "snippet.py:" in line}
    assert wrong == set(range(6, 12)), told + problems


@pytest.mark.parametrize("pipeline", ["default", "instant"])
async def test_an_empty_knowledge_base_has_no_tool(tmp_path: Path, pipeline: str) -> None:
    async with AsyncToolshed(tmp_path / "shed", encoder=HashingEncoder(), pipeline=pipeline) as shed:  # type: ignore[arg-type]  # a name of the table
        found = await shed.search("weather")
    assert (found.status, found.tools, found.n_tools) == ("no_match", [], 0)

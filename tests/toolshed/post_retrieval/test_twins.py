"""Of tools that say nearly the same, the best takes a place."""

from collections.abc import Iterator

import pytest

from toolshed.options import PipelineName
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool

STORED = "Create an issue in a repository of the company, with a title, a text and labels."


@pytest.fixture(params=["instant", "bm25"])
def shed(request: pytest.FixtureRequest) -> Iterator[Toolshed]:
    pipeline: PipelineName = request.param
    with Toolshed("memory:", pipeline=pipeline) as opened:
        for source in ("first", "second", "third"):
            opened.add_tools(make_tool("create_issue", STORED), source_name=source)
        opened.add_tools(
            # An opposite, whose vector is near and whose words are others.
            make_tool("close_issue", "Close an issue in a repository once it is done."),
            make_tool("list_labels", "List the labels of a repository."),
            make_tool("play_music", "Play a song."),
            source_name="other",
        )
        yield opened


def found(shed: Toolshed, k: int, *, twins_once: bool) -> list[str]:
    result = shed.search("create an issue in my repository", k, twins_once=twins_once, abstain_below=0)
    return [one.tool.tool_id for one in result.tools]


def test_the_places_of_twins_go_to_other_tools(shed: Toolshed) -> None:
    every = found(shed, 3, twins_once=False)
    assert {one.split(":")[1] for one in every} == {"create_issue"}
    once = found(shed, 3, twins_once=True)
    assert once[0] == every[0]
    assert [one.split(":")[0] for one in once[1:]] == ["other", "other"]
    assert "other:close_issue" in once


def test_twins_come_last_in_their_order_rather_than_never(shed: Toolshed) -> None:
    every, once = found(shed, 6, twins_once=False), found(shed, 6, twins_once=True)
    assert sorted(once) == sorted(every)
    assert once[-2:] == [one for one in every if one.endswith(":create_issue")][1:]


def test_a_tool_without_a_description_is_nobodys_twin() -> None:
    with Toolshed("memory:", pipeline="instant") as shed:
        for source in ("first", "second"):
            shed.add_tools(make_tool("create_issue", ""), source_name=source)
        assert found(shed, 2, twins_once=True) == ["first:create_issue", "second:create_issue"]

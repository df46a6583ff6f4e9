import asyncio
import importlib.util
from pathlib import Path

import pytest

from tests.conftest import OpenShed
from tests.qdrant_stub import qdrant_stub
from toolshed import AsyncToolshed, Toolshed
from toolshed.errors import (
    ConfigurationError,
    InvalidQueryError,
    KnowledgeBaseMismatchError,
    UnknownSourceError,
    UnknownToolError,
)
from toolshed.testing import HashingEncoder, make_tool

TOOLS = [
    make_tool("send_email", "Send an email to a person.", source="mail"),
    make_tool("read_inbox", "Read the newest email messages.", source="mail"),
    make_tool("get_forecast", "Weather forecast for a city.", source="weather"),
    make_tool("convert_currency", "Convert money between currencies.", source="finance"),
]


@pytest.fixture
def filled(shed: Toolshed) -> Toolshed:
    shed.add_tools(*TOOLS)
    return shed


def ids(result: object) -> list[str]:
    return [found.tool.tool_id for found in result.tools]  # type: ignore[attr-defined]


def test_the_main_job(filled: Toolshed) -> None:
    found = filled.search("Email Ana. What is the weather forecast in Lisbon?", k=2)
    assert set(ids(found)) == {"mail:send_email", "weather:get_forecast"}
    assert found.status == "ok"
    assert found.n_tools == 4
    assert found.score == found.tools[0].score
    assert 0 < found.confidence <= 1
    assert [tool["function"]["name"] for tool in found.to_openai()] == [
        tool.name for tool in found.definitions
    ]
    assert len(found.to_anthropic()) == len(found.to_mcp()) == 2
    assert [tool.name for tool in found.to_langchain(lambda tool_id, arguments: None)] == [
        tool.name for tool in found.definitions
    ]


def test_an_explanation_names_parts_channels_and_what_was_left_out(filled: Toolshed) -> None:
    text = filled.search("Email Ana. Weather forecast in Lisbon?", k=3, min_confidence=0.3).explain()
    for expected in (
        "status",
        "sentence",
        "'Email Ana.'",
        "dense",
        "below the confidence floor",
        "timings",
        ">>",
    ):
        assert expected in text


def test_json_holds_what_the_result_holds(filled: Toolshed) -> None:
    found = filled.search("send an email", k=2)
    told = found.to_json()
    assert [tool["tool_id"] for tool in told["tools"]] == ids(found)
    assert [tool["rank"] for tool in told["tools"]] == [1, 2]
    assert set(told["timings_ms"]) == {
        *("CorrectSpelling", "Decompose", "Encode", "Search", "FuseLearned", "LearnFromUse"),
        *("TwinsOnce", "Select", "BringDependencies", "total"),
    }


def test_the_same_query_gives_the_same_answer(filled: Toolshed) -> None:
    first, second = (filled.search("weather and email", k=4) for _ in range(2))
    assert first.tools == second.tools


def test_only_the_wanted_sources_are_searched(filled: Toolshed) -> None:
    assert set(ids(filled.search("weather forecast", k=4, sources=["mail"]))) == {
        "mail:send_email",
        "mail:read_inbox",
    }
    with pytest.raises(
        UnknownSourceError, match="no source 'nowhere'; the sources are finance, mail, weather"
    ):
        filled.search("weather forecast", sources=["nowhere"])


def test_other_sources_are_neither_counted_nor_scored(filled: Toolshed, tmp_path: Path) -> None:
    found = filled.search("read an email about the weather", k=4, sources=["mail"], abstain_below=0)
    assert found.n_tools == 2
    with Toolshed(tmp_path / "alone", encoder=HashingEncoder()) as alone:
        alone.add_tools(*TOOLS[:2])
        expected = alone.search("read an email about the weather", k=4, abstain_below=0)
    assert [(tool.tool, tool.score) for tool in found.tools] == [
        (tool.tool, pytest.approx(tool.score, abs=1e-5)) for tool in expected.tools
    ]
    filled.add_tools(make_tool("new", "Read an email about the weather.", source="mail"))
    assert filled.search("read an email", sources=["mail"], abstain_below=0).n_tools == 3


def test_an_empty_knowledge_base_finds_nothing(shed: Toolshed) -> None:
    found = shed.search("anything")
    assert (found.status, found.tools, found.score, found.n_tools) == ("no_match", [], None, 0)
    assert "no_match" in found.explain()


def test_k_beyond_the_catalog_gives_the_catalog(filled: Toolshed) -> None:
    assert len(filled.search("email", k=1_000, abstain_below=0).tools) == 4


@pytest.mark.parametrize(
    ("query", "options", "message"),
    [
        pytest.param("", {}, "query is empty", id="empty"),
        pytest.param(" \n\t", {}, "query is empty", id="blank"),
        pytest.param("x" * 1_000_000, {}, "1,000,000 characters; at most 200,000", id="1-MB"),
        pytest.param("x", {"k": 0}, "k is 0; it lies between 1 and 1,000", id="k-0"),
        pytest.param("x", {"k": -3}, "k is -3", id="k-negative"),
        pytest.param("x", {"min_confidence": 1.5}, "min_confidence is 1.5", id="floor-above-1"),
        pytest.param("x", {"abstain_below": -1}, "abstain_below is -1", id="threshold-below-0"),
        pytest.param("x", {"max_tokens": 0}, "max_tokens is 0", id="no-budget"),
    ],
)
def test_queries_that_make_no_sense_are_refused(
    filled: Toolshed, query: str, options: dict[str, float], message: str
) -> None:
    with pytest.raises(InvalidQueryError, match=message):
        filled.search(query, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "query", ["?", "🧾", "\x00", "\ud800", "weather " * 2_000, "a. " * 6_000, "a" * 20_000, "天気"]
)
def test_odd_queries_get_an_answer(filled: Toolshed, query: str) -> None:
    assert filled.search(query, abstain_below=0).n_tools == 4


def test_tools_are_looked_up_listed_and_deleted(filled: Toolshed) -> None:
    assert filled.get_tool("mail:send_email") == TOOLS[0]
    assert filled.delete_tools("mail:send_email", "mail:none") == 1
    assert "mail:send_email" not in filled.list_tools()
    with pytest.raises(UnknownToolError, match="source:name"):
        filled.get_tool("mail:send_email")


def test_deleted_and_added_tools_are_seen_by_the_next_search(filled: Toolshed) -> None:
    filled.delete_tools("weather:get_forecast")
    assert "weather:get_forecast" not in ids(filled.search("weather forecast", k=4, abstain_below=0))
    filled.add_tools(TOOLS[2])
    assert ids(filled.search("weather forecast"))[0] == "weather:get_forecast"


def test_sources_of_every_kind_go_in_at_once(shed: Toolshed, tmp_path: Path) -> None:
    path = tmp_path / "crm.jsonl"
    path.write_text('{"name": "find_lead", "description": "Find a lead."}\n')

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    report = shed.add_tools(path, add, {"name": "plain"})
    assert len(report.added) == 3
    assert "crm:find_lead" in shed.list_tools()


def test_no_source_at_all_is_refused(shed: Toolshed) -> None:
    with pytest.raises(ConfigurationError, match="at least one source"):
        shed.add_tools()


def test_a_missing_transformer_is_told_before_a_folder_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"run: pip install '\.\[transformer\]', or use"):
        Toolshed(tmp_path / "shed")
    assert not (tmp_path / "shed").exists()


def test_an_unknown_pipeline_is_named_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="unknown pipeline 'ful'; choose one of default, instant"):
        Toolshed(tmp_path / "shed", pipeline="ful")  # type: ignore[arg-type]
    assert not (tmp_path / "shed").exists()


def test_another_encoder_is_refused_and_the_knowledge_base_stays(
    filled: Toolshed, open_shed: OpenShed
) -> None:
    filled.close()
    with pytest.raises(KnowledgeBaseMismatchError, match="'hashing:64' instead of 'hashing:32'"):
        open_shed(encoder=HashingEncoder(32))
    assert len(open_shed().list_tools()) == 4


def test_instant_reads_what_default_wrote_and_keeps_it_whole(filled: Toolshed, tmp_path: Path) -> None:
    filled.close()
    with Toolshed(tmp_path / "shed", pipeline="instant") as shed:
        assert ids(shed.search("weather forecast"))[0] == "weather:get_forecast"
        # Writing needs the encoder that wrote the rest.
        with pytest.raises(ConfigurationError, match="open it with that encoder"):
            shed.add_tools({"name": "new"})


def test_an_instant_knowledge_base_needs_no_transformer(tmp_path: Path) -> None:
    with Toolshed(tmp_path / "shed", pipeline="instant") as shed:
        shed.add_tools(*TOOLS)
        assert ids(shed.search("weather forecast"))[0] == "weather:get_forecast"
    with pytest.raises(KnowledgeBaseMismatchError, match="encoder None instead of"):
        Toolshed(tmp_path / "shed", pipeline="default")


@pytest.mark.parametrize("pipeline", ["default", "instant", "hybrid", "dense", "bm25"])
def test_every_pipeline_answers(pipeline: str) -> None:
    with Toolshed("memory:", pipeline=pipeline, encoder=HashingEncoder()) as shed:  # type: ignore[arg-type]
        shed.add_tools(*TOOLS)
        found = shed.search("weather forecast for a city")
        assert ids(found)[0] == "weather:get_forecast"
        assert found.confidence > 0


def test_a_server_is_used_by_its_url_and_refreshed_on_demand() -> None:
    with (
        qdrant_stub() as url,
        Toolshed(url, encoder=HashingEncoder()) as writer,
        Toolshed(url, encoder=HashingEncoder()) as reader,
    ):
        writer.add_tools(*TOOLS[:2])
        assert len(reader.search("email").tools) == 2
        writer.add_tools(TOOLS[2])
        reader.refresh()
        assert ids(reader.search("weather forecast"))[0] == "weather:get_forecast"


def test_token_saving_can_be_told(filled: Toolshed) -> None:
    assert filled.catalog_tokens() > 50


async def test_the_asynchronous_twin_has_the_same_verbs(tmp_path: Path) -> None:
    async with AsyncToolshed(tmp_path / "shed", encoder=HashingEncoder()) as shed:
        await shed.add_tools(*TOOLS)
        results = await asyncio.gather(*(shed.search("weather forecast", k=2) for _ in range(8)))
        assert {ids(result)[0] for result in results} == {"weather:get_forecast"}
        assert (await shed.get_tool("mail:send_email")).name == "send_email"
        assert len(await shed.list_tools()) == 4
        assert (await shed.sync_tools(TOOLS[0])).removed == ["mail:read_inbox"]

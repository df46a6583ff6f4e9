"""Results: in JSON and in words, need by need, document by document."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toolshed.documents import Passage
from toolshed.errors import InvalidArgumentsError, UnknownToolError
from toolshed.intra_retrieval.passage_search import UsedDefinition
from toolshed.metering.runs import RunRecord, StageSpan
from toolshed.queries import EncodedQuery, Encodings, Query, QueryPlan
from toolshed.rankings import FoundPassage, FoundTool, Selection, WeighedSubQuery
from toolshed.shed.results import Need, PassageSearchResult, SearchResult
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool

MAIL, CALL = "Mail Ana.", "Call Bob."
QUERY = f"{MAIL} {CALL}"


def tool(name: str, sub_query: str = QUERY, **changes: Any) -> FoundTool:
    return FoundTool(
        replace(make_tool(name, f"Does {name}."), **changes), 1.23456789, 0.87654321, sub_query, {}
    )


def passage(document: str, sub_query: str = QUERY, score: float = 0.5) -> FoundPassage:
    return FoundPassage(Passage(document, 0, 0, 4, "Law.", ((0, 4),)), score, {}, (), sub_query=sub_query)


def selection(**changes: Any) -> Selection:
    asked = EncodedQuery(QueryPlan(Query(QUERY), ()), Encodings({}, ()))
    parts = [
        WeighedSubQuery(QUERY, "whole", 0.15),
        WeighedSubQuery(MAIL, "sentence", 1.0),
        WeighedSubQuery(CALL, "sentence", 1.0),
    ]
    found = [tool("mail", MAIL), tool("call", CALL), tool("both")]
    return replace(Selection(asked, found, parts, 0.9, "ok", 12), **changes)


def result(**changes: Any) -> SearchResult:
    run = RunRecord(
        spans=[StageSpan("Reword", 0, 0.25), StageSpan("Reword", 0.25, 0.5)], unbooked=["no price"]
    )
    return SearchResult.of(QUERY, selection(**changes), run, pipeline="Reword() >> Reword()")


def test_a_result_tells_what_its_run_took() -> None:
    assert result().timings_ms == {"Reword": 250.0, "Reword (2)": 500.0, "total": 750.0}
    assert result().to_json()["unbooked"] == ["no price"]


def test_every_tool_and_passage_is_of_one_need() -> None:
    found = result(passages=[passage("code", CALL), passage("act", MAIL)])
    mail, call = found.needs
    assert [one.tool.name for one in mail.tools] == ["mail", "both"]
    assert [one.tool.name for one in call.tools] == ["call"]
    assert [[one.passage.document_id for one in need.passages] for need in (mail, call)] == [
        ["act"],
        ["code"],
    ]


def test_json_is_rounded_ranked_and_written_by_any_encoder() -> None:
    told = json.loads(json.dumps(result(passages=[passage("code")]).to_json()))
    assert [(one["rank"], one["tool_id"], one["score"], one["confidence"]) for one in told["tools"]] == [
        (1, "test:mail", 1.23457, 0.8765),
        (2, "test:call", 1.23457, 0.8765),
        (3, "test:both", 1.23457, 0.8765),
    ]
    assert [one["document"] for one in told["passages"]] == ["code"]


def test_an_explanation_counts_what_was_left_out_and_leaves_out_what_had_no_say() -> None:
    parts = [WeighedSubQuery("all", "whole", 1.0), WeighedSubQuery("mute", "clause", 0.0)]
    text = result(sub_queries=parts, n_below_floor=2, n_over_budget=3).explain()
    assert "left out    2 below the confidence floor" in text
    assert "left out    3 over the token budget" in text
    assert "mute" not in text
    assert "left out" not in result().explain()


def test_a_shortened_definition_is_handed_on_and_said() -> None:
    whole = tool("mail", description="A long story.")
    short = replace(whole, shortened=replace(whole.tool, description="A story."))
    found = result(tools=[short, tool("call")], n_tokens=120, tokens_counted_by="estimate")
    told = found.to_json()
    assert [(one["description"], one["is_shortened"]) for one in told["tools"]] == [
        ("A story.", True),
        ("Does call.", False),
    ]
    assert (told["n_shortened"], told["n_tokens"], told["tokens_counted_by"]) == (1, 120, "estimate")
    assert found.tools[0].tool.description == "A long story."
    assert found.to_openai()[0]["function"]["description"] == "A story."
    assert "shortened   1 to fit the token budget" in found.explain()
    assert "tokens      120 of definitions (estimate)" in found.explain()


def test_a_result_without_tools_has_no_score() -> None:
    assert result(tools=[], status="no_match").score is None
    assert result().score == 1.23456789


def test_a_model_calls_a_tool_by_its_exported_name() -> None:
    found = result(
        tools=[
            tool("mail", exported_name="mail"),
            tool("mail", source="web", exported_name="web__mail", parameters={"properties": {"to[]": {}}}),
        ]
    )
    assert found.tool_named("web__mail").tool_id == "web:mail"
    assert found.arguments_of("web__mail", {"to": ["Ana"]}) == {"to[]": ["Ana"]}
    assert found.arguments_of("web__mail", '{"to": ["Ana"]}') == {"to[]": ["Ana"]}
    assert found.arguments_of("web__mail", "") == {}
    assert found.to_json()["tools"][1]["exported_name"] == "web__mail"
    with pytest.raises(UnknownToolError, match="its names: mail, web__mail"):
        found.tool_named("web:mail")


@pytest.mark.parametrize("given", ["{", "[1]", "null", ["a"], None, "[" * 10_000])
def test_arguments_that_are_no_object_are_refused(given: Any) -> None:
    with pytest.raises(InvalidArgumentsError, match="the arguments for 'mail'"):
        result().arguments_of("mail", given)


def test_every_form_of_a_result_calls_its_tools_the_same() -> None:
    found = result()
    names = ["mail", "call", "both"]
    assert [one["function"]["name"] for one in found.to_openai()] == names
    for listed in (found.to_openai_responses(), found.to_anthropic(), found.to_gemini(), found.to_mcp()):
        assert [one["name"] for one in listed] == names
    assert [one["toolSpec"]["name"] for one in found.to_bedrock()] == names
    assert [one.name for one in found.to_langchain(print)] == names


@pytest.mark.parametrize(
    ("parameters", "n_required"),
    [({"required": ["to", "body"]}, 2), ({"required": "to"}, 0), ({}, 0)],
    ids=["listed", "of-no-use", "none"],
)
def test_a_need_is_measured_by_its_best_tool(parameters: dict[str, Any], n_required: int) -> None:
    features = Need(MAIL, [tool("mail", parameters=parameters), tool("other")], ()).features
    assert (features.n_tools, features.n_required, features.n_words) == (2, n_required, 2)
    assert features.confidence == 0.87654321


def test_passages_are_grouped_by_document_in_the_order_of_their_best() -> None:
    found = [passage("b", score=0.9), passage("a", score=0.8), passage("b", score=0.7)]
    used = [UsedDefinition("Rent", '"Rent" means rent.', "lease")]
    listed = PassageSearchResult(QUERY, found, used, 7)
    assert {name: [one.score for one in own] for name, own in listed.by_document.items()} == {
        "b": [0.9, 0.7],
        "a": [0.8],
    }
    assert list(listed.by_document) == ["b", "a"]
    told = json.loads(json.dumps(listed.to_json()))
    assert [one["rank"] for one in told["passages"]] == [1, 2, 3]
    assert told["definitions"] == [{"term": "Rent", "text": '"Rent" means rent.', "document": "lease"}]


def test_skills_are_found_beside_tools_and_are_no_functions(tmp_path: Path) -> None:
    (tmp_path / "prune").mkdir()
    (tmp_path / "prune" / "SKILL.md").write_text(
        "---\nname: prune\ndescription: Prune the roses of a garden.\n---\nCut above a bud."
    )
    with Toolshed("memory:", pipeline="instant") as shed:
        shed.add_tools(tmp_path, make_tool("count_roses", "Count the roses of a garden."))
        found = shed.search("roses of a garden", abstain_below=0)
        assert {tool.tool.kind for tool in found.tools} == {"tool", "skill"}
        assert [skill.tool.name for skill in found.skills] == ["prune"]
        assert found.instructions == (
            f'<skill name="prune" folder="{tmp_path.resolve()}/prune">\nCut above a bud.\n</skill>'
        )
        exported = [
            found.to_openai()[0]["function"]["name"],
            found.to_anthropic()[0]["name"],
            found.to_mcp()[0]["name"],
        ]
        assert exported == ["count_roses"] * 3
        assert len(found.to_openai()) == len(found.to_gemini()) == len(found.to_bedrock()) == 1
        with pytest.raises(UnknownToolError):
            found.tool_named("prune")
        said = {tool["name"]: (tool["kind"], tool["instructions"]) for tool in found.to_json()["tools"]}
        assert said == {"prune": ("skill", "Cut above a bud."), "count_roses": ("tool", "")}

"""Tools that need what others give bring these along."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from toolshed.post_retrieval.dependencies import BringDependencies, Interface, Offers
from toolshed.shed.shed import Toolshed
from toolshed.types import ToolDefinition
from toolshed.visibility import EVERYTHING, Visibility


def tool(name: str, *required: str, outputs: Any = None, **said: Any) -> ToolDefinition:
    parameters = {"type": "object", "properties": {one: {} for one in required}, "required": list(required)}
    schema = None if outputs is None else {"type": "object", "properties": outputs}
    return ToolDefinition(name, f"{name}.", parameters, "cinema", output_schema=schema, **said)


def needed(asked: ToolDefinition, *others: ToolDefinition) -> Sequence[str]:
    every = sorted([asked, *others], key=lambda one: one.tool_id)
    return [one.name for one in Offers(every).needed_by(asked)]


MOVIE_ID = {"results": {"type": "array", "items": {"properties": {"movie_id": {}, "title": {}}}}}
PLAIN_ID = {"movies": {"type": "array", "items": {"properties": {"id": {}, "title": {}}}}}


@pytest.mark.parametrize(
    ("other", "is_needed"),
    [
        pytest.param(tool("search_movies", "text", outputs=MOVIE_ID), True, id="in its results"),
        pytest.param(tool("search_movies", "text", outputs=PLAIN_ID), True, id="as the id of a list of them"),
        pytest.param(tool("find_movie", "text"), True, id="by what it looks up, without results"),
        pytest.param(tool("GET /search/movie", "text"), True, id="by its path"),
        pytest.param(tool("search_people", "text", outputs={"id": {}}), False, id="the id of another thing"),
        pytest.param(tool("rate_movie", "stars"), False, id="something else with it"),
        pytest.param(tool("list_movie_reviews", "movie_id", outputs=MOVIE_ID), False, id="needs it itself"),
        pytest.param(tool("find_movie", "text", outputs={"title": {}}), False, id="results without it"),
    ],
)
def test_an_identifier_comes_from_a_tool_that_gives_it(other: ToolDefinition, is_needed: bool) -> None:
    for name in ("movie_id", "movieId"):
        assert needed(tool("get_credits", name), other) == ([other.name] if is_needed else [])


def test_of_several_that_give_it_the_surest_comes() -> None:
    asked = tool("get_credits", "movie_id")
    sure, unsure = tool("search_movies", "text", outputs=MOVIE_ID), tool("find_movie", "text")
    demanding = tool("query_movies", "user_id", outputs=MOVIE_ID)
    assert needed(asked, sure, unsure, demanding) == ["search_movies"]


def test_what_a_source_says_counts_and_what_is_no_identifier_does_not() -> None:
    asked = tool("play", "title", extras={"depends_on": ["sign_in", {"name": "choose_room"}, 7]})
    others = [tool("sign_in"), tool("choose_room"), tool("search_title", outputs={"title": {}})]
    assert needed(asked, *others) == ["choose_room", "sign_in"]


@pytest.fixture(scope="module")
def shed() -> Iterator[Toolshed]:
    def entry(name: str, description: str, *required: str, **said: Any) -> dict[str, Any]:
        properties = {one: {"type": "string"} for one in required}
        parameters = {"type": "object", "properties": properties, "required": [*required]}
        return {"name": name, "description": description, "parameters": parameters, **said}

    with Toolshed("memory:", pipeline="instant") as opened:
        opened.add_tools(
            [
                entry("film_credits", "Who acted in a film.", "film_id"),
                entry("search_films", "Look for films by title.", "session_key"),
                entry("open_sign_in", "Begin.", depends_on=["accept_terms"]),
                entry("list_session_keys", "Say who it is.", depends_on=["open_sign_in"]),
                entry("accept_terms", "Agree."),
                entry("play_music", "Play a song."),
            ],
            source_name="cinema",
        )
        opened.add_tools([entry("search_films", "Elsewhere.")], source_name="other")
        yield opened


def found(shed: Toolshed, **options: Any) -> list[tuple[str, str]]:
    result = shed.search("who acted in the film Alien?", 1, abstain_below=0, **options)
    return [(one.tool.tool_id, one.needed_by) for one in result.tools]


def test_needs_of_needs_follow_the_tools_that_were_found(shed: Toolshed) -> None:
    assert found(shed) == [("cinema:film_credits", "")]
    assert found(shed, with_dependencies=True) == [
        ("cinema:film_credits", ""),
        ("cinema:search_films", "cinema:film_credits"),
        ("cinema:list_session_keys", "cinema:search_films"),
        ("cinema:open_sign_in", "cinema:list_session_keys"),
        ("cinema:accept_terms", "cinema:open_sign_in"),
    ]


def test_a_budget_holds_for_what_is_brought_along_too(shed: Toolshed) -> None:
    whole = shed.search("who acted in the film Alien?", 1, abstain_below=0, max_tokens=10_000)
    assert whole.n_tokens is not None
    tight = shed.search(
        "who acted in the film Alien?",
        1,
        abstain_below=0,
        max_tokens=whole.n_tokens + 5,
        with_dependencies=True,
    )
    assert [one.tool.name for one in tight.tools] == ["film_credits"]
    assert tight.n_tokens == whole.n_tokens
    assert tight.n_over_budget == 4


def test_results_say_what_brought_a_tool_along(shed: Toolshed) -> None:
    result = shed.search("who acted in the film Alien?", 1, abstain_below=0, with_dependencies=True)
    assert "needed by cinema:film_credits" in result.explain()
    assert [one["needed_by"] for one in result.to_json()["tools"]][:2] == ["", "cinema:film_credits"]


def test_what_may_not_be_found_is_not_brought_along(shed: Toolshed) -> None:
    seen = shed.seen_by(Visibility(frozenset(), frozenset({"cinema:film_credits", "cinema:accept_terms"})))
    result = seen.search("who acted in the film Alien?", 1, abstain_below=0, with_dependencies=True)
    assert [one.tool.tool_id for one in result.tools] == ["cinema:film_credits"]


def test_tools_that_change_are_read_again() -> None:
    with Toolshed("memory:", pipeline="instant") as shed:
        needs = {"type": "object", "properties": {"film_id": {}}, "required": ["film_id"]}
        shed.add_tools(
            [{"name": "film_credits", "description": "Who acted in a film.", "parameters": needs}],
            source_name="cinema",
        )
        assert len(found(shed, with_dependencies=True)) == 1
        shed.add_tools([{"name": "search_films", "description": "Look."}], source_name="cinema2")
        assert len(found(shed, with_dependencies=True)) == 1
        shed.delete_tools("cinema2:search_films")
        both = [
            {"name": "film_credits", "description": "Who acted in a film.", "parameters": needs},
            {"name": "search_films", "description": "Look."},
        ]
        shed.add_tools(both, source_name="cinema", replace=True)
        assert found(shed, with_dependencies=True)[1:] == [("cinema:search_films", "cinema:film_credits")]


def test_only_tools_that_may_give_an_identifier_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    gives = Interface.gives

    def counted(self: Interface, need: tuple[str, ...]) -> int:
        asked.append(self.tool.name)
        return gives(self, need)

    monkeypatch.setattr(Interface, "gives", counted)
    others = [tool(f"paint_wall_{number}", f"wall_{number}_id") for number in range(50)]
    assert needed(tool("get_credits", "movie_id"), *others, tool("find_movie", "text")) == ["find_movie"]
    assert asked == ["find_movie"]


def test_tools_of_many_large_sources_are_not_all_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolshed.post_retrieval.dependencies._REMEMBERED_TOOLS", 25)
    read: list[str] = []

    def tools_of(source: str, visible: Visibility) -> Sequence[ToolDefinition]:
        read.append(source)
        return [tool(f"paint_{number}") for number in range(10)]

    stage = BringDependencies(tools_of, lambda: 0)
    for source in ("a", "b", "b", "c", "b", "a"):
        assert len(stage._offers(source, EVERYTHING)) == 10
    assert read == ["a", "b", "c", "a"]


def test_what_the_request_forbids_is_not_brought_along(shed: Toolshed) -> None:
    request = "who acted in the film Alien? Do not look for films by title."
    result = shed.search(request, 1, abstain_below=0, with_dependencies=True)
    assert [one.tool.tool_id for one in result.tools] == ["cinema:film_credits"]

"""The tools of a knowledge base: searches checked before anything is computed, and what they encode."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from toolshed.catalog.definitions import Catalog
from toolshed.documents import LegalDocument
from toolshed.errors import ConfigurationError, InvalidQueryError, SourceConflictError, UnknownSourceError
from toolshed.options import SearchArguments
from toolshed.pipelines import Ingredients, build_pipeline
from toolshed.presets import PIPELINES
from toolshed.queries import Query
from toolshed.rankings import Selection
from toolshed.shed.shed import Toolshed
from toolshed.shed.tool_library import reads_dense_vectors
from toolshed.stages import Stage
from toolshed.testing import HashingEncoder, make_tool

TOOLS = [
    make_tool("charge_fee", "Charge a tenant a late fee."),
    make_tool("send_mail", "Send mail to people."),
]
LEASE = LegalDocument("lease.txt", "4.2 Late Fees. A tenant who pays late owes a late fee.", "Office Lease")
QUERY = "Charge the tenant a late fee. Then send mail to the landlord."


def filled(encoder: HashingEncoder) -> Toolshed:
    shed = Toolshed("memory:", encoder=encoder)
    shed.add_tools(*TOOLS)
    shed.add_documents(LEASE)
    encoder.encoded.clear()
    return shed


def test_only_pipelines_with_a_dense_channel_need_the_transformer() -> None:
    reads = {name: reads_dense_vectors(name) for name in PIPELINES}
    assert reads == {"default": True, "instant": False, "hybrid": True, "dense": True, "bm25": False}
    assert reads_dense_vectors(lambda made_of: build_pipeline("bm25", made_of)), "nobody knows what it reads"


@pytest.mark.parametrize(
    ("query", "options", "error"),
    [
        (" ", {}, InvalidQueryError),
        (QUERY, {"sources": ["test", "nowhere"]}, UnknownSourceError),
        (QUERY, {"passages_per_need": 21}, InvalidQueryError),
        (QUERY, {"max_token": 5}, ConfigurationError),
    ],
    ids=["empty", "source", "bounds", "misspelt"],
)
def test_a_search_that_is_refused_has_encoded_nothing(
    query: str, options: dict[str, Any], error: type[Exception]
) -> None:
    encoder = HashingEncoder()
    with filled(encoder) as shed, pytest.raises(error):
        shed.search(query, **options)
    assert encoder.encoded == []


def test_a_source_is_unknown_as_long_as_there_is_none() -> None:
    with (
        Toolshed("memory:", encoder=HashingEncoder()) as shed,
        pytest.raises(UnknownSourceError, match="no source 'mail'; the sources are none yet"),
    ):
        shed.search("x", sources=["mail"])


def test_a_pipeline_is_built_once_and_at_the_first_search() -> None:
    built: list[Ingredients] = []

    def build(made_of: Ingredients) -> Stage[Query, Selection]:
        built.append(made_of)
        return build_pipeline("default", made_of)

    with Toolshed("memory:", encoder=HashingEncoder(), pipeline=build) as shed:
        shed.add_tools(*TOOLS)
        assert built == []
        shed.search(QUERY)
        shed.search(QUERY, include_passages=True)
    assert len(built) == 1


def test_governing_passages_cost_no_encoding_of_their_own() -> None:
    plain, governed = HashingEncoder(), HashingEncoder()
    with filled(plain) as shed:
        shed.search(QUERY)
    with filled(governed) as shed:
        found = shed.search(QUERY, include_passages=True)
    assert found.passages
    assert governed.encoded == plain.encoded != []


def test_whether_there_are_passages_is_asked_once_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    with filled(HashingEncoder()) as shed:
        told: list[bool] = []
        is_empty = shed.passages.is_empty

        def asked() -> bool:
            told.append(is_empty())
            return told[-1]

        monkeypatch.setattr(shed.passages, "is_empty", asked)
        assert len(shed.search(QUERY, include_passages=True).needs) == 2
        assert told == [False]
        shed.delete_documents("lease.txt")
        told.clear()
        assert shed.search(QUERY, include_passages=True).passages == ()
        assert told == [True]
        shed.search(QUERY)
        assert told == [True]


def test_a_tool_that_is_named_twice_is_deleted_once() -> None:
    with filled(HashingEncoder()) as shed:
        assert shed.delete_tools("test:send_mail", "test:send_mail", "test:nothing") == 1
        assert shed.list_tools() == ["test:charge_fee"]


def test_what_was_searched_is_told_as_it_was_given() -> None:
    given: SearchArguments = {"abstain_below": 0.0}
    with filled(HashingEncoder()) as shed:
        assert shed.search("late fee \ud800", **given).query == "late fee \ud800"


def test_of_many_threads_that_want_one_name_for_other_places_one_gets_it() -> None:
    def index(number: int) -> bool:
        tools = tuple(make_tool(f"t{n}", f"Does {n}.", source="s") for n in range(5))
        try:
            shed.sync_catalogs([Catalog("s", tools, (), f"/{number}.json")])
        except SourceConflictError:
            return False
        return True

    with Toolshed("memory:", encoder=HashingEncoder()) as shed, ThreadPoolExecutor(8) as threads:
        got_it = list(threads.map(index, range(8)))
        (source,) = shed.sources()
    assert sum(got_it) == 1
    assert source.locations == [f"/{got_it.index(True)}.json"]


def test_callables_go_with_their_tools() -> None:
    def one() -> None:
        """One."""

    def two() -> None:
        """Two."""

    with Toolshed("memory:", encoder=HashingEncoder()) as shed:
        shed.sync_tools([one, two])
        assert sorted(shed.tools.callables.values(), key=str) == sorted([one, two], key=str)
        shed.sync_tools(one)
        assert list(shed.tools.callables.values()) == [one]
        shed.remove_source(shed.sources()[0].name)
        assert shed.tools.callables == {}


def test_names_that_moved_to_another_tool_are_found_again() -> None:
    with Toolshed("memory:", pipeline="instant") as shed:
        shed.add_tools(make_tool("mail", "Send mail."), source_name="one")
        shed.add_tools(make_tool("post", "Send post."), source_name="two")
        names = ["mail", "post"]
        assert [tool.tool_id for tool in shed.tools.all_named(names)] == ["one:mail", "two:post"]
        shed.remove_source("one")
        shed.add_tools(make_tool("mail", "Send mail."), source_name="three")
        assert [tool.tool_id for tool in shed.tools.all_named(names)] == ["three:mail", "two:post"]
        assert shed.tools.all_named(["none"]) == []

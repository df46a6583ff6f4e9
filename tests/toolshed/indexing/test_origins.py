"""A source is its name and its location; tools from elsewhere never take its place unasked."""

from dataclasses import replace
from pathlib import Path

import pytest

from toolshed.catalog.definitions import Catalog
from toolshed.errors import ConfigurationError, SourceConflictError, UnknownSourceError
from toolshed.indexing.origins import distinct
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool
from toolshed.types import IndexedSource


def catalog(*names: str, location: str, source: str = "s") -> Catalog:
    return Catalog(
        source, tuple(make_tool(name, f"Does {name}.", source=source) for name in names), (), location
    )


@pytest.mark.parametrize("verb", ["sync_catalogs", "add_catalogs"])
def test_another_location_under_a_taken_name_is_refused_before_anything_is_written(
    shed: Toolshed, verb: str
) -> None:
    shed.sync_catalogs([catalog("a", location="/one.json")])
    given = [catalog("x", location="/x.json", source="x"), catalog("a", "b", location="/two.json")]
    with pytest.raises(SourceConflictError, match=r"from '/one.json', and this is '/two.json'.*--replace"):
        getattr(shed, verb)(given)
    assert shed.list_tools() == ["s:a"]


def test_a_source_that_moved_takes_its_name_over_without_embedding_anything(shed: Toolshed) -> None:
    shed.sync_catalogs([catalog("a", "b", location="/one.json")])
    report = shed.sync_catalogs([catalog("a", location="/two.json")], replace=True)
    assert (report.unchanged, report.removed, report.n_embedded) == (1, ["s:b"], 0)
    assert shed.get_tool("s:a").location == "/two.json"
    assert shed.sources() == [IndexedSource("s", ["/two.json"], 1)]
    shed.sync_catalogs([catalog("a", location="/two.json")])


def test_what_is_kept_of_a_source_that_moved_moves_with_it(shed: Toolshed) -> None:
    shed.sync_catalogs([catalog("a", "b", location="/one.json")])
    shed.add_catalogs([catalog("a", location="/two.json")], replace=True)
    assert shed.sources() == [IndexedSource("s", ["/two.json"], 2)]


def test_a_source_can_be_given_another_name(shed: Toolshed) -> None:
    shed.sync_catalogs([catalog("a", location="/one.json")])
    report = shed.sync_catalogs([catalog("a", location="/two.json")], source_name="t-2")
    assert report.added == ["t-2:a"]
    with pytest.raises(ConfigurationError, match="one source only"):
        shed.sync_catalogs(
            [catalog("a", location="/one.json"), catalog("b", location="/b.json", source="b")],
            source_name="t",
        )


def test_one_location_under_two_names_is_noted(shed: Toolshed) -> None:
    shed.sync_catalogs([catalog("a", location="/one.json")])
    report = shed.sync_catalogs([catalog("a", location="/one.json", source="t")])
    assert report.warnings == ["'/one.json' is indexed as 's' too; toolshed sources remove s takes that away"]


def test_one_source_given_twice_is_read_once_and_two_of_one_name_are_refused(shed: Toolshed) -> None:
    one = catalog("a", location="/one.json")
    assert shed.sync_catalogs([one, one]).warnings == ["'/one.json' was given twice, and read once"]
    with pytest.raises(SourceConflictError, match="two sources are called 's'"):
        shed.sync_catalogs([one, replace(one, location="/two.json")])


def test_older_knowledge_bases_are_adopted_where_nothing_is_lost(shed: Toolshed) -> None:
    shed.sync_catalogs([catalog("a", "b", location="")])
    assert shed.sources() == [IndexedSource("s", [], 2)]
    with pytest.raises(SourceConflictError, match="did not record where"):
        shed.sync_catalogs([catalog("a", location="/one.json")])
    report = shed.sync_catalogs([catalog("a", "b", "c", location="/one.json")])
    assert (report.added, report.unchanged) == (["s:c"], 2)
    assert shed.sources() == [IndexedSource("s", ["/one.json"], 3)]


def test_functions_of_an_older_knowledge_base_can_be_given_one_by_one(shed: Toolshed) -> None:
    shed.add_catalogs([catalog("a", "b", location="")])
    shed.add_catalogs([catalog("a", location="python:s")])
    with pytest.raises(SourceConflictError):
        shed.sync_catalogs([replace(catalog("a", location="/s.json"))])


def test_a_source_is_removed_whole(shed: Toolshed) -> None:
    shed.add_catalogs([catalog("a", "b", location="/s"), catalog("a", location="/t", source="t")])
    assert shed.remove_source("s") == 2
    assert shed.list_tools() == ["t:a"]
    with pytest.raises(UnknownSourceError, match="no source 's'; the sources are t"):
        shed.remove_source("s")


def test_the_location_of_a_file_is_stored_with_its_tools(shed: Toolshed, tmp_path: Path) -> None:
    path = tmp_path / "desks.json"
    path.write_text('[{"name": "sit"}]')
    shed.add_tools(path)
    assert shed.get_tool("desks:sit").location == str(path.resolve())
    with Toolshed("memory:", pipeline="instant") as other:
        other.add_tools(shed.get_tool("desks:sit"))
        assert other.sources() == [IndexedSource("desks", [str(path.resolve())], 1)]


def test_two_readings_of_one_place_that_list_different_tools_are_no_repetition() -> None:
    first, second = (Catalog("m", (make_tool(name, source="m"),), location="python:m") for name in ("f", "g"))
    with pytest.raises(SourceConflictError):
        distinct([first, second])
    kept, told = distinct([first, first])
    assert (len(kept), len(told)) == (1, 1)

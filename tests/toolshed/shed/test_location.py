"""One parser of locations."""

from pathlib import Path

import pytest

from toolshed.errors import ConfigurationError
from toolshed.shed.location import Location


@pytest.mark.parametrize(
    ("given", "is_memory", "is_server", "folder"),
    [
        pytest.param("memory:", True, False, None, id="memory"),
        pytest.param("./shed", False, False, Path("./shed"), id="folder"),
        pytest.param(Path("/data/shed"), False, False, Path("/data/shed"), id="path"),
        pytest.param("http://host:6333", False, True, None, id="server"),
        pytest.param("https://host", False, True, None, id="tls"),
    ],
)
def test_locations_are_told_apart(
    given: str | Path, is_memory: bool, is_server: bool, folder: Path | None
) -> None:
    location = Location.of(given)
    assert (location.is_memory, location.is_server, location.folder) == (is_memory, is_server, folder)
    assert Location.of(location) == location


@pytest.mark.parametrize("given", ["", "  ", "ftp://host/shed", "postgresql://host/shed"])
def test_what_is_no_location_is_refused(given: str) -> None:
    with pytest.raises(ConfigurationError, match="give a folder"):
        Location.of(given)


def test_the_ledger_lies_beside_the_knowledge_base() -> None:
    assert Location.of("shed").ledger() == str(Path("shed") / "ledger.db")
    assert Location.of("memory:").ledger() == "memory:"
    assert Location.of("http://host:6333").ledger("books.db") == "books.db"
    with pytest.raises(ConfigurationError, match="keeps no ledger"):
        Location.of("http://host:6333").ledger()


def test_only_a_folder_can_be_looked_into(tmp_path: Path) -> None:
    assert not Location.of(tmp_path).holds()
    (tmp_path / "manifest.json").touch()
    assert Location.of(tmp_path).holds()
    assert not Location.of(tmp_path).holds("passages")
    assert Location.of("http://host:6333").holds("passages")


def test_the_name_that_sqlite_gives_to_memory_is_no_folder() -> None:
    with pytest.raises(ConfigurationError, match="written 'memory:' here"):
        Location.of(":memory:")
    assert Location.of("./:memory:").folder is not None

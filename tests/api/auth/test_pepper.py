"""The pepper: given, or made once and by one."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.threads import switching_at_every_turn
from toolshed.errors import ConfigurationError, StateError
from toolshed.settings import Settings
from toolshed_api.auth.pepper import derived, find_pepper


def test_whoever_comes_first_makes_it_and_only_the_owner_may_read_it(tmp_path: Path) -> None:
    with switching_at_every_turn(), ThreadPoolExecutor(32) as pool:
        found = set(pool.map(lambda _: find_pepper(Settings(), str(tmp_path / "state.db")), range(64)))
    assert len(found) == 1
    assert len(found.pop() or b"") == 64
    (file,) = tmp_path.iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == ("state.pepper", 0o600)


def test_what_is_given_is_taken_and_may_not_be_short(tmp_path: Path) -> None:
    given = Settings(pepper="x" * 32)  # type: ignore[arg-type]  # pydantic makes it a secret
    assert find_pepper(given, str(tmp_path / "state.db")) == b"x" * 32
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConfigurationError, match="openssl"):
        find_pepper(Settings(pepper="x" * 31), "memory:")  # type: ignore[arg-type]  # as above


def test_a_server_has_no_place_beside_it(tmp_path: Path) -> None:
    assert find_pepper(Settings(), "postgresql+psycopg://host/name") is None
    assert find_pepper(Settings(), f"sqlite:///{tmp_path}/state.db")
    assert (tmp_path / "state.pepper").exists()


def test_a_damaged_file_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "state.pepper").write_text("")
    with pytest.raises(StateError, match="backup"):
        find_pepper(Settings(), str(tmp_path / "state.db"))
    with pytest.raises(StateError, match="TOOLSHED_PEPPER"):
        find_pepper(Settings(), str(tmp_path / "nowhere" / "state.db"))


def test_keys_for_two_purposes_have_nothing_in_common() -> None:
    assert derived(b"p" * 32, "audit") != derived(b"p" * 32, "api keys")

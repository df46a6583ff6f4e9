"""The key of digests."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.threads import switching_at_every_turn
from toolshed.errors import ConfigurationError
from toolshed.shed.digest_key import digest_keys
from toolshed.shed.location import Location


def test_a_key_is_made_where_files_cannot_be_linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError("this file system has no links")

    monkeypatch.setattr("os.link", refused)
    (key,) = digest_keys(Location.of(tmp_path), None, "tools")
    assert len(key) == 32
    assert digest_keys(Location.of(tmp_path), None, "tools") == [key]
    assert list(tmp_path.iterdir()) == [tmp_path / "examples.key"]


def test_a_key_is_whole_or_refused(tmp_path: Path) -> None:
    with switching_at_every_turn(), ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: digest_keys(Location.of(tmp_path), None, "tools")[0], range(32)))
    assert len(keys) == 1
    assert [len(key) for key in keys] == [32]
    path = tmp_path / "examples.key"
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o077 == 0
    path.write_bytes(b"")
    with pytest.raises(ConfigurationError, match="is damaged: a key has 32 bytes, it has 0"):
        digest_keys(Location.of(tmp_path), None, "tools")


def test_a_server_derives_its_keys_from_those_of_secrets() -> None:
    server = Location.of("https://qdrant:6333")
    new, old = ("A" * 43 + "=", "B" * 42 + "A=")
    ring = digest_keys(server, f"{new},{old}", "tools")
    assert ring == [*digest_keys(server, new, "tools"), *digest_keys(server, old, "tools")]
    assert [len(key) for key in ring] == [32, 32]
    assert len({*ring, *digest_keys(server, f"{new},{old}", "acme-tools")}) == 4
    with pytest.raises(ConfigurationError, match="TOOLSHED_SECRETS_KEY"):
        digest_keys(server, None, "tools")

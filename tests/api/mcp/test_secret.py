from pathlib import Path

from toolshed.settings import Settings
from toolshed_api.mcp.secret import signing_secret


def test_replicas_with_one_pepper_or_the_same_keys_have_one_secret(tmp_path: Path) -> None:
    pepper = Settings(kb="http://qdrant:6333", pepper="p" * 32)
    assert signing_secret(pepper) == signing_secret(Settings(kb=str(tmp_path), pepper="p" * 32))
    keys = Settings(kb="http://qdrant:6333", api_keys=["a", "b"])
    assert signing_secret(keys) == signing_secret(Settings(kb=str(tmp_path), api_keys=["b", "a"]))
    assert signing_secret(keys) != signing_secret(pepper)


def test_an_embedded_knowledge_base_keeps_its_own_for_its_owner_only(tmp_path: Path) -> None:
    first = signing_secret(Settings(kb=str(tmp_path)))
    assert signing_secret(Settings(kb=str(tmp_path))) == first
    assert (tmp_path / "mcp.key").stat().st_mode & 0o777 == 0o600


def test_without_a_place_it_lives_as_long_as_the_process(tmp_path: Path) -> None:
    nowhere = Settings(kb=str(tmp_path / "none"))
    assert signing_secret(nowhere) != signing_secret(nowhere)
    (tmp_path / "mcp.key").write_bytes(b"short")
    assert len(signing_secret(Settings(kb=str(tmp_path)))) == 32

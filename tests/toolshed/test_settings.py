"""Settings: the environment, read once and checked."""

import pytest

from toolshed.errors import ConfigurationError
from toolshed.settings import Settings, read_settings


def test_every_setting_is_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "kb": "http://qdrant:6333",
        "pipeline": "instant",
        "encoder": "openai:small",
        "qdrant_api_key": "key",
        "collection": "mine",
        "api_keys": '["one", "two"]',
        "ledger": "books.db",
        "prices": "prices.yaml",
        "encoder_threads": "4",
        "max_query_characters": "10",
        "max_k": "3",
        "max_wait_ms": "900",
        "queue_at_least": "0",
        "connections_of_address": "16",
        "multilingual": "false",
        "allowed_hosts": '["tools.example.com"]',
        "allowed_sources": '["crm.intranet:8080"]',
        "mcp_pinned": '["crm:find"]',
        "state": "state.db",
        "pepper": "p" * 32,
        "oidc": '[{"issuer": "https://login.example.com", "audience": "tools"}]',
        "public_url": "https://tools.example.com",
        "requests_per_minute": "60",
        "audit_days": "30",
        "audit_texts": "true",
        "secrets_key": "key",
        "blas_threads": "2",
        "max_upload_bytes": "70000",
        "allow_commands": "true",
        "refresh_seconds": "0.5",
        "gateway": "gateway.yaml",
        "ready_when_empty": "true",
        "data": "elsewhere",
    }
    assert given.keys() == Settings.model_fields.keys()
    for name, value in given.items():
        monkeypatch.setenv(f"TOOLSHED_{name.upper()}", value)
    settings = read_settings()
    assert [key.get_secret_value() for key in settings.api_keys] == ["one", "two"]
    assert (settings.encoder_threads, settings.max_k, settings.refresh_seconds) == (4, 3, 0.5)
    changed = {
        name for name, field in Settings.model_fields.items() if getattr(settings, name) != field.default
    }
    assert changed == given.keys()


def test_what_is_given_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLSHED_KB", "from-the-environment")
    monkeypatch.setenv("TOOLSHED_COLLECTION", "from-the-environment")
    settings = read_settings(kb="given")
    assert (settings.kb, settings.collection) == ("given", "from-the-environment")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("pipeline", "ful", "'default', 'instant'"),
        ("encoder_threads", "0", "greater than or equal to 1"),
        ("max_k", "many", "valid integer"),
        ("refresh_seconds", "0", "greater than 0"),
        ("api_keys", "no-json", "api_keys"),
    ],
)
def test_a_variable_that_is_wrong_is_named_with_what_would_be_right(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(f"TOOLSHED_{name.upper()}", value)
    with pytest.raises(ConfigurationError, match=r"a TOOLSHED_\.\.\. variable is wrong") as wrong:
        read_settings()
    assert name in str(wrong.value)
    assert told in str(wrong.value)


def test_keys_are_not_shown() -> None:
    settings = read_settings(api_keys=["s3cret"], qdrant_api_key="s3cret")
    assert "s3cret" not in f"{settings!r} {settings} {settings.model_dump_json()}"


@pytest.mark.parametrize("value", ['"s3cret"', '[{"key": "s3cret"}]', '{"s3cret": 1}'])
def test_a_key_of_the_wrong_form_is_not_told(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TOOLSHED_API_KEYS", value)
    with pytest.raises(ConfigurationError, match="api_keys") as wrong:
        read_settings()
    assert "s3cret" not in str(wrong.value)

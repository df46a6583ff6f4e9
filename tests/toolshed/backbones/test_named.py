from pathlib import Path
from typing import Any

import pytest

from tests.chat_stub import misbehaving_openai
from tests.qdrant_stub import loopback_server
from tests.toolshed.backbones.test_embedding import EmbeddingApi
from toolshed.backbones.chat import ChatRequest, Message
from toolshed.backbones.minilm import weights_folder
from toolshed.backbones.named import chat_named, encoder_named
from toolshed.backbones.recorded import RecordedChat
from toolshed.errors import ConfigurationError
from toolshed.waiting import wait_for


def test_a_sentence_transformers_model_by_name() -> None:
    name = f"sentence-transformers:{weights_folder()}"
    encoder = encoder_named(name)
    assert encoder.model_id == name
    assert encoder.dimension == 384


def test_an_openai_model_by_name_with_key_and_url_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(EmbeddingApi, "requests", [], raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    with loopback_server(EmbeddingApi) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        encoder = encoder_named("openai:small:2")
        assert encoder.encode(["a"]).shape == (1, 2)
    assert encoder.model_id == "openai:small:2"
    assert EmbeddingApi.requests[0]["dimensions"] == 2


def test_openai_without_a_key_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
        encoder_named("openai:small")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("minilm", "unknown encoder 'minilm'; write one of sentence-transformers:MODEL, openai:MODEL"),
        ("cohere:x", "unknown encoder"),
        ("openai:", "unknown encoder"),
        ("openai:small:wide", "'wide' is no number"),
    ],
)
def test_names_that_name_nothing(name: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        encoder_named(name)


def test_chat_models_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    seen: list[dict[str, Any]] = []
    with misbehaving_openai(lambda _: "yes", seen) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url + "/v1")
        for name in ("openai:small", "openai-responses:small"):
            chat = RecordedChat(chat_named(name), tmp_path / "replies.jsonl")
            assert wait_for(chat.complete(ChatRequest((Message("user", name),)))).text == "yes"
    assert [sorted(body.keys() & {"input", "messages"}) for body in seen] == [["messages"], ["input"]]
    replayed = chat_named(f"replay:{tmp_path / 'replies.jsonl'}")
    assert wait_for(replayed.complete(ChatRequest((Message("user", "openai:small"),)))).text == "yes"


@pytest.mark.parametrize("name", ["small", "openai:", "anthropic:x"])
def test_other_chat_models_are_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="write openai:MODEL"):
        chat_named(name)

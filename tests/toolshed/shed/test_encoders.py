"""The encoders of a knowledge base: what it is written with, and what is loaded for it."""

import importlib.util
from dataclasses import replace

import pytest

from toolshed.backbones.minilm import MiniLMEncoder
from toolshed.backbones.static import StaticEncoder
from toolshed.errors import ConfigurationError
from toolshed.shed.encoders import Encoders
from toolshed.testing import HashingEncoder


def encoders(given: HashingEncoder | str | None = None, *, reads_dense: bool) -> Encoders:
    return Encoders(given, reads_dense=reads_dense, n_threads=1)


def test_the_default_is_known_by_its_name_before_it_is_loaded() -> None:
    made = encoders(reads_dense=True)
    assert (made.manifest.encoder, made.manifest.dimension) == (
        MiniLMEncoder().model_id,
        MiniLMEncoder.dimension,
    )
    assert not {"static", "stored"} & vars(made).keys()


def test_what_is_given_is_written_even_where_searches_do_not_read_it() -> None:
    given = HashingEncoder(32)
    made = encoders(given, reads_dense=False)
    assert (made.manifest.encoder, made.manifest.dimension) == ("hashing:32", 32)
    assert made.stored is given
    assert set(made.read) == {"static"}


def test_searches_read_the_dense_encoder_under_the_name_that_channels_call_it() -> None:
    given = HashingEncoder()
    read = encoders(given, reads_dense=True).read
    assert read["dense"] is given
    assert isinstance(read["static"], StaticEncoder)


def test_what_the_default_wrote_is_written_on_with_it_whatever_is_read() -> None:
    made = encoders(reads_dense=False)
    assert made.manifest.encoder is None
    made.opened(encoders(reads_dense=True).manifest)
    assert isinstance(made.stored, MiniLMEncoder)
    assert set(made.read) == {"static"}


def test_what_was_written_in_32_bits_is_written_on_so_and_searched_in_eight() -> None:
    made = encoders(reads_dense=True)
    made.opened(replace(made.manifest, encoder="all-MiniLM-L6-v2:onnx-fp32"))
    assert made.stored is not None
    assert made.stored.model_id == "all-MiniLM-L6-v2:onnx-fp32"
    assert made.read["dense"].model_id == "all-MiniLM-L6-v2:onnx-int8"


def test_what_another_encoder_wrote_is_not_written_on_without_it() -> None:
    made = encoders(reads_dense=False)
    made.opened(replace(made.manifest, encoder="openai:large", dimension=8))
    with pytest.raises(
        ConfigurationError, match="with the encoder 'openai:large'; open it with that encoder"
    ):
        _ = made.stored


@pytest.mark.parametrize(("given", "reads_dense"), [(HashingEncoder(), True), (None, False)])
def test_the_transformer_is_asked_for_only_where_it_is_needed(
    monkeypatch: pytest.MonkeyPatch, given: HashingEncoder | None, reads_dense: bool
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert encoders(given, reads_dense=reads_dense).manifest.static_encoder == StaticEncoder.model_id

"""The doubles that ship with the library keep the promises that tests rely on."""

import subprocess
import sys

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from toolshed.backbones.embedding import DenseEncoder
from toolshed.testing import HashingEncoder, make_tool

PRINT = (
    "from toolshed.testing import HashingEncoder; print(HashingEncoder(8).encode(['send an email']).tolist())"
)


def test_texts_that_share_words_are_near_and_others_are_not() -> None:
    asked, near, far = HashingEncoder().encode(["send emails", "Email: sending!", "weather forecast"])
    assert asked @ near > 0.9
    assert asked @ far < 0.5


@pytest.mark.parametrize("text", ["of the", "", "?!", "天気"], ids=ascii)
def test_every_text_has_a_direction_of_length_one(text: str) -> None:
    (vector,) = HashingEncoder(16).encode([text])
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_no_two_processes_differ() -> None:
    # Python hashes text anew in every process.
    told = [subprocess.run([sys.executable, "-c", PRINT], capture_output=True, text=True) for _ in range(2)]
    assert told[0].stdout == told[1].stdout == f"{HashingEncoder(8).encode(['send an email']).tolist()}\n"


def test_it_is_an_encoder_and_keeps_what_it_was_given_in_order() -> None:
    encoder = HashingEncoder(32, model_id="mine")
    encoder.encode(["b", "a"])
    assert encoder.encode([]).shape == (0, 32)
    encoder.encode(["b"])
    assert encoder.encoded == ["b", "a", "b"]
    as_declared: DenseEncoder = encoder
    assert (as_declared.model_id, as_declared.dimension) == ("mine:32", 32)


def test_a_tool_has_the_schema_of_an_object_and_shares_it_with_no_other() -> None:
    first, second = make_tool("a", properties={"x": {"type": "string"}}), make_tool("b")
    Draft202012Validator.check_schema(dict(first.parameters))
    assert first.parameters == {"type": "object", "properties": {"x": {"type": "string"}}}
    assert (second.tool_id, second.parameters) == ("test:b", {"type": "object", "properties": {}})

"""The shipped graph is the one that the code writes, and it computes what its weights say."""

import onnx
import pytest

from toolshed.backbones.minilm import GRAPH, WEIGHTS, weights_folder
from toolshed.backbones.minilm_graph import build_graph
from toolshed.backbones.tensor_file import stored_tensors


@pytest.fixture(scope="module")
def shipped() -> onnx.ModelProto:
    return onnx.load_model_from_string(GRAPH.read_bytes())


def test_the_shipped_graph_is_the_one_that_the_code_writes(shipped: onnx.ModelProto) -> None:
    assert shipped == build_graph(stored_tensors(weights_folder() / WEIGHTS))


def test_the_graph_holds_no_weights_and_uses_each_once(shipped: onnx.ModelProto) -> None:
    names = [tensor.name for tensor in shipped.graph.initializer]
    assert len(names) == len(set(names))
    assert not any(tensor.raw_data for tensor in shipped.graph.initializer)
    # The pooler is no part of the sentence encoder, nor are the positions that torch counts.
    unused = set(stored_tensors(weights_folder() / WEIGHTS)) - set(names)
    assert unused == {"pooler.dense.weight", "pooler.dense.bias", "embeddings.position_ids"}

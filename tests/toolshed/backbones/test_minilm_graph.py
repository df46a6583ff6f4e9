"""The shipped graph is the one that the code writes, and it computes what its weights say."""

import onnx
import pytest

from toolshed.backbones.minilm import FILES, Precision, weights_folder
from toolshed.backbones.minilm_graph import build_graph
from toolshed.backbones.tensor_file import stored_tensors

# The pooler is no part of the sentence encoder, nor are the positions that torch counts.
UNUSED = {
    "fp32": {"pooler.dense.weight", "pooler.dense.bias", "embeddings.position_ids"},
    "int8": set(),
}


def shipped(precision: Precision) -> onnx.ModelProto:
    return onnx.load_model_from_string(FILES[precision].graph.read_bytes())


@pytest.mark.parametrize("precision", FILES)
def test_the_shipped_graph_is_the_one_that_the_code_writes(precision: Precision) -> None:
    tensors = stored_tensors(weights_folder() / FILES[precision].weights)
    assert shipped(precision) == build_graph(tensors, precision)


@pytest.mark.parametrize("precision", FILES)
def test_the_graph_holds_no_weights_and_uses_each_once(precision: Precision) -> None:
    initializers = shipped(precision).graph.initializer
    names = [tensor.name for tensor in initializers]
    assert len(names) == len(set(names))
    assert not any(tensor.raw_data for tensor in initializers)
    assert set(stored_tensors(weights_folder() / FILES[precision].weights)) - set(names) == UNUSED[precision]

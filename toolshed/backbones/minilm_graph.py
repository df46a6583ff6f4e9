"""The ONNX graph of all-MiniLM-L6-v2, written once from where the weights lie in their file.

Exporting through torch would bring torch along; the graph is small enough to write by hand, and writing it
lets us use ONNX Runtime's fused operators (``com.microsoft``) from the start. It holds no weights but says
where they lie in ``model.safetensors``, which ONNX Runtime maps into memory. ``minilm.onnx`` is what
``python -m toolshed.backbones.minilm_graph`` makes; only that needs the package ``onnx``.

The graph reads *packed* sequences: many texts laid end to end in one row, told apart by a
block-diagonal attention mask, so no token of padding is ever computed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

from toolshed.backbones.minilm import GRAPH, WEIGHTS, weights_folder
from toolshed.backbones.tensor_file import StoredTensor, stored_tensors

_MICROSOFT = "com.microsoft"
_EPSILON = 1e-12
_N_LAYERS, _N_HEADS = 6, 12


class _GraphBuilder:
    """Collects nodes and initializers of the encoder."""

    def __init__(self, tensors: Mapping[str, StoredTensor]) -> None:
        self.tensors = tensors
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def weight(self, name: str, *, rows: int | None = None) -> str:
        """Refer to a checkpoint weight, or to its first rows, and return the name."""
        tensor = self.tensors[name]
        shape = tensor.shape if rows is None else (rows, *tensor.shape[1:])
        n_bytes = tensor.n_bytes if rows is None else tensor.n_bytes * rows // tensor.shape[0]
        place = {"location": WEIGHTS, "offset": tensor.offset, "length": n_bytes}
        self.initializers.append(
            TensorProto(
                name=name,
                data_type=TensorProto.FLOAT,
                dims=shape,
                data_location=TensorProto.EXTERNAL,
                external_data=[
                    onnx.StringStringEntryProto(key=key, value=str(value)) for key, value in place.items()
                ],
            )
        )
        return name

    # Any: onnx takes whatever an operator calls an attribute.
    def add(
        self, op: str, inputs: list[str], output: str, *, domain: str = _MICROSOFT, **attributes: Any
    ) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def transposed(self, name: str) -> str:
        """A linear layer of torch as MatMul wants it; transposed once, when the session starts."""
        return self.add("Transpose", [self.weight(name)], f"{name}.T", domain="", perm=[1, 0])

    def linear(self, hidden: str, weight: str, output: str) -> str:
        return self.add("MatMul", [hidden, self.transposed(weight)], output, domain="")

    def embed(self) -> str:
        prefix = "embeddings"
        # Every text of a sentence encoder is segment 0: folding its row into the positions saves an input.
        segment = self.weight(f"{prefix}.token_type_embeddings.weight", rows=1)
        places = self.weight(f"{prefix}.position_embeddings.weight")
        positions = self.add("Add", [places, segment], f"{prefix}.positions", domain="")
        words = self.weight(f"{prefix}.word_embeddings.weight")
        norm = [self.weight(f"{prefix}.LayerNorm.{name}") for name in ("weight", "bias")]
        inputs = ["input_ids", "", words, positions, "", *norm, "", "position_ids"]
        outputs = ["embedded", "unused_mask_index"]
        self.nodes.append(
            helper.make_node(
                "EmbedLayerNormalization",
                inputs,
                outputs,
                name="embedded",
                domain=_MICROSOFT,
                epsilon=_EPSILON,
            )
        )
        return "embedded"

    def layer(self, index: int, hidden: str) -> str:
        prefix = f"encoder.layer.{index}"
        projections = [f"{prefix}.attention.self.{name}" for name in ("query", "key", "value")]
        weights = [self.transposed(f"{name}.weight") for name in projections]
        biases = [self.weight(f"{name}.bias") for name in projections]
        qkv_weight = self.add("Concat", weights, f"{prefix}.qkv.weight", domain="", axis=1)
        qkv_bias = self.add("Concat", biases, f"{prefix}.qkv.bias", domain="", axis=0)
        attended = self.add(
            "Attention",
            [hidden, qkv_weight, qkv_bias, "attention_mask"],
            f"{prefix}.attended",
            num_heads=_N_HEADS,
        )
        projected = self.linear(attended, f"{prefix}.attention.output.dense.weight", f"{prefix}.projected")
        hidden = self.skip_norm(projected, hidden, f"{prefix}.attention.output")
        inner = self.linear(hidden, f"{prefix}.intermediate.dense.weight", f"{prefix}.inner")
        bias = self.weight(f"{prefix}.intermediate.dense.bias")
        activated = self.add("BiasGelu", [inner, bias], f"{prefix}.activated")
        outer = self.linear(activated, f"{prefix}.output.dense.weight", f"{prefix}.outer")
        return self.skip_norm(outer, hidden, f"{prefix}.output")

    def skip_norm(self, branch: str, skip: str, prefix: str) -> str:
        names = ("LayerNorm.weight", "LayerNorm.bias", "dense.bias")
        weights = [self.weight(f"{prefix}.{name}") for name in names]
        return self.add(
            "SkipLayerNormalization",
            [branch, skip, *weights],
            f"{prefix}.normalised",
            epsilon=_EPSILON,
        )


def build_graph(tensors: Mapping[str, StoredTensor]) -> onnx.ModelProto:
    """Build the encoder's graph.

    Args:
        tensors: Where the weights lie in ``model.safetensors``, by their Hugging Face names.

    Returns:
        A model with inputs ``input_ids`` and ``position_ids`` (int32, [1, tokens]) and
        ``attention_mask`` (int32, [1, tokens, tokens], 1 where attention is allowed), and the
        output ``hidden`` (float32, [1, tokens, dimension]).
    """
    builder = _GraphBuilder(tensors)
    hidden = builder.embed()
    for index in range(_N_LAYERS):
        hidden = builder.layer(index, hidden)
    builder.add("Identity", [hidden], "hidden", domain="")
    ids: list[str | int | None] = [1, "tokens"]
    graph = helper.make_graph(
        builder.nodes,
        "sentence-encoder",
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT32, ids),
            helper.make_tensor_value_info("position_ids", TensorProto.INT32, ids),
            helper.make_tensor_value_info("attention_mask", TensorProto.INT32, [*ids, "tokens"]),
        ],
        [helper.make_tensor_value_info("hidden", TensorProto.FLOAT, [*ids, None])],
        initializer=builder.initializers,
    )
    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(_MICROSOFT, 1)],
        ir_version=8,
    )


if __name__ == "__main__":
    Path(GRAPH).write_bytes(build_graph(stored_tensors(weights_folder() / WEIGHTS)).SerializeToString())

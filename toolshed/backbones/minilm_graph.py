"""An ONNX graph of a BERT sentence encoder, written straight from its weights.

Exporting through torch would make torch a run-time dependency; the graph is small enough to write by
hand, and writing it lets us use ONNX Runtime's fused operators (``com.microsoft``) from the start.

The graph reads *packed* sequences: many texts laid end to end in one row, told apart by a
block-diagonal attention mask, so no token of padding is ever computed.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_MICROSOFT = "com.microsoft"
_EPSILON = 1e-12

Weights = Mapping[str, NDArray[np.float32]]


class _GraphBuilder:
    """Collects nodes and initializers of one encoder."""

    def __init__(self, weights: Weights, n_heads: int) -> None:
        self.weights = weights
        self.n_heads = n_heads
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def constant(self, name: str, value: NDArray[np.float32]) -> str:
        """Store a weight under ``name`` and return the name."""
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name: str, *, transpose: bool = False) -> str:
        """Store a checkpoint weight; linear layers of torch are transposed for MatMul."""
        value = self.weights[name]
        return self.constant(name, value.T if transpose else value)

    # Any: onnx takes whatever an operator calls an attribute.
    def add(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(
            helper.make_node(op, inputs, [output], name=output, domain=_MICROSOFT, **attributes)
        )
        return output

    def matmul(self, left: str, right: str, output: str) -> str:
        self.nodes.append(helper.make_node("MatMul", [left, right], [output], name=output))
        return output

    def embed(self) -> str:
        prefix = "embeddings"
        # Every text of a sentence encoder is segment 0: folding its row into the positions saves an input.
        positions = (
            self.weights[f"{prefix}.position_embeddings.weight"]
            + self.weights[f"{prefix}.token_type_embeddings.weight"][0]
        )
        inputs = [
            "input_ids",
            "",
            self.weight(f"{prefix}.word_embeddings.weight"),
            self.constant(f"{prefix}.positions", positions.astype(np.float32)),
            "",
            self.weight(f"{prefix}.LayerNorm.weight"),
            self.weight(f"{prefix}.LayerNorm.bias"),
            "",
            "position_ids",
        ]
        self.nodes.append(
            helper.make_node(
                "EmbedLayerNormalization",
                inputs,
                ["embedded", "unused_mask_index"],
                name="embedded",
                domain=_MICROSOFT,
                epsilon=_EPSILON,
            )
        )
        return "embedded"

    def layer(self, index: int, hidden: str) -> str:
        prefix = f"encoder.layer.{index}"
        projections = [f"{prefix}.attention.self.{name}" for name in ("query", "key", "value")]
        qkv_weight = np.concatenate([self.weights[f"{p}.weight"].T for p in projections], axis=1)
        qkv_bias = np.concatenate([self.weights[f"{p}.bias"] for p in projections])
        attended = self.add(
            "Attention",
            [
                hidden,
                self.constant(f"{prefix}.qkv.weight", qkv_weight),
                self.constant(f"{prefix}.qkv.bias", qkv_bias),
                "attention_mask",
            ],
            f"{prefix}.attended",
            num_heads=self.n_heads,
        )
        projected = self.matmul(
            attended,
            self.weight(f"{prefix}.attention.output.dense.weight", transpose=True),
            f"{prefix}.projected",
        )
        hidden = self.skip_norm(projected, hidden, f"{prefix}.attention.output")
        inner = self.matmul(
            hidden,
            self.weight(f"{prefix}.intermediate.dense.weight", transpose=True),
            f"{prefix}.inner",
        )
        activated = self.add(
            "BiasGelu",
            [inner, self.weight(f"{prefix}.intermediate.dense.bias")],
            f"{prefix}.activated",
        )
        outer = self.matmul(
            activated,
            self.weight(f"{prefix}.output.dense.weight", transpose=True),
            f"{prefix}.outer",
        )
        return self.skip_norm(outer, hidden, f"{prefix}.output")

    def skip_norm(self, branch: str, skip: str, prefix: str) -> str:
        return self.add(
            "SkipLayerNormalization",
            [
                branch,
                skip,
                self.weight(f"{prefix}.LayerNorm.weight"),
                self.weight(f"{prefix}.LayerNorm.bias"),
                self.weight(f"{prefix}.dense.bias"),
            ],
            f"{prefix}.normalised",
            epsilon=_EPSILON,
        )


def build_graph(weights: Weights, *, n_layers: int, n_heads: int) -> onnx.ModelProto:
    """Build the encoder's graph.

    Args:
        weights: A BERT checkpoint by its Hugging Face names, float32.
        n_layers: Number of transformer layers.
        n_heads: Attention heads per layer.

    Returns:
        A model with inputs ``input_ids`` and ``position_ids`` (int32, [1, tokens]) and
        ``attention_mask`` (int32, [1, tokens, tokens], 1 where attention is allowed), and the
        output ``hidden`` (float32, [1, tokens, dimension]).
    """
    builder = _GraphBuilder(weights, n_heads)
    hidden = builder.embed()
    for index in range(n_layers):
        hidden = builder.layer(index, hidden)
    builder.nodes.append(helper.make_node("Identity", [hidden], ["hidden"], name="hidden"))
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

"""The ONNX graphs of all-MiniLM-L6-v2, written once from where the weights lie in their files.

Exporting through torch would bring torch along; the graph is small enough to write by hand, and writing it
lets us use ONNX Runtime's fused operators (``com.microsoft``) from the start. It holds no weights but says
where they lie in their file, which ONNX Runtime maps into memory. ``minilm.onnx`` and ``minilm_int8.onnx``
are what ``python -m toolshed.backbones.minilm_graph`` makes; only that needs the package ``onnx``.

The graph reads *packed* sequences: many texts laid end to end in one row, told apart by a
block-diagonal attention mask, so no token of padding is ever computed.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import onnx
from onnx import TensorProto, helper

from toolshed.backbones.minilm import FILES, Precision, weights_folder
from toolshed.backbones.minilm_int8 import N_LAYERS, PRODUCTS, layer
from toolshed.backbones.tensor_file import StoredTensor, stored_tensors

_MICROSOFT = "com.microsoft"
_EPSILON = 1e-12
_N_HEADS = 12
_KINDS = {"F32": TensorProto.FLOAT, "I8": TensorProto.INT8}


class _GraphBuilder(ABC):
    """Collects nodes and initializers of the encoder."""

    def __init__(self, tensors: Mapping[str, StoredTensor], file: str) -> None:
        self.tensors, self.file = tensors, file
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def weight(self, name: str, *, rows: int | None = None) -> str:
        """Refer to a checkpoint weight, or to its first rows, and return the name."""
        tensor = self.tensors[name]
        shape = tensor.shape if rows is None else (rows, *tensor.shape[1:])
        n_bytes = tensor.n_bytes if rows is None else tensor.n_bytes * rows // tensor.shape[0]
        place = {"location": self.file, "offset": tensor.offset, "length": n_bytes}
        self.initializers.append(
            TensorProto(
                name=name,
                data_type=_KINDS[tensor.kind],
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

    def layer(self, index: int, hidden: str) -> str:
        prefix = layer(index)
        attended = self.attend(prefix, hidden)
        projected = self.product(f"{prefix}.projected", attended)
        hidden = self.skip_norm(
            projected, hidden, f"{prefix}.attention.output", self.bias(f"{prefix}.projected")
        )
        inner = self.product(f"{prefix}.inner", hidden)
        activated = self.add("BiasGelu", [inner, self.bias(f"{prefix}.inner")], f"{prefix}.activated")
        outer = self.product(f"{prefix}.outer", activated)
        return self.skip_norm(outer, hidden, f"{prefix}.output", self.bias(f"{prefix}.outer"))

    def skip_norm(self, branch: str, skip: str, prefix: str, bias: str) -> str:
        norm = [self.weight(f"{prefix}.LayerNorm.{part}") for part in ("weight", "bias")]
        return self.add(
            "SkipLayerNormalization",
            [branch, skip, *norm, bias],
            f"{prefix}.normalised",
            epsilon=_EPSILON,
        )

    @abstractmethod
    def embed(self) -> str:
        """Add what makes ``embedded`` of the inputs."""

    @abstractmethod
    def attend(self, prefix: str, hidden: str) -> str:
        """Add the attention of a layer."""

    @abstractmethod
    def product(self, name: str, hidden: str) -> str:
        """Add a product of a layer, without its bias."""

    @abstractmethod
    def bias(self, name: str) -> str:
        """The bias of a product."""


class _Fp32(_GraphBuilder):
    """As the checkpoint has it; products are transposed once, when the session starts."""

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

    def attend(self, prefix: str, hidden: str) -> str:
        projections = [f"{prefix}.{name}" for name in PRODUCTS["qkv"]]
        weights = [self.transposed(f"{name}.weight") for name in projections]
        biases = [self.weight(f"{name}.bias") for name in projections]
        qkv_weight = self.add("Concat", weights, f"{prefix}.qkv.weight", domain="", axis=1)
        qkv_bias = self.add("Concat", biases, f"{prefix}.qkv.bias", domain="", axis=0)
        return self.add(
            "Attention",
            [hidden, qkv_weight, qkv_bias, "attention_mask"],
            f"{prefix}.attended",
            num_heads=_N_HEADS,
        )

    def product(self, name: str, hidden: str) -> str:
        return self.add("MatMul", [hidden, self.transposed(f"{_dense(name)}.weight")], name, domain="")

    def bias(self, name: str) -> str:
        return self.weight(f"{_dense(name)}.bias")

    def transposed(self, name: str) -> str:
        return self.add("Transpose", [self.weight(name)], f"{name}.T", domain="", perm=[1, 0])


class _Int8(_GraphBuilder):
    """Products in eight bits; see :mod:`toolshed.backbones.minilm_int8`."""

    def __init__(self, tensors: Mapping[str, StoredTensor], file: str) -> None:
        super().__init__(tensors, file)
        # Steps are part of the weights, so every quantised value counts one of them, from 128 on.
        self.one, self.middle = "one", "middle"
        self.initializers.append(helper.make_tensor(self.one, TensorProto.FLOAT, [], [1.0]))
        self.initializers.append(helper.make_tensor(self.middle, TensorProto.UINT8, [], [128]))

    def embed(self) -> str:
        words = self.add("Gather", [self.weight("embeddings.words"), "input_ids"], "words", domain="")
        scales = self.add("Gather", [self.weight("embeddings.words.scale"), "input_ids"], "scales", domain="")
        floats = self.add("Cast", [words], "words.float", domain="", to=TensorProto.FLOAT)
        scaled = self.add("Mul", [floats, scales], "words.scaled", domain="")
        table = self.weight("embeddings.positions")
        places = self.add("Gather", [table, "position_ids"], "positions", domain="")
        norm = [self.weight(f"embeddings.LayerNorm.{part}") for part in ("weight", "bias")]
        return self.add("SkipLayerNormalization", [scaled, places, *norm], "embedded", epsilon=_EPSILON)

    def attend(self, prefix: str, hidden: str) -> str:
        name = f"{prefix}.qkv"
        quantised = self.quantised(name, hidden)
        inputs = [quantised, self.weight(f"{name}.weight"), self.bias(name), self.one]
        inputs += [self.weight(f"{name}.scale"), "attention_mask", self.middle, self.weight(f"{name}.zero")]
        return self.add("QAttention", inputs, f"{prefix}.attended", num_heads=_N_HEADS)

    def product(self, name: str, hidden: str) -> str:
        inputs = [self.quantised(name, hidden), self.weight(f"{name}.weight"), self.one]
        inputs += [self.weight(f"{name}.scale"), self.middle, self.weight(f"{name}.zero")]
        return self.add("MatMulIntegerToFloat", inputs, name)

    def bias(self, name: str) -> str:
        return self.weight(f"{name}.bias")

    def quantised(self, name: str, hidden: str) -> str:
        """What goes into a product, in eight bits around 128; what is beyond its scale is cut off."""
        stepped = self.add("Mul", [hidden, self.weight(f"{name}.steps")], f"{name}.stepped", domain="")
        inputs = [stepped, self.one, self.middle]
        return self.add("QuantizeLinear", inputs, f"{name}.quantised", domain="")


def _dense(name: str) -> str:
    """What the checkpoint calls a product of one tensor."""
    prefix, product = name.rsplit(".", 1)
    return f"{prefix}.{PRODUCTS[product][0]}"


def build_graph(tensors: Mapping[str, StoredTensor], precision: Precision = "fp32") -> onnx.ModelProto:
    """Build the encoder's graph.

    Args:
        tensors: Where the weights lie in their file, by their names in it.
        precision: What they are.

    Returns:
        A model with inputs ``input_ids`` and ``position_ids`` (int32, [1, tokens]) and
        ``attention_mask`` (int32, [1, tokens, tokens], 1 where attention is allowed), and the
        output ``hidden`` (float32, [1, tokens, dimension]).
    """
    builder = (_Fp32 if precision == "fp32" else _Int8)(tensors, FILES[precision].weights)
    hidden = builder.embed()
    for index in range(N_LAYERS):
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
    for precision, files in FILES.items():
        graph = build_graph(stored_tensors(weights_folder() / files.weights), precision)
        files.graph.write_bytes(graph.SerializeToString())

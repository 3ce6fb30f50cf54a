"""Writes the network of all-MiniLM-L6-v2 as an ONNX graph, in fp32 or int8.

The graph reads the token ids of ONE text, shape (1, length), and gives its unit vector, shape
(1, 384): mean pooling and normalisation are inside. The states that are pooled, shape (length,
384), can be had besides. There is no padding and no mask, on purpose:
int8 scales its activations by the largest value of the whole tensor, so in a batch a text's
vector would depend on its neighbours. One text at a time is as fast where each core runs its own.

The operators are the ones that proved fastest in onnxruntime on a CPU: its fused
DynamicQuantizeMatMul, MultiHeadAttention and Gelu, and the plain LayerNormalization, which takes
a sixth of the time of its SkipLayerNormalization. Outside of attention a text is a matrix, shape
(length, channels), as Gemm wants it.

What int8 loses, it loses to a few loud channels: this model gives one token of every text values
ten times larger than all others, always in the same channels, and they would coarsen the scale
for the rest. Those channels are multiplied in fp32 beside the int8 product, by a Gemm that adds
them to it. That lifts a passage's worst cosine to fp32 from 0.98 to 0.995 for a tenth of the speed,
and is why the weights are quantised here and not with onnxruntime.quantization.

A change here needs another GRAPH_FORMAT in minilm.py. This module imports `onnx`, which is slow:
import it only where a graph must be built.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from askpod.embedding.weights import DIMENSION, MAX_TOKENS, MODEL, Precision, Tensors

LAYERS = 6
HEADS = 12
_EPSILON = 1e-12

# Channels with the largest values, measured once over 5,000 tokens of speech: of the hidden state
# in every layer, and of the inner state (after Gelu) by layer. Another choice would stay correct;
# it would only be less exact.
_LOUD_HIDDEN = (63, 99, 157, 223)
_LOUD_INNER = {0: (856,), 1: (607,), 2: (218, 1004), 3: (358,)}

# Seven bits for weights that meet quantised activations: the dot product of CPUs without VNNI
# adds two products in 16 bits, which overflows at eight. So every CPU gets the same integer sums.
_WEIGHT_TOP = 64
_WORD_TOP = 127

_CONTRIB = "com.microsoft"


def build_graph(tensors: Tensors, precision: Precision) -> bytes:
    """The serialised graph: input `ids`, outputs `vector` and `states`.

    Raises:
        KeyError: a tensor of the model is missing.
    """
    return _Writer(tensors, precision).model()


class _Writer:
    """Collects nodes and constants; each method adds a piece and returns its output's name."""

    def __init__(self, tensors: Tensors, precision: Precision) -> None:
        self.tensors = tensors
        self.precision = precision
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def model(self) -> bytes:
        first = self.constant("first", np.array([0]))
        x = self.node("Squeeze", [self.embeddings("embeddings.", first), first])
        for layer in range(LAYERS):
            x = self.layer(layer, x, first)
        self.nodes.append(helper.make_node("Identity", [x], ["states"]))
        pooled = self.node("ReduceMean", [x, first], keepdims=1)
        self.nodes.append(helper.make_node("LpNormalization", [pooled], ["vector"], axis=-1, p=2))
        graph = helper.make_graph(
            self.nodes,
            MODEL,
            [helper.make_tensor_value_info("ids", onnx.TensorProto.INT64, [1, "length"])],
            [
                helper.make_tensor_value_info("vector", onnx.TensorProto.FLOAT, [1, DIMENSION]),
                helper.make_tensor_value_info(
                    "states", onnx.TensorProto.FLOAT, ["length", DIMENSION]
                ),
            ],
            self.constants,
        )
        opsets = [helper.make_opsetid("", 18), helper.make_opsetid(_CONTRIB, 1)]
        # The oldest format that has these operators, so that older runtimes read it too.
        proto = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        return bytes(proto.SerializeToString())

    def embeddings(self, name: str, first: str) -> str:
        words = self.words(name, self.tensors[name + "word_embeddings.weight"])
        # A single text is all of token type 0, so its embedding joins the positions.
        positions = (
            self.tensors[name + "position_embeddings.weight"][:MAX_TOKENS]
            + self.tensors[name + "token_type_embeddings.weight"][0]
        )
        length = self.node("Shape", ["ids"], start=1, end=2)
        table = self.constant("positions", positions)
        return self.normalised(
            name + "LayerNorm", words, self.node("Slice", [table, first, length, first])
        )

    def words(self, name: str, table: NDArray[np.float32]) -> str:
        if self.precision == "fp32":
            return self.node("Gather", [self.constant(name + "words", table), "ids"])
        rows, scales = quantise(table, 1, _WORD_TOP)
        picked = self.node("Gather", [self.constant(name + "rows", rows), "ids"])
        scale = self.node("Gather", [self.constant(name + "scales", scales), "ids"])
        floats = self.node("Cast", [picked], to=onnx.TensorProto.FLOAT)
        return self.node("Mul", [floats, scale])

    def layer(self, layer: int, x: str, first: str) -> str:
        name = f"encoder.layer.{layer}."
        joined = self.node("Unsqueeze", [self.queries_keys_values(name, x), first])
        parts = [f"{joined}.{part}" for part in range(3)]
        self.nodes.append(helper.make_node("Split", [joined], parts, axis=2, num_outputs=3))
        heads = self.node("MultiHeadAttention", parts, _CONTRIB, num_heads=HEADS)
        attended = self.node("Squeeze", [heads, first])
        mixed = self.linear(name + "attention.output.dense", attended)
        x = self.normalised(name + "attention.output.LayerNorm", mixed, x)
        inner = self.linear(name + "intermediate.dense", x, _LOUD_HIDDEN)
        gelu = self.node("Gelu", [inner], _CONTRIB)
        outer = self.linear(name + "output.dense", gelu, _LOUD_INNER.get(layer, ()))
        return self.normalised(name + "output.LayerNorm", outer, x)

    def queries_keys_values(self, name: str, x: str) -> str:
        """One product gives all three: the activations are read, and quantised, once."""
        parts = [name + f"attention.self.{part}." for part in ("query", "key", "value")]
        joined = name + "attention.self.all"
        for kind in ("weight", "bias"):
            self.tensors[f"{joined}.{kind}"] = np.concatenate(
                [self.tensors[part + kind] for part in parts]
            )
        return self.linear(joined, x, _LOUD_HIDDEN)

    def linear(self, name: str, x: str, loud: tuple[int, ...] = ()) -> str:
        """X * weight + bias; int8 keeps the input channels in `loud` out of the quantised part."""
        weight = self.tensors[name + ".weight"].T
        bias = self.constant(name + ".bias", self.tensors[name + ".bias"])
        if self.precision == "fp32":
            product = self.node("MatMul", [x, self.constant(name + ".weight", weight)])
            return self.node("Add", [product, bias])
        if not loud:
            return self.quantised(name, x, weight, bias)
        channels = np.array(loud)
        quiet = np.ones(len(weight), np.float32)
        quiet[channels] = 0
        masked = self.node("Mul", [x, self.constant(name + ".quiet", quiet)])
        product = self.quantised(name, masked, weight * quiet[:, None], bias)
        picked = self.node("Gather", [x, self.constant(name + ".loud", channels)], axis=1)
        rows = self.constant(name + ".rows", weight[channels])
        return self.node("Gemm", [picked, rows, product])

    def quantised(self, name: str, x: str, weight: NDArray[np.float32], bias: str) -> str:
        columns, scales = quantise(weight, 0, _WEIGHT_TOP)
        inputs = [
            x,
            self.constant(name + ".columns", columns),
            self.constant(name + ".scales", scales.reshape(-1)),
            "",  # symmetric: no zero point
            bias,
        ]
        return self.node("DynamicQuantizeMatMul", inputs, _CONTRIB)

    def normalised(self, name: str, x: str, residual: str) -> str:
        gain = self.constant(name + ".weight", self.tensors[name + ".weight"])
        shift = self.constant(name + ".bias", self.tensors[name + ".bias"])
        total = self.node("Add", [x, residual])
        return self.node("LayerNormalization", [total, gain, shift], axis=-1, epsilon=_EPSILON)

    def node(self, op: str, inputs: list[str], domain: str = "", **attributes: float) -> str:
        output = f"{len(self.nodes)}.{op}"
        made = helper.make_node(op, inputs, [output], name=output, domain=domain)
        made.attribute.extend(helper.make_attribute(*item) for item in attributes.items())
        self.nodes.append(made)
        return output

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name


def quantise(
    values: NDArray[np.float32], axis: int, top: int
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Symmetric integers from -top to top, one scale for each slice that `axis` reduces.

    Returns:
        The integers, shape of `values`, and the scales with `axis` kept as length 1, so that
        integers * scales is close to `values`.
    """
    largest = np.abs(values).max(axis=axis, keepdims=True)
    scales = np.where(largest > 0, largest / top, 1).astype(np.float32)
    return np.rint(values / scales).astype(np.int8), scales

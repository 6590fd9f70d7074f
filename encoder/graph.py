"""Some layers of the network as an ONNX graph with 8-bit weights: what onnxruntime runs. There are two forms of it.

*Close*: weights in blocks of 32 with a scale each (MatMulNBits): a quarter of the memory and about half the time of
32-bit ones, with vectors whose cosine to the exact ones is 0.9999 on average.

*Quick*: rows and weights are multiplied as 8-bit integers, with one scale for all rows and one for each output
(DynamicQuantizeMatMul, which newer processors have instructions for): a third of that time again. A few channels of
this network are many times as loud as all others: one scale for them too would leave the others hardly a step, so these
are multiplied in 32 bits, beside (encoder.loud). The cosine is 0.9997; without that it is 0.997.

Needs the ``onnx`` package; only what makes the files imports this.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper, numpy_helper

from encoder.layers import Layer
from encoder.loud import LOUD, LOUD_INSIDE
from encoder.packed import EPSILON, HEADS, WIDTH, Floats

INPUT, OUTPUT = "rows", "vectors"
_BLOCK = 32
#: A weight is at most so many steps: with 127, two products of one sum may be more than 16 bits hold, and a processor
#: without VNNI would cut them off.
_STEPS = 64
_OPSET, _IR = 20, 9


class _Builder:
    """Collects nodes and constants; each method returns the name of its result."""

    def __init__(self, *, quick: bool) -> None:
        self.quick = quick
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, values: npt.ArrayLike) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, *inputs: str, outputs: int = 1, domain: str = "", **attributes: Any) -> list[str]:
        names = [f"n{len(self.nodes)}.{output}" for output in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attributes))
        return names

    def one(self, kind: str, *inputs: str, **attributes: Any) -> str:
        return self.node(kind, *inputs, **attributes)[0]

    def linear(self, rows: str, weight: Floats, bias: Floats, loud: Sequence[int] = ()) -> str:
        """``rows @ weight + bias`` with the weight in 8 bits; ``loud``: those of the rows' channels that are."""
        return self._in_one_scale(rows, weight, bias, loud) if self.quick else self._in_blocks(rows, weight, bias)

    def _in_blocks(self, rows: str, weight: Floats, bias: Floats) -> str:
        inner, outer = weight.shape
        blocks = weight.T.reshape(outer, inner // _BLOCK, _BLOCK)
        scales = np.maximum(np.abs(blocks).max(axis=-1, keepdims=True) / 127.0, 1e-12)
        eight_bits = np.clip(np.round(blocks / scales) + 128.0, 0, 255).astype(np.uint8)
        return self.one(
            "MatMulNBits", rows, self.constant(eight_bits), self.constant(scales[..., 0].astype(np.float32)), "", "",
            self.constant(bias), domain="com.microsoft", K=inner, N=outer, bits=8, block_size=_BLOCK, accuracy_level=4,
        )  # fmt: skip

    def _in_one_scale(self, rows: str, weight: Floats, bias: Floats, loud: Sequence[int]) -> str:
        quiet = np.ones(len(weight), np.float32)
        quiet[list(loud)] = 0.0
        weight, beside = weight * quiet[:, None], weight[list(loud)]
        scales = np.maximum(np.abs(weight).max(axis=0) / _STEPS, 1e-12).astype(np.float32)
        steps = np.round(weight / scales).astype(np.int8)
        product = self.one(
            "DynamicQuantizeMatMul", self.one("Mul", rows, self.constant(quiet)) if loud else rows,
            self.constant(steps), self.constant(scales), self.constant(np.zeros(len(scales), np.int8)),
            self.constant(bias), domain="com.microsoft",
        )  # fmt: skip
        if not loud:
            return product
        channels = self.one("Gather", rows, self.constant(np.array(loud, np.int64)), axis=1)
        return self.one("Gemm", channels, self.constant(beside), product)

    def normalised(self, rows: str, weights: tuple[Floats, Floats]) -> str:
        scale, shift = (self.constant(values) for values in weights)
        return self.one("LayerNormalization", rows, scale, shift, axis=-1, epsilon=EPSILON)

    def layer(self, rows: str, layer: Layer) -> str:
        heads = self.constant(np.array([0, 3, HEADS, WIDTH // HEADS], np.int64))
        flat = self.constant(np.array([-1, WIDTH], np.int64))
        scale = self.constant(np.float32((WIDTH // HEADS) ** -0.5))
        split = self.one("Transpose", self.one("Reshape", self.linear(rows, layer.qkv, layer.qkv_bias, LOUD), heads),
                         perm=[1, 2, 0, 3])  # fmt: skip
        queries, keys, values = self.node("Split", split, outputs=3, axis=0, num_outputs=3)
        alike = self.one("MatMul", queries, self.one("Transpose", keys, perm=[0, 1, 3, 2]))
        attention = self.one("Softmax", self.one("Mul", alike, scale), axis=-1)
        seen = self.one("Transpose", self.one("MatMul", attention, values), perm=[0, 2, 1, 3])
        context = self.linear(self.one("Reshape", seen, flat), layer.out, layer.out_bias)
        rows = self.normalised(self.one("Add", rows, context), layer.norm)
        inner = self.one("Gelu", self.linear(rows, layer.rise, layer.rise_bias, LOUD), approximate="tanh")
        fallen = self.linear(inner, layer.fall, layer.fall_bias, LOUD_INSIDE[layer.number])
        return self.normalised(self.one("Add", rows, fallen), layer.last_norm)


def graph(layers: Sequence[Layer], *, quick: bool) -> bytes:
    """The graph's file: token vectors in, one row a token; the token vectors after these layers out."""
    builder = _Builder(quick=quick)
    rows = INPUT
    for layer in layers:
        rows = builder.layer(rows, layer)
    builder.nodes.append(helper.make_node("Identity", [rows], [OUTPUT]))
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["tokens", WIDTH]) for name in (INPUT, OUTPUT)]
    made = helper.make_graph(builder.nodes, "e5", ends[:1], ends[1:], builder.constants)
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("com.microsoft", 1)]
    written: bytes = helper.make_model(made, opset_imports=opsets, ir_version=_IR).SerializeToString()
    return written

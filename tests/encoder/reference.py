"""The network of the encoder in plain numpy and 32 bits: what the onnxruntime graph must come close to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from encoder.layers import Layer, normalised
from encoder.packed import HEADS, WIDTH, Floats

_HEAD = WIDTH // HEADS
_GELU = float(np.sqrt(2.0 / np.pi))


def after(layers: Iterable[Layer], rows: Floats) -> Floats:
    """The token vectors after these layers, one at least."""
    return [given for *_, given in steps(layers, rows)][-1]


def steps(layers: Iterable[Layer], rows: Floats) -> Iterator[tuple[Floats, Floats, Floats, Floats]]:
    """For each layer the rows that it gets, that its wide part gets, that are inside it, and that it gives."""
    for layer in layers:
        given = rows
        count = len(rows)
        split = (rows @ layer.qkv + layer.qkv_bias).reshape(count, 3, HEADS, _HEAD)
        queries, keys, values = split.transpose(1, 2, 0, 3)
        weights = queries @ keys.transpose(0, 2, 1) * np.float32(1 / np.sqrt(_HEAD))
        weights = np.exp(weights - weights.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        context = (weights @ values).transpose(1, 0, 2).reshape(count, WIDTH)
        middle = normalised(rows + context @ layer.out + layer.out_bias, layer.norm)
        inner: Floats = middle @ layer.rise + layer.rise_bias
        inner *= 0.5 * (1.0 + np.tanh(_GELU * (inner + 0.044715 * inner * inner * inner)))
        rows = normalised(middle + inner @ layer.fall + layer.fall_bias, layer.last_norm)
        yield given, middle, inner, rows

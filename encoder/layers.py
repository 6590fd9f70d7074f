"""The network's weights, layer by layer, with a fine-tuning's low-rank changes added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from encoder.packed import EPSILON, MATRICES, Floats, Packed


@dataclass(frozen=True)
class Layer:
    """One transformer layer, its matrices laid out for ``rows @ matrix``. ``number``: from 0."""

    number: int
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


def layer(packed: Packed, number: int, changes: Mapping[str, Floats]) -> Layer:
    """Layer ``number``. ``changes``: ``<layer>.<matrix>.a|b|c`` to low-rank factors and bias shifts; may be empty."""
    weights: dict[str, Floats] = {}
    biases: dict[str, Floats] = {}
    for name, (_, columns) in MATRICES.items():
        weight = packed.matrix(f"l{number}.{name}.w", columns)
        bias = packed.floats(f"l{number}.{name}.b")
        key = f"{number}.{name}."
        if key + "a" in changes:
            weight = weight + changes[key + "b"].astype(np.float32) @ changes[key + "a"].astype(np.float32)
            bias = bias + changes[key + "c"].astype(np.float32)
        weights[name], biases[name] = np.ascontiguousarray(weight.T), bias
    floats = packed.floats
    return Layer(
        number=number,
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


def normalised(rows: Floats, weights: tuple[Floats, Floats]) -> Floats:
    """Layer normalisation with its weights and biases."""
    rows = rows - rows.mean(axis=-1, keepdims=True)
    rows /= np.sqrt((rows * rows).mean(axis=-1, keepdims=True) + EPSILON)
    return rows * weights[0] + weights[1]

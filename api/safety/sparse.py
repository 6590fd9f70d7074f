"""Hashed n-grams of the folded text and a linear model over them: cheap enough for every message.

``features`` is shared by training and screening. Words (one to three in a row) and pieces of words (three to five
letters) are hashed into ``2 ** BITS`` places; a text's vector has length one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

import numpy as np
import numpy.typing as npt

from encoder.packed import Floats

BITS = 18
#: Letters of one message that are read.
LONGEST = 1_200
_TOKEN = re.compile(r"[^\W_]+|[^\w\s]")


def features(folded_text: str) -> tuple[npt.NDArray[np.int64], Floats]:
    """Places (each once) and their weights. A text without words or signs has none."""
    if len(folded_text) > LONGEST:
        folded_text = folded_text[: LONGEST // 2] + " " + folded_text[-LONGEST // 2 :]
    words = _TOKEN.findall(folded_text)
    if not words:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    grams = [f"w {word}" for word in words]
    bounded = ["^", *words, "$"]
    grams += [f"2 {a} {b}" for a, b in pairwise(bounded)]
    grams += [f"3 {a} {b} {c}" for a, b, c in zip(bounded, bounded[1:], bounded[2:], strict=False)]
    for word in words:
        padded = f" {word} "
        grams += [padded[i : i + size] for size in (3, 4, 5) for i in range(len(padded) - size + 1)]
    hashed = np.array([crc32(gram.encode("utf-8", "replace")) for gram in grams], dtype=np.int64) & ((1 << BITS) - 1)
    places, counts = np.unique(hashed, return_counts=True)
    weights = 1.0 + np.log(counts.astype(np.float32))
    return places, weights / np.sqrt(np.sum(weights * weights))


@dataclass(frozen=True)
class Linear:
    """Weights per place (8-bit steps of ``scale``), importance per place already multiplied in."""

    weights: npt.NDArray[np.int8]
    scale: float
    bias: float

    def logit(self, folded_text: str) -> float:
        """The log-odds of danger; before calibration."""
        places, values = features(folded_text)
        return float(values @ self.weights[places].astype(np.float32)) * self.scale + self.bias

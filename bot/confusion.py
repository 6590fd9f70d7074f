"""``python -m bot.confusion FILE.png``: draws a confusion matrix, given as JSON on standard input.

In: ``{"names": [...], "counts": [[...], ...]}``, a row for what was meant, a column for what it was taken for. Here
because Rasa's environment brings matplotlib.
"""

from __future__ import annotations

import json
import sys

import matplotlib.pyplot as plt
import numpy as np


def main() -> None:
    given = json.load(sys.stdin)
    names, counts = given["names"], np.array(given["counts"], dtype=float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = max(5.0, 0.32 * len(names) + 2.5)
    figure, axes = plt.subplots(figsize=(side, side), dpi=110)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_xlabel("taken for")
    axes.set_ylabel("meant")
    for row, column in zip(*np.nonzero(counts), strict=True):
        dark = shares[row, column] > 0.5
        axes.text(
            column,
            row,
            int(counts[row, column]),
            ha="center",
            va="center",
            fontsize=7,
            color="white" if dark else "black",
        )
    figure.tight_layout()
    figure.savefig(sys.argv[1])


if __name__ == "__main__":
    main()

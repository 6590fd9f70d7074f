"""Logistic regression over dense and sparse features side by side, in numpy: no rasa, no scikit-learn.

The same model as scikit-learn's (multinomial, class-balanced, L2), but the dense block stays dense: five times quicker
than one sparse matrix of both, and in single precision. Pure but for the time it takes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

Array = np.ndarray[Any, Any]


def fit(
    dense: Array, sparse: csr_matrix, labels: list[str], *, strength: float, max_iter: int
) -> tuple[list[str], Array, Array]:
    """The class names in order, the weights (dense rows first, then sparse rows) and the biases.

    ``dense`` is n x d, ``sparse`` n x s; ``strength`` is the inverse regularisation, as scikit-learn's C.
    """
    classes = sorted(set(labels))
    target = np.array([[label == one for one in classes] for label in labels], dtype=np.float32)
    # Balanced: every intent counts alike, however many examples it has.
    weight = (len(labels) / (len(classes) * target.sum(axis=0)))[target.argmax(axis=1)].astype(np.float32)
    weight *= np.float32(strength)
    dense = np.ascontiguousarray(dense, dtype=np.float32)
    transposed = sparse.T.tocsr()
    width, rows = dense.shape[1], dense.shape[1] + sparse.shape[1] + 1

    def loss(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(rows, len(classes)).astype(np.float32)
        chances = softmax(dense @ weights[:width] + sparse @ weights[width:-1] + weights[-1])
        wrong = (chances - target) * weight[:, None]
        gradient = np.concatenate([dense.T @ wrong, transposed @ wrong, wrong.sum(axis=0, keepdims=True)])
        gradient[:-1] += weights[:-1]
        cost = -(weight * np.log((chances * target).sum(axis=1) + 1e-12)).sum()
        penalty = 0.5 * np.square(weights[:-1], dtype=np.float64).sum()
        return float(cost + penalty), gradient.ravel().astype(np.float64)

    found = minimize(
        loss,
        np.zeros(rows * len(classes)),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": max_iter, "maxcor": 8, "ftol": 1e-5},
    )
    weights = found.x.reshape(rows, len(classes)).astype(np.float32)
    return classes, weights[:-1], weights[-1]


def softmax(scores: Array) -> Array:
    """Probabilities from scores, row by row."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))

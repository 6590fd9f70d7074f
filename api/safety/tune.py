"""Fine-tunes the sentence encoder for the screen, in JAX: low-rank changes to its upper layers and a head.

Used by ``python -m api.safety.train`` only (install the ``train`` extra). The lowest layers stay as they are, so their
output is computed once for every message. A second task, telling the writers' groups apart (idioms, homework, hiding,
overdose …), teaches the network the difference between alarming talk and danger. Same seed, same data, same machine:
same model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from api.safety.corpus import Example
from encoder.packed import EPSILON, HEADS, MATRICES, WIDTH, Floats
from encoder.sentences import Encoder
from encoder.tokens import MOST_TOKENS

KINDS = ("none", "immediate_danger", "self_harm", "harm_disclosed")
#: Batches are padded to one of these lengths, so that only so many programs are compiled.
LENGTHS = (16, 24, 32, 48, 64, MOST_TOKENS)
Tree = Any


@dataclass(frozen=True)
class Plan:
    """How to train."""

    layers: int = 12
    frozen: int = 4
    rank: int = 8
    epochs: float = 3.0
    rate: float = 7e-4
    batch: int = 32
    #: Harmless messages of the understanding that each epoch sees, drawn anew.
    easy: int = 2200
    dropout: float = 0.1
    group_weight: float = 0.3
    emergency_weight: float = 0.4
    seed: int = 0


@dataclass
class Tuner:
    """The network being trained. ``say`` is told how it goes."""

    base: Encoder
    plan: Plan
    groups: list[str]
    say: Callable[[str], None] = print
    trained: Tree = None
    centre: Floats = field(default_factory=lambda: np.zeros(WIDTH, np.float32))
    spread: float = 1.0

    def __post_init__(self) -> None:
        weights = {}
        for name, (_, columns) in MATRICES.items():
            layers = range(self.plan.layers)
            weights[name + ".w"] = _stacked([self.base.packed.matrix(f"l{n}.{name}.w", columns) for n in layers])
            weights[name + ".bias"] = _stacked([self.base.packed.floats(f"l{n}.{name}.b") for n in layers])
        for name in ("aln.w", "aln.b", "oln.w", "oln.b"):
            weights[name] = _stacked([self.base.packed.floats(f"l{n}.{name}") for n in range(self.plan.layers)])
        self._lower = {name: value[: self.plan.frozen] for name, value in weights.items()}
        self._upper = {name: value[self.plan.frozen :] for name, value in weights.items()}
        self._run_lower = jax.jit(lambda rows, mask: _layers(rows, mask, self._lower, None, None, 0.0))
        self._run = jax.jit(self._vectors)
        self._learn = jax.jit(self._step)
        self._start()

    def _start(self) -> None:
        draw = np.random.default_rng(self.plan.seed)
        count, rank = self.plan.layers - self.plan.frozen, self.plan.rank
        changes = {}
        for name, (rows, columns) in MATRICES.items():
            changes[name + ".a"] = jnp.asarray(draw.normal(0, columns**-0.5, (count, rank, columns)), jnp.float32)
            changes[name + ".b"] = jnp.zeros((count, rows, rank), jnp.float32)
            changes[name + ".c"] = jnp.zeros((count, rows), jnp.float32)
        groups = jnp.asarray(draw.normal(0, 0.05, (WIDTH, len(self.groups))), jnp.float32)
        head = {
            "w": jnp.zeros((WIDTH, 5)),
            "b": jnp.zeros(5),
            "groups.w": groups,
            "groups.b": jnp.zeros(len(self.groups)),
        }
        self.trained = {"changes": changes, "head": head}

    def go_on_from(self, stored: Mapping[str, npt.NDArray[Any]], spread: float) -> None:
        """Start from an artefact's arrays instead of from the base model. ValueError if it was made by another plan."""
        for key, value in self.trained["changes"].items():
            name, part = key.split(".")
            rows = [stored[f"n.{self.plan.frozen + row}.{name}.{part}"] for row in range(value.shape[0])]
            if np.stack(rows).shape != value.shape:
                raise ValueError(f"{key} has another shape: it was made by another plan")
            self.trained["changes"][key] = jnp.asarray(np.stack(rows), jnp.float32)
        self.trained["head"]["w"] = jnp.asarray(stored["head.weights"], jnp.float32)
        self.trained["head"]["b"] = jnp.asarray(stored["head.bias"], jnp.float32)
        self.centre, self.spread = stored["centre"].astype(np.float32), spread

    def lower(self, texts: Sequence[str], limit: int = 64) -> list[npt.NDArray[np.float16]]:
        """Each text's token vectors after the frozen layers."""
        ids = [self.base.tokenizer.ids(text, limit) for text in texts]
        positions = self.base.packed.floats("emb.pos").reshape(-1, WIDTH) + self.base.packed.floats("emb.type")[:WIDTH]
        norm = self.base.packed.floats("emb.ln.w"), self.base.packed.floats("emb.ln.b")

        def embedded(numbers: list[int]) -> Floats:
            rows = self.base.packed.words(np.array(numbers)) + positions[: len(numbers)]
            return np.asarray(_normalised(rows, *norm))

        found: list[npt.NDArray[np.float16]] = [np.zeros((0, WIDTH), np.float16)] * len(ids)
        for batch in _batches(ids, self.plan.batch):
            rows = np.asarray(self._run_lower(*collated([embedded(ids[i]) for i in batch], self.plan.batch)))
            for row, i in enumerate(batch):
                found[i] = rows[row, : len(ids[i])].astype(np.float16)
        return found

    def vectors(self, lower: Sequence[npt.NDArray[np.float16]]) -> Floats:
        """The mean token vector of each text after all layers, as trained so far."""
        found = np.zeros((len(lower), WIDTH), np.float32)
        for batch in _batches(lower, self.plan.batch):
            rows, mask = collated([lower[i] for i in batch], self.plan.batch)
            found[batch] = np.asarray(self._run(self.trained, rows, mask))[: len(batch)]
        return found

    def logits(self, vectors: Floats) -> Floats:
        """The head's five numbers for each vector."""
        head = self.trained["head"]
        return np.asarray((vectors - self.centre) / self.spread @ head["w"] + head["b"])

    def train(self, core: Sequence[Example], easy: Sequence[Example]) -> None:
        """Learn from every core example each epoch, and from a new draw of the easy ones."""
        plan = self.plan
        examples = [*core, *easy]
        lower = self.lower([e.text for e in examples])
        if not self.centre.any():
            start = self.vectors(lower[: len(core)])
            self.centre, self.spread = start.mean(axis=0), float(start.std(axis=0).mean() * 2)
        kinds = np.array([KINDS.index(e.kind) for e in examples])
        urgent = np.array(
            [float(e.priority == "emergency") if e.danger and e.priority else -1.0 for e in examples], np.float32
        )
        groups = np.array([self.groups.index(e.group) for e in examples])
        sizes = np.array([len(rows) for rows in lower])
        draw = np.random.default_rng(plan.seed)
        key = jax.random.PRNGKey(plan.seed)
        moments = (jax.tree.map(jnp.zeros_like, self.trained), jax.tree.map(jnp.zeros_like, self.trained))
        drawn = min(plan.easy, len(easy))
        total = int(plan.epochs * (len(core) + drawn) / plan.batch)
        done, began, losses = 0, time.monotonic(), []
        while done < total:
            some = np.concatenate([np.arange(len(core)), len(core) + draw.choice(len(easy), drawn, replace=False)])
            some = some[np.argsort(sizes[some] + draw.uniform(0, 4, len(some)))]
            batches = [some[i : i + plan.batch] for i in range(0, len(some) - plan.batch + 1, plan.batch)]
            draw.shuffle(batches)
            for batch in batches[: total - done]:
                done += 1
                rate = plan.rate * min(1, done / (0.08 * total)) * max(0.02, 1 - done / total)
                key, now = jax.random.split(key)
                rows, mask = collated([lower[i] for i in batch], plan.batch)
                self.trained, moments, loss = self._learn(
                    self.trained, moments, rows, mask, kinds[batch], urgent[batch], groups[batch],
                    now, rate, float(done), self.centre, self.spread,
                )  # fmt: skip
                losses.append(float(loss))
                if done % 50 == 0:
                    self.say(
                        f"step {done} of {total}, loss {np.mean(losses[-50:]):.3f}, {time.monotonic() - began:.0f} s"
                    )

    def _vectors(self, trained: Tree, rows: Any, mask: Any, key: Any = None) -> Any:
        dropout = 0.0 if key is None else self.plan.dropout
        rows = _layers(rows, mask, self._upper, trained["changes"], key, dropout)
        return (rows * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)

    def _loss(
        self,
        trained: Tree,
        rows: Any,
        mask: Any,
        kinds: Any,
        urgent: Any,
        groups: Any,
        key: Any,
        centre: Any,
        spread: Any,
    ) -> Any:
        head = trained["head"]
        vectors = (self._vectors(trained, rows, mask, key) - centre) / spread
        logits = vectors @ head["w"] + head["b"]
        kind = -_picked(jax.nn.log_softmax(logits[:, :4]), kinds)
        emergency = jnp.where(urgent >= 0, jnp.logaddexp(0.0, logits[:, 4]) - urgent * logits[:, 4], 0.0)
        group = -_picked(jax.nn.log_softmax(vectors @ head["groups.w"] + head["groups.b"]), groups)
        return (kind + self.plan.emergency_weight * emergency + self.plan.group_weight * group).mean()

    def _step(
        self, trained: Tree, moments: tuple[Tree, Tree], rows: Any, mask: Any, kinds: Any, urgent: Any, groups: Any,
        key: Any, rate: Any, count: Any, centre: Any, spread: Any,
    ) -> tuple[Tree, tuple[Tree, Tree], Any]:  # fmt: skip
        """One step of Adam with decoupled decay, the gradient clipped to length one."""
        loss, slope = jax.value_and_grad(self._loss)(trained, rows, mask, kinds, urgent, groups, key, centre, spread)
        length = jnp.sqrt(sum(jnp.vdot(leaf, leaf) for leaf in jax.tree.leaves(slope)))
        slope = jax.tree.map(lambda leaf: leaf * jnp.minimum(1.0, 1.0 / length), slope)
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, moments[0], slope)
        second = jax.tree.map(lambda v, g: 0.99 * v + 0.01 * g * g, moments[1], slope)

        def moved(p: Any, m: Any, v: Any) -> Any:
            return p - rate * ((m / (1 - 0.9**count)) / (jnp.sqrt(v / (1 - 0.99**count)) + 1e-8) + 0.01 * p)

        return jax.tree.map(moved, trained, first, second), (first, second), loss


def collated(rows: Sequence[npt.NDArray[Any]], count: int) -> tuple[Floats, Floats]:
    """Token vectors of several texts as one padded block of ``count`` texts, with its mask."""
    longest = max(map(len, rows))
    length = next(size for size in LENGTHS if size >= longest)
    block, mask = np.zeros((count, length, WIDTH), np.float32), np.zeros((count, length), np.float32)
    mask[len(rows) :, 0] = 1
    for i, some in enumerate(rows):
        block[i, : len(some)], mask[i, : len(some)] = some, 1
    return block, mask


def _stacked(arrays: Sequence[Floats]) -> Any:
    return jnp.asarray(np.stack(arrays))


def _batches(items: Sequence[Any], size: int) -> list[npt.NDArray[np.int64]]:
    order = np.argsort([len(item) for item in items], kind="stable")
    return [order[i : i + size] for i in range(0, len(order), size)]


def _picked(table: Any, places: Any) -> Any:
    return jnp.take_along_axis(table, places[:, None], 1)[:, 0]


def _normalised(rows: Any, weight: Any, bias: Any) -> Any:
    rows = rows - rows.mean(-1, keepdims=True)
    return rows / jnp.sqrt((rows * rows).mean(-1, keepdims=True) + EPSILON) * weight + bias


def _layers(rows: Any, mask: Any, weights: Tree, changes: Tree, key: Any, dropout: float) -> Any:
    """The transformer layers of ``network.py``, for a batch; with low-rank changes and dropout if given."""
    hidden = jnp.where(mask[:, None, None, :] > 0, 0.0, -1e9)
    count = weights["q.w"].shape[0]
    keys = None if key is None else jax.random.split(key, count)

    def layer(rows: Any, now: Any) -> tuple[Any, None]:
        w, change, key = now
        batch, length, _ = rows.shape

        def linear(name: str, x: Any) -> Any:
            y = x @ w[name + ".w"].T + w[name + ".bias"]
            if change is None:
                return y
            return y + x @ change[name + ".a"].T @ change[name + ".b"].T + change[name + ".c"]

        def heads(name: str) -> Any:
            return linear(name, rows).reshape(batch, length, HEADS, -1).transpose(0, 2, 1, 3)

        def dropped(x: Any, part: int) -> Any:
            if key is None:
                return x
            return x * jax.random.bernoulli(jax.random.fold_in(key, part), 1 - dropout, x.shape) / (1 - dropout)

        queries, keys_, values = heads("q"), heads("k"), heads("v")
        attention = jax.nn.softmax(queries @ keys_.transpose(0, 1, 3, 2) / np.sqrt(WIDTH // HEADS) + hidden, axis=-1)
        context = (attention @ values).transpose(0, 2, 1, 3).reshape(batch, length, WIDTH)
        rows = _normalised(rows + dropped(linear("ao", context), 0), w["aln.w"], w["aln.b"])
        inner = jax.nn.gelu(linear("fi", rows), approximate=True)
        return _normalised(rows + dropped(linear("fo", inner), 1), w["oln.w"], w["oln.b"]), None

    return jax.lax.scan(layer, rows, (weights, changes, keys))[0]

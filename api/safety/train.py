"""``python -m api.safety.train``: rebuilds ``data/safety/model.npz`` from the training messages (about half an hour).

Needs the ``train`` extra (jax, scikit-learn). The network learns from the training messages alone; the
development sets choose how its parts are mixed and how low the cascade clears (the thresholds, in thresholds.yaml,
are chosen by a person from ``python -m api.safety.evaluate --curve``).
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from api.safety import corpus, sparse
from api.safety.corpus import Example
from api.safety.model import PATH, SECOND, Network, danger, together
from api.safety.patterns import load_patterns
from api.safety.tune import Plan, Tuner
from api.safety.vocabulary import Vocabulary
from api.settings import settings
from encoder.packed import MATRICES, Floats
from encoder.sentences import Encoder

#: How far below the least certain danger of the development sets the cascade clears, in log-odds.
MARGIN = 0.25
EARLY_LAYERS = 6
#: What belongs to the network beside its changes.
HEAD = ("centre", "head.weights", "head.bias")
#: A second opinion is asked for from this probability on: well below where the screen notices.
DOUBT = 0.08
#: What the whole model gives at least this probability must pass the cascade.
NOTICE = 0.05


def augmented(examples: Sequence[Example], everyday: Sequence[Example], count: int, seed: int) -> list[Example]:
    """More of the rare: danger and alarming talk beside an everyday request, and as tired thumbs write it."""
    draw = np.random.default_rng(seed)
    by_language = {
        language: [e.text for e in everyday if e.language == language and 15 < len(e.text) < 80]
        for language in corpus.LANGUAGES
    }
    short = [e for e in examples if len(e.text) < 110 and e.language in by_language]
    sorts = ([e for e in short if e.danger], [e for e in short if not e.danger and e.source == "safety"])
    found = []
    for number in range(count):
        sort = sorts[0] if number % 5 < 3 else sorts[1]
        example = sort[draw.integers(len(sort))]
        frame = by_language[example.language][draw.integers(len(by_language[example.language]))]
        join = (". ", ", ", " ", " and " if example.language == "en" else " y ")[draw.integers(4)]
        pair = (frame, example.text) if draw.random() < 0.6 else (example.text, frame)
        found.append(replace(example, text=join.join(pair), source="framed"))
    capital = [e for e in examples if e.source == "safety" and corpus.lowered(e).text != e.text]
    chosen = draw.choice(len(capital), min(count // 2, len(capital)), replace=False)
    return found + [corpus.lowered(capital[i]) for i in chosen]


def linear(examples: Sequence[Example]) -> tuple[dict[str, Any], dict[str, float]]:
    """The linear model over hashed n-grams: what is stored, and its numbers."""
    fold = load_patterns().fold
    rows, places, values = [], [], []
    for row, example in enumerate(examples):
        some, weights = sparse.features(fold(example.text))
        rows += [row] * len(some)
        places += some.tolist()
        values += weights.tolist()
    matrix = csr_matrix((values, (rows, places)), shape=(len(examples), 1 << sparse.BITS), dtype=np.float32)
    fitted = LogisticRegression(C=20, max_iter=400).fit(matrix, [e.danger for e in examples])
    scale = float(np.abs(fitted.coef_).max() / 127)
    weights = np.round(fitted.coef_[0] / scale).astype(np.int8)
    return {"sparse.weights": weights}, {"sparse_scale": scale, "sparse_bias": float(fitted.intercept_[0])}


def stored_changes(tuner: Tuner) -> dict[str, npt.NDArray[np.float16]]:
    """The low-rank changes by ``n.<layer>.<matrix>.<part>``, in half precision."""
    changes = tuner.trained["changes"]
    return {
        f"n.{tuner.plan.frozen + row}.{name}.{part}": np.asarray(changes[f"{name}.{part}"][row]).astype(np.float16)
        for name in MATRICES
        for part in "abc"
        for row in range(tuner.plan.layers - tuner.plan.frozen)
    }


def early_exit(encoder: Encoder, examples: Sequence[Example]) -> tuple[Floats, float]:
    """A linear look at the middle layer: weights and bias."""
    vectors = np.array([encoder.begin(e.text).mean(axis=0) for e in examples])
    centre, spread = vectors.mean(axis=0), vectors.std(axis=0).mean()
    fitted = LogisticRegression(C=0.3, max_iter=400).fit((vectors - centre) / spread, [e.danger for e in examples])
    weights = (fitted.coef_[0] / spread).astype(np.float32)
    return weights, float(fitted.intercept_[0] - centre @ weights)


def kept(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """An artefact's first network and its head, without what ``finish`` makes; and what it says about itself."""
    with np.load(path, allow_pickle=False) as file:
        stored = {name: file[name] for name in file.files}
    about: dict[str, Any] = json.loads(str(stored.pop("about")))
    return {name: values for name, values in stored.items() if name[:2] == "n." or name in HEAD}, about


def second(path: Path | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first network of that artefact, to be the second, under its names there, and what is said of it; None: the
    second of the present artefact."""
    if path is None:
        with np.load(PATH, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))["second"]
            return {name: file[name] for name in file.files if name.startswith(SECOND)}, about
    arrays, about = kept(path)
    named = {SECOND + name: values for name, values in arrays.items()}
    return named, {name: about[name] for name in ("spread", "plan", "went_on_from")}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m api.safety.train", description=__doc__)
    parser.add_argument("--epochs", type=float, default=Plan.epochs)
    parser.add_argument("--rate", type=float, default=Plan.rate)
    parser.add_argument("--easy", type=int, default=Plan.easy, help="messages of the understanding in each epoch")
    parser.add_argument("--group-weight", type=float, default=Plan.group_weight)
    parser.add_argument("--go-on-from", type=Path, help="an artefact to start from, instead of the base model")
    parser.add_argument("--keep-network", action="store_true", help="of --go-on-from: all but the network is made anew")
    parser.add_argument("--second", type=Path, help="an artefact whose first network becomes the second of the new one")
    parser.add_argument("--network-only", action="store_true", help="write the network as it is trained: for --second")
    parser.add_argument("--rank", type=int, default=Plan.rank, help="of the changes to each matrix")
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--out", type=Path, default=PATH)
    chosen = parser.parse_args()
    plan = Plan(
        epochs=chosen.epochs,
        seed=chosen.seed,
        rate=chosen.rate,
        easy=chosen.easy,
        group_weight=chosen.group_weight,
        rank=chosen.rank,
    )
    examples = corpus.training()
    draw = np.random.default_rng(plan.seed)
    calm = [
        e for e in examples if e.source == "understanding" and not e.danger and e.group != "intent:express_distress"
    ]
    easy = [calm[i] for i in draw.permutation(len(calm))[:6000]]
    harmless = set(calm)
    core = [e for e in examples if e not in harmless]
    core += augmented(core, easy, 500, plan.seed)
    print(f"{len(examples)} messages, of them {sum(e.danger for e in examples)} danger; {len(core)} in every epoch")

    if chosen.keep_network:
        return finish(*kept(chosen.go_on_from), second(chosen.second), examples, easy, chosen.out)
    tuner = Tuner(Encoder(settings().encoder_folder), plan, sorted({e.group for e in [*core, *easy]}))
    if chosen.go_on_from:
        with np.load(chosen.go_on_from, allow_pickle=False) as file:
            tuner.go_on_from({name: file[name] for name in file.files}, json.loads(str(file["about"]))["spread"])
    tuner.train(core, easy)
    arrays = {**stored_changes(tuner), "centre": tuner.centre.astype(np.float32)}
    arrays["head.weights"] = np.asarray(tuner.trained["head"]["w"]).astype(np.float32)
    arrays["head.bias"] = np.asarray(tuner.trained["head"]["b"]).astype(np.float32)
    about = {
        "layers": plan.layers,
        "early_layers": EARLY_LAYERS,
        "spread": tuner.spread,
        "plan": asdict(plan),
    }
    about["went_on_from"] = json.loads(str(np.load(chosen.go_on_from)["about"]))["plan"] if chosen.go_on_from else None
    about["trained_on"] = dict(Counter(f"{e.language} {e.kind}" for e in examples))
    if chosen.network_only:
        return write(arrays, about, chosen.out)
    finish(arrays, about, second(chosen.second), examples, easy, chosen.out)


def finish(
    arrays: dict[str, Any],
    about: dict[str, Any],
    other: tuple[dict[str, Any], dict[str, Any]],
    examples: list[Example],
    easy: list[Example],
    out: Path,
) -> None:
    """Everything after the fine-tuning: the linear model, the early exit, the mixtures and the cuts; writes the file.

    ``arrays`` and ``about`` have the first network, ``other`` the second.
    """
    arrays |= other[0]
    about["second"] = other[1]
    first = Network(arrays, "", about["spread"], (EARLY_LAYERS, about["layers"]))
    beside = Network(arrays, SECOND, about["second"]["spread"], (about["layers"],))
    stored, numbers = linear(examples)
    arrays |= stored
    about |= numbers
    # Every third message is plenty for one linear look.
    arrays["early.weights"], about["early_bias"] = early_exit(first.encoder, [*examples[::3], *easy[::8]])
    safety = corpus.development()
    every = [*safety, *corpus.development_intents()]
    model = sparse.Linear(arrays["sparse.weights"], about["sparse_scale"], about["sparse_bias"])
    fold = load_patterns().fold
    spoken = Vocabulary.of(fold(e.text) for e in examples if e.language in corpus.LANGUAGES)
    arrays["words"] = np.packbits(spoken.seen)
    cheap = np.array([model.logit(fold(e.text)) for e in every])
    begun = [first.encoder.begin(e.text) for e in every]
    middle = np.array([rows.mean(axis=0) for rows in begun]) @ arrays["early.weights"] + about["early_bias"]
    read = [first.logits(first.encoder.finish(rows)) for rows in begun]
    network = np.array([danger(logits) for logits in read])
    # Weighed by the development set, the one whose rounds it has judged before would count for all: they count alike.
    both_read = [together(logits, beside.read(e.text)) for logits, e in zip(read, every, strict=True)]
    networks = np.array([danger(logits) for logits in both_read])
    truth = np.array([e.danger for e in every])

    def mixer(*parts: npt.NDArray[Any]) -> LogisticRegression:
        """How these parts are weighed, by the messages of the safety development set."""
        return LogisticRegression(C=1.0).fit(np.stack(parts, axis=1)[: len(safety)], truth[: len(safety)])

    one = mixer(network, cheap, middle)
    both = mixer(networks, cheap, middle)
    alone = mixer(networks)
    # The cascade must not lose what the whole of the model would notice; it may lose what that misses anyway.
    mixed = both.decision_function(np.stack([networks, cheap, middle], axis=1))
    seen = truth & (mixed >= np.log(NOTICE / (1 - NOTICE)))
    about["mix"] = {
        **weighed("", ("network", "sparse", "early"), one),
        **weighed("both.", ("networks", "sparse", "early"), both),
        **weighed("alone.", ("networks",), alone),
        "second_from": float(np.log(DOUBT / (1 - DOUBT))),
        "sparse_clear": float(cheap[seen].min() - MARGIN),
        "early_clear": float(middle[seen].min() - MARGIN),
    }
    write(arrays, about, out)


def weighed(prefix: str, parts: Sequence[str], fitted: LogisticRegression) -> dict[str, float]:
    """A mixture's weights by the names of its parts, and its bias."""
    weights = dict(zip(parts, fitted.coef_[0], strict=True)) | {"bias": fitted.intercept_[0]}
    return {prefix + name: float(weight) for name, weight in weights.items()}


def write(arrays: dict[str, Any], about: dict[str, Any], out: Path) -> None:
    """Write the artefact."""
    np.savez_compressed(out, **arrays, about=np.array(json.dumps(about)))
    print(f"{out.name}: {os.path.getsize(out) / 1e6:.1f} MB; {about.get('mix', 'network only')}")


if __name__ == "__main__":
    main()

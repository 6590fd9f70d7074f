"""Understanding beside the stock pipeline: one message's time, and (long) accuracy when both learn the same texts.

The stock pipeline is what ``rasa init`` writes: Rasa's default one (count vectors and DIET, 100 epochs). Trained on our
training text, it is kept in var/bench until that text changes; ``python -m tests.bench understanding`` makes it.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import yaml

from tests.bench import starter
from tests.bench.figures import Figure, at_least, at_most, median, ms, percentile
from tests.bench.ours import give_model
from tests.bench.sizes import Sizes
from tests.harness.processes import ROOT
from tests.harness.system import BOT_PYTHON

FOLDER = starter.KEPT / "understanding"
NLU = ROOT / "data" / "nlu"
DOMAIN = ROOT / "bot" / "domain.yml"
LANGUAGES = {"en": ("English", 0.70, 0.66), "es": ("Spanish", 0.65, 0.60)}
#: Minutes that training all of it may take.
MOST_TRAINING = 5 * 60


def development(kind: str, language: str) -> list[dict[str, Any]]:
    """The messages that training never sees: ``kind`` intents or safety."""
    path = ROOT / "data" / "dev" / f"{kind}.{language}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def our_model() -> Path:
    for old in (FOLDER / "models").glob("hearthline-*.tar.gz"):
        old.unlink()
    give_model(FOLDER)
    return next((FOLDER / "models").glob("hearthline-*.tar.gz"))


def parsed(model: Path, texts: Sequence[str], whose: str) -> dict[str, Any]:
    """What the model (``ours`` or ``stock``) makes of the texts, one at a time, in a process of its own."""
    done = subprocess.run(
        [BOT_PYTHON, "-m", "tests.bench.in_bot", str(model), whose], cwd=ROOT, env=starter.environment(),
        input=json.dumps(list(texts)), capture_output=True, text=True, timeout=1800,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"the model could not be asked: {done.stderr[-800:]}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def one_message(sizes: Sizes) -> list[Figure]:
    """Time of one message through the understanding, and through the screen."""
    every = [line["text"] for language in LANGUAGES for line in development("intents", language)]
    texts = every[:: max(1, len(every) // sizes.understood)]
    mine, stock = parsed(our_model(), texts, "ours"), parsed(_stock_model() or starter.model(), texts, "stock")
    took, theirs = [row[0] for row in mine["turns"]], [row[0] for row in stock["turns"]]
    every = [line["text"] for language in LANGUAGES for line in development("safety", language)]
    alarming = every[:: max(1, len(every) // sizes.understood)]
    screened = subprocess.run(
        [sys.executable, "-m", "tests.bench.in_api"], cwd=ROOT, input=json.dumps(alarming),
        capture_output=True, text=True, check=True, timeout=600,
    )  # fmt: skip
    screen = json.loads(screened.stdout)["seconds"]
    note = "" if _stock_model() else "stock: the starter's own model"
    return [
        Figure(
            "nlu", "understanding one message: median", ms(median(took)), "ms", ms(median(theirs)), at_most(40), note
        ),
        Figure("nlu", "understanding one message: p95", ms(percentile(took, 95)), "ms", ms(percentile(theirs, 95))),
        Figure("nlu", "safety screen: median", ms(median(screen)), "ms", floor=at_most(30), note="stock: has none"),
        Figure("nlu", "safety screen: p95", ms(percentile(screen, 95)), "ms"),
    ]


def accuracy(*, train: bool) -> list[Figure]:
    """Both pipelines on the development set; without ``train`` only if the stock one is trained for these texts."""
    if not train and _stock_model() is None:
        print("  the stock pipeline is not trained on our texts: python -m tests.bench understanding", flush=True)
        return []
    figures = []
    stock_seconds = _train_stock()
    if train:
        ours_seconds = _train("ours", _our_config(), [NLU, ROOT / "data" / "rules.yml"], core=True)
        (FOLDER / "ours.json").write_text(json.dumps({"texts": _texts_hash(), "seconds": ours_seconds}))
        figures.append(
            Figure(
                "understanding",
                "training, nothing kept from before",
                ours_seconds,
                "s",
                stock_seconds,
                at_most(MOST_TRAINING),
                "stock: its understanding alone",
            )
        )
    lines = {language: development("intents", language) for language in LANGUAGES}
    texts = [line["text"] for language in LANGUAGES for line in lines[language]]
    stock_model = _stock_model()
    assert stock_model is not None
    mine, stock = parsed(our_model(), texts, "ours"), parsed(stock_model, texts, "stock")
    start = 0
    for language, (name, least, least_f1) in LANGUAGES.items():
        wanted = [line["intent"] for line in lines[language]]
        part = slice(start, start + len(wanted))
        start += len(wanted)
        said, said_by_stock = ([row[1] for row in answers["turns"][part]] for answers in (mine, stock))
        figures += [
            Figure(
                "understanding",
                f"{name} intents, {len(wanted)} messages: accuracy",
                _correct(wanted, said),
                "",
                _correct(wanted, said_by_stock),
                at_least(least),
                "data/dev, both trained on data/nlu",
            ),
            Figure(
                "understanding",
                f"{name} intents: macro-F1",
                macro_f1(wanted, said),
                "",
                macro_f1(wanted, said_by_stock),
                at_least(least_f1),
            ),
        ]
    return [*figures, Figure("understanding", "memory to understand alone", mine["resident"], "MB", stock["resident"])]


def _correct(wanted: Sequence[str], said: Sequence[str]) -> float:
    return sum(a == b for a, b in zip(wanted, said, strict=True)) / len(wanted)


def macro_f1(wanted: Sequence[str], said: Sequence[str]) -> float:
    """The mean over the wanted classes of 2 x hits / (wanted + said)."""
    hits = Counter(a for a, b in zip(wanted, said, strict=True) if a == b)
    wants, says = Counter(wanted), Counter(said)
    return sum(2 * hits[name] / (wants[name] + says[name]) for name in wants) / len(wants)


def _texts_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted(NLU.rglob("*.yml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _stock_model() -> Path | None:
    path = FOLDER / f"stock-{_texts_hash()}.tar.gz"
    return path if path.exists() else None


def _train_stock() -> float:
    """Train the stock pipeline on our texts unless it is; seconds that it took."""
    name = f"stock-{_texts_hash()}"
    note = FOLDER / f"{name}.json"
    if _stock_model() is None:
        starter.model()
        print("  training the stock pipeline on our texts (many minutes) ...", flush=True)
        seconds = _train(name, starter.FOLDER / "config.yml", [NLU], core=False)
        note.write_text(json.dumps({"seconds": seconds}))
    return float(json.loads(note.read_text())["seconds"])


def _our_config() -> Path:
    """Our pipeline without the kept sentence vectors, which would hide nine tenths of the training."""
    config = yaml.safe_load((ROOT / "bot" / "config.yml").read_text())
    for component in config["pipeline"]:
        if "cache" in component:
            component["cache"] = ""
    path = FOLDER / "config.yml"
    FOLDER.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


def _train(name: str, config: Path, data: Sequence[Path], *, core: bool) -> float:
    """Train a model from nothing into FOLDER; seconds. Raises SystemExit with where the log is if it fails."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    log = FOLDER / f"{name}.log"
    command = [
        BOT_PYTHON,
        "-m",
        "rasa",
        "train",
        *([] if core else ["nlu"]),
        "--config",
        str(config),
        "--domain",
        str(DOMAIN),
        "--out",
        str(FOLDER),
        "--fixed-model-name",
        f"{name}.new",
        *(["--data", *map(str, data), "--force"] if core else ["--nlu", *map(str, data)]),
    ]
    environment = {**starter.environment(), "RASA_CACHE_DIRECTORY": str(FOLDER / "cache"), "RASA_MAX_CACHE_SIZE": "0"}
    begun = monotonic()
    with log.open("wb") as output:
        status = subprocess.run(command, cwd=FOLDER, env=environment, stdout=output, stderr=output, timeout=7200)
    fresh = FOLDER / f"{name}.new.tar.gz"
    if status.returncode or not fresh.exists():
        raise SystemExit(f"Training did not work; see {log}")
    fresh.replace(FOLDER / f"{name}.tar.gz")
    return monotonic() - begun

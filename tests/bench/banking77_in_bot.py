"""``BOT_PYTHON -m tests.bench.banking77_in_bot FOLDER``: our classification components on the BANKING77 yardstick.

FOLDER holds ``train.csv`` and ``test.csv`` (text, category). The components and their settings are those of
bot/config.yml, trained on the whole training set and asked for the whole test set. Out, its last line:
``{"accuracy", "macro_f1", "training": seconds, "trained_on", "tested_on"}``. Runs in the bot's environment.
"""

from __future__ import annotations

import csv
import json
import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from bot.components.intent_model import IntentModel
from bot.components.sentence_embeddings import ROOT, SentenceEmbeddings

#: Test messages that are asked together.
BATCH = 64


def rows(path: Path) -> list[tuple[str, str]]:
    """Each line's text and category."""
    with path.open(newline="", encoding="utf-8") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)]


def settings(component: type[Any]) -> dict[str, Any]:
    """What bot/config.yml sets for a component, on top of its defaults; nothing is kept from before."""
    pipeline = yaml.safe_load((ROOT / "bot" / "config.yml").read_text())["pipeline"]
    own = next(one for one in pipeline if one["name"].endswith(f".{component.__name__}"))
    return {**component.get_default_config(), **own, **({"cache": ""} if "cache" in own else {})}


def measure(folder: Path) -> dict[str, Any]:
    """Train on the training set, ask for the test set, count."""
    from rasa.engine.graph import ExecutionContext, GraphSchema  # type: ignore[import-not-found]
    from rasa.engine.storage.local_model_storage import LocalModelStorage  # type: ignore[import-not-found]
    from rasa.engine.storage.resource import Resource  # type: ignore[import-not-found]
    from rasa.shared.nlu.training_data.message import Message  # type: ignore[import-not-found]
    from rasa.shared.nlu.training_data.training_data import TrainingData  # type: ignore[import-not-found]

    learned, asked = rows(folder / "train.csv"), rows(folder / "test.csv")
    with TemporaryDirectory() as work:
        storage, context = LocalModelStorage.create(Path(work)), ExecutionContext(GraphSchema({}), "banking77")
        context.node_name = "meaning"
        parts = [
            one.create(settings(one), storage, Resource(one.__name__), context)
            for one in (SentenceEmbeddings, IntentModel)
        ]
        begun = time.perf_counter()
        examples = TrainingData([Message(data={"text": text, "intent": name}) for text, name in learned])
        parts[1].train(parts[0].process_training_data(examples))
        seconds = time.perf_counter() - begun
        said: list[str] = []
        for at in range(0, len(asked), BATCH):
            messages = [Message(data={"text": text}) for text, _ in asked[at : at + BATCH]]
            for part in parts:
                messages = part.process(messages)
            said += [message.get("intent")["name"] for message in messages]
    wanted = [name for _, name in asked]
    hits = Counter(a for a, b in zip(wanted, said, strict=True) if a == b)
    wants, says = Counter(wanted), Counter(said)
    return {
        "accuracy": sum(hits.values()) / len(wanted),
        "macro_f1": sum(2 * hits[name] / (wants[name] + says[name]) for name in wants) / len(wants),
        "training": seconds,
        "trained_on": len(learned),
        "tested_on": len(asked),
    }


def main() -> None:
    warnings.simplefilter("ignore")
    print(json.dumps(measure(Path(sys.argv[1]))))


if __name__ == "__main__":
    main()

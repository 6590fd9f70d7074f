"""``python -m bot.understand [FILE]``: what the trained model makes of messages, without a conversation.

In: one message a line (with ``--json`` each line is a JSON string, so that a message may hold line breaks), from FILE
or standard input. Out: one JSON object a line, in the same order: ``text, intent, confidence, entities, ranking``.
Nothing is kept and nothing of it is logged.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from bot.serve import models_folder, newest_model, quiet, silence_warnings
from bot.without_tensorflow import leave_out

#: Messages that go through the model together; more at once only takes more memory.
BATCH = 64
RANKING = 3


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m bot.understand", description=__doc__)
    options.add_argument("file", nargs="?", type=argparse.FileType(encoding="utf-8"), default=sys.stdin)
    options.add_argument("--model", type=Path, default=models_folder(), help="a model, or a folder of models")
    options.add_argument("--json", action="store_true", help="each line is a JSON string")
    given = options.parse_args()
    silence_warnings()
    leave_out()
    understand = load(newest_model(given.model))
    for batch in batches(given.file, as_json=given.json):
        for meaning in understand(batch):
            print(json.dumps(meaning, ensure_ascii=False), flush=True)


def batches(lines: TextIO, *, as_json: bool) -> Iterator[list[str]]:
    """The messages, BATCH at a time. Without JSON, empty lines are no messages."""
    batch: list[str] = []
    for line in lines:
        text = json.loads(line) if as_json else line.rstrip("\r\n")
        if not as_json and not text.strip():
            continue
        batch.append(text)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def load(model: Path) -> Any:
    """A function from texts to their meanings, with the understanding's part of the model alone."""
    from rasa.core.agent import Agent
    from rasa.core.channels.channel import UserMessage
    from rasa.engine.constants import PLACEHOLDER_MESSAGE, PLACEHOLDER_TRACKER
    from rasa.shared.core.trackers import DialogueStateTracker

    quiet()
    agent = Agent.load(str(model))
    quiet()
    processor = agent.processor
    if processor is None:
        raise SystemExit(f"{model} holds no model that can be loaded; train one: make train")
    target = processor.model_metadata.nlu_target

    def understand(texts: list[str]) -> list[dict[str, Any]]:
        asked = [text.lstrip("/ \t") for text in texts]
        messages = [UserMessage(text or "?") for text in asked]
        found = processor.graph_runner.run(
            inputs={PLACEHOLDER_MESSAGE: messages, PLACEHOLDER_TRACKER: DialogueStateTracker.from_events("x", [])},
            targets=[target],
        )[target]
        return [
            meaning(text, one.as_dict(only_output_properties=True), before=len(text) - len(rest))
            for text, rest, one in zip(texts, asked, found, strict=True)
        ]

    return understand


def meaning(text: str, parsed: dict[str, Any], before: int = 0) -> dict[str, Any]:
    """What one parsed message comes to. Where the model was too unsure to act, its best guess is given all the same.
    ``before``: so many letters of the text stand before what was parsed."""
    ranking = [one for one in parsed.get("intent_ranking", []) if one["name"] != "nlu_fallback"]
    best = ranking[0] if ranking else {"name": "out_of_scope", "confidence": 0.0}
    return {
        "text": text,
        "intent": best["name"],
        "confidence": round(float(best["confidence"]), 4),
        "entities": [_entity(found, before) for found in parsed.get("entities", [])],
        "ranking": [
            {"intent": one["name"], "confidence": round(float(one["confidence"]), 4)} for one in ranking[:RANKING]
        ],
        "requests": parsed.get("requests", []),
    }


def _entity(found: dict[str, Any], before: int) -> dict[str, Any]:
    places = {end: found[end] + before for end in ("start", "end") if end in found}
    return {**{key: found[key] for key in ("entity", "value") if key in found}, **places}


if __name__ == "__main__":
    asyncio.set_event_loop(asyncio.new_event_loop())
    main()

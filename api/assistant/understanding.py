"""What the trained model makes of messages, outside a conversation: for `hearthline understand` and for measuring.

Rasa needs an older Python, so the model is loaded by the bot environment's own program (bot/understand.py).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from typing import Any

from api.assistant.training import bot_python, model_path
from api.settings import ROOT


class NotTrained(Exception):
    """There is no model for the present texts; the message says what to do."""


def understand(texts: Sequence[str]) -> list[dict[str, Any]]:
    """For each text: text, intent, confidence, entities (and ranking). Raises NotTrained."""
    if not bot_python().exists() or not model_path().exists():
        raise NotTrained("The understanding is not trained for its present texts. Train it: make train")
    if not texts:
        return []
    # JSON strings, so that a message with a line break in it stays one message.
    lines = "\n".join(json.dumps(text) for text in texts) + "\n"
    process = run_bot_program("understand", "--json", "--model", str(model_path()), given=lines)
    answers = [json.loads(line) for line in process.stdout.decode().splitlines() if line.startswith("{")]
    if process.returncode or len(answers) != len(texts):
        raise NotTrained("The model could not be loaded. Train it anew: make train")
    return answers


def run_bot_program(name: str, *options: str, given: str) -> subprocess.CompletedProcess[bytes]:
    """Run ``python -m bot.<name>`` in Rasa's environment with ``given`` on its standard input; its output is kept."""
    return subprocess.run(  # noqa: S603 (our own program)
        [str(bot_python()), "-m", f"bot.{name}", *options],
        input=given.encode(),
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "Agg"},
    )

"""The letters' view of one text is scikit-learn's own, without its cost. Runs in Rasa's environment, which has it."""

from __future__ import annotations

import subprocess

from api.assistant.training import bot_python
from api.settings import ROOT

COMPARE = """
import numpy as np
from bot.components.letters import VIEWS, View, vectorizer
texts = ["whens my meeting", "when is my next meeting?", "i cant come thurs!!", "no puedo venir", "hi hi hi"] * 3
asked = [*texts[:5], "something else entirely", "", "???", "MEETING  meeting meeting", "jueves " * 40]
for name in VIEWS:
    fitted = vectorizer(name).fit(texts)
    weights = np.random.default_rng(0).normal(size=(len(fitted.vocabulary_), 7)).astype(np.float32)
    view = View.of(name, fitted)
    ours = np.stack([view.score(text, weights) for text in asked])
    assert np.allclose(ours, fitted.transform(asked) @ weights, atol=1e-5), name
print("same")
"""


def test_one_text_scores_as_scikit_learn_would_score_it() -> None:
    done = subprocess.run([str(bot_python()), "-c", COMPARE], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "same", done.stderr[-1500:]

"""Rasa is served without TensorFlow, and says so where something needs it. Runs in Rasa's environment."""

from __future__ import annotations

import subprocess

import pytest

from api.assistant.training import bot_python
from api.settings import ROOT

pytestmark = pytest.mark.slow

BEGIN = "from bot.without_tensorflow import leave_out; leave_out(); import sys\n"
LOADED = "print([name for name, module in sys.modules.items() if name == 'tensorflow' and module.__spec__.origin])"


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(bot_python()), "-W", "ignore", "-c", BEGIN + code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )


def test_all_of_rasas_components_are_known_without_it() -> None:
    done = run("import rasa.core.run, rasa.engine.recipes.default_components\n" + LOADED)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr[-1500:]


def test_a_component_that_needs_it_fails_and_names_the_file() -> None:
    done = run(
        "from rasa.utils.tensorflow.rasa_layers import RasaFeatureCombiningLayer as Layer\nLayer('text', {}, {})\n"
    )
    assert done.returncode == 1
    assert "RasaFeatureCombiningLayer needs TensorFlow, which bot/without_tensorflow.py leaves out" in done.stderr


def test_where_it_is_loaded_already_it_stays() -> None:
    code = (
        "import sys, types; sys.modules['tensorflow'] = real = types.ModuleType('tensorflow')\n"
        "from bot.without_tensorflow import leave_out; leave_out(); import tensorflow; print(tensorflow is real)"
    )
    done = subprocess.run([str(bot_python()), "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "True", done.stderr

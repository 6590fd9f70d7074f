"""``python -m api.assistant.training``: trains the understanding if its texts or its configuration changed since.

The model's file is named after a hash of everything it is made from, so a second start trains nothing.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

from api.settings import ROOT, settings
from encoder.sentences import Encoder

#: What the model is made from. The development set (data/dev) is not among it.
SOURCES = (
    "bot/config.yml", "bot/domain.yml", "bot/components", "encoder", "data/nlu", "data/rules.yml",
    "requirements/bot.txt",
)  # fmt: skip

#: So often something is said while it trains.
SAY_EVERY_SECONDS = 15


def bot_python() -> Path:
    """The interpreter of the bot environment (HEARTHLINE_BOT_PYTHON, or the one that `make setup` made)."""
    return Path(os.environ.get("HEARTHLINE_BOT_PYTHON") or ROOT / "var" / "env" / "bot" / "bin" / "python")


def fingerprint() -> str:
    """A hash of every file the model depends on."""
    digest = hashlib.sha256()
    for source in SOURCES:
        path = ROOT / source
        files = sorted(p for p in path.rglob("*") if p.suffix in (".yml", ".py")) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                digest.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def model_path() -> Path:
    """Where the model for the present texts is, or will be."""
    return settings().var_dir / "models" / f"hearthline-{fingerprint()}.tar.gz"


def ensure_trained() -> Path:
    """The model's path; trains first (a minute or two) where there is none for the present texts.

    Raises SystemExit with the end of the training's log if it fails.
    """
    Encoder(settings().encoder_folder, quick=True)  # the files that Rasa's side reads are made if they are missing
    model = model_path()
    if model.exists():
        return model
    model.parent.mkdir(parents=True, exist_ok=True)
    log = settings().var_dir / "training.log"
    print("  understanding: training on data/nlu (once for each change of it; a minute or two) ...", flush=True)
    command = [
        str(bot_python()), "-m", "rasa", "train", "--config", "bot/config.yml", "--domain", "bot/domain.yml",
        "--data", "data/nlu", "data/rules.yml",
        "--out", str(model.parent), "--fixed-model-name", f"new-{fingerprint()}",
    ]  # fmt: skip
    quiet = {
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": str(ROOT),
        "HEARTHLINE_ENCODER": str(settings().encoder_folder),
        "OMP_WAIT_POLICY": "PASSIVE",  # threads that wait must not burn the cores
    }
    begun = time.monotonic()
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=ROOT, env={**os.environ, **quiet}, stdout=output, stderr=output) as training,  # noqa: S603
    ):
        while training.poll() is None:
            try:
                training.wait(SAY_EVERY_SECONDS)
            except subprocess.TimeoutExpired:
                print(f"    understanding: training, {time.monotonic() - begun:.0f} s", flush=True)
    fresh = model.parent / f"new-{fingerprint()}.tar.gz"
    if training.returncode or not fresh.exists():
        tail = "\n    ".join(log.read_text(errors="replace").splitlines()[-12:])
        raise SystemExit(f"Training did not work:\n    {tail}\n\nThe whole log: {log}")
    fresh.replace(model)
    for old in model.parent.glob("hearthline-*.tar.gz"):
        if old != model:
            old.unlink()
    return model


if __name__ == "__main__":
    ensure_trained()
    sys.exit(0)

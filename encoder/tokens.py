"""The SentencePiece unigram tokenizer of XLM-RoBERTa, its vocabulary in a trie (3 MB instead of 60)."""

from __future__ import annotations

from pathlib import Path

import marisa_trie
import numpy as np

from encoder.packed import Packed

#: Tokens read of one message; the model was made for 512, and 96 hold nearly every message.
MOST_TOKENS = 96
_PREFIX = "query: "
_METASPACE = "\u2581"


def write_vocabulary(packed: Packed, trie_file: Path, table_file: Path) -> None:
    """Write the two files that ``Tokenizer`` reads: the pieces, and by their place in the trie number and score."""
    pieces = packed.vocabulary()
    trie = marisa_trie.Trie(pieces)
    numbers = np.zeros(len(trie), np.int32)
    scores = np.zeros(len(trie), np.float32)
    for piece, (number, score) in pieces.items():
        place = trie[piece]
        numbers[place], scores[place] = number, score
    trie.save(str(trie_file))
    with table_file.open("wb") as file:
        np.savez(file, numbers=numbers, scores=scores)


class Tokenizer:
    """Splits text into token numbers. A call only reads: any number of threads may use one."""

    def __init__(self, packed: Packed, trie_file: Path, table_file: Path) -> None:
        self._trie = marisa_trie.Trie()
        self._trie.load(str(trie_file))
        with np.load(table_file, allow_pickle=False) as table:
            self._numbers, self._scores = table["numbers"], table["scores"]
        self._spellings, self._special = packed.spellings, packed.special
        self._unknown_score = float(self._scores.min()) - 10.0

    def ids(self, text: str, limit: int = MOST_TOKENS) -> list[int]:
        """Token numbers of a text with the model's prefix, at most ``limit``: the first and last of a longer one."""
        spelt = "".join(self._spellings.get(c, c) for c in _PREFIX + text)
        spaced = " ".join(part for part in spelt.split(" ") if part)
        content = self._split(_METASPACE + spaced.replace(" ", _METASPACE))
        if len(content) > limit - 2:
            head = (limit - 2) // 2
            content = content[:head] + content[-(limit - 2 - head) :]
        return [self._special.begin, *content, self._special.end]

    def _split(self, text: str) -> list[int]:
        """The likeliest split into pieces (Viterbi)."""
        size = len(text)
        best = [0.0] + [-1e30] * size
        come = [(0, 0)] * (size + 1)
        prefixes, scores, numbers, unknown = (
            self._trie.iter_prefixes_with_ids, self._scores, self._numbers, self._unknown_score,
        )  # fmt: skip
        for start in range(size):
            score = best[start]
            for piece, place in prefixes(text[start:]):
                end, reached = start + len(piece), score + float(scores[place])
                if reached > best[end]:
                    best[end], come[end] = reached, (start, int(numbers[place]))
            if score + unknown > best[start + 1]:
                best[start + 1], come[start + 1] = score + unknown, (start, self._special.unknown)
        ids = []
        while size > 0:
            size, number = come[size]
            ids.append(number)
        return ids[::-1]

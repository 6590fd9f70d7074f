"""What a text's words and letters say: TF-IDF over words and n-grams of letters, as scikit-learn makes it.

Training uses scikit-learn itself; a turn does not, because ``TfidfVectorizer.transform`` takes milliseconds for one
short message, nearly all of them checks and matrix making.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.components.wording import folded

Array = np.ndarray[Any, Any]
#: The views of a text: the vectorizer's settings, and how often a term must occur in training to count.
VIEWS: dict[str, dict[str, Any]] = {
    "words": {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)\w+|[!?]", "min_df": 2},
    "letters": {"analyzer": "char_wb", "ngram_range": (2, 5), "min_df": 3},
}


def vectorizer(view: str) -> TfidfVectorizer:
    """An unfitted vectorizer for a view."""
    return TfidfVectorizer(preprocessor=folded, sublinear_tf=True, dtype=np.float32, **VIEWS[view])


class View:
    """A fitted view. ``terms`` in the order of their columns, ``idf`` the weight of each."""

    def __init__(self, view: str, terms: list[str], idf: Array) -> None:
        self.terms, self.idf = terms, np.asarray(idf, np.float32)
        self._places = {term: place for place, term in enumerate(terms)}
        self._analyze = vectorizer(view).build_analyzer()

    @classmethod
    def of(cls, view: str, fitted: TfidfVectorizer) -> View:
        """The view of a fitted vectorizer."""
        return cls(view, sorted(fitted.vocabulary_, key=fitted.vocabulary_.get), fitted.idf_)

    def score(self, text: str, weights: Array) -> Array:
        """What ``fitted.transform([text]) @ weights`` would be, as one row."""
        places = self._places
        counts = Counter(places[term] for term in self._analyze(text) if term in places)
        if not counts:
            return np.zeros(weights.shape[1], np.float32)
        at = np.fromiter(counts.keys(), np.int64, len(counts))
        values = 1.0 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))
        values *= self.idf[at]
        values /= np.sqrt(values @ values)
        return np.asarray(values.astype(np.float32) @ weights[at])

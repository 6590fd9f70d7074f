"""What cannot be done, with the reason in one word: services raise it, and who shows it finds the words by its code."""

from __future__ import annotations


class Coded(ValueError):
    """It cannot be so; ``code`` says why, and names the words for it. A subclass says which ones."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

"""What is wrong with an import file, said so that its writer can mend it: the path, what is wrong, the fix.

Promise: a message never repeats what stood in the file, since that may be case text.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError


class Problem(BaseModel):
    """Something wrong in the file: where ("families[2].people[0].phone") and what, with the fix."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path or 'file'}: {self.message}"


def path_of(parts: tuple[int | str, ...]) -> str:
    """("families", 2, "people", 0) as families[2].people[0]."""
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def problems_of(error: ValidationError) -> list[Problem]:
    """Every place where the file is not of the shape, in words."""
    return [Problem(path=path_of(e["loc"]), message=_say(dict(e))) for e in error.errors(include_input=False)]


def _say(error: dict[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], "is not written as it should be")
    if kind == "literal_error":
        return f"must be one of: {context['expected']}"
    if kind in ("too_short", "string_too_short"):
        return f"is too short or empty; at least {context['min_length']} needed"
    return _SAY.get(kind, str(error["msg"]))


_SAY = {
    "missing": "is missing; add it",
    "extra_forbidden": "is no field of this format; check its spelling or take it out",
    "string_type": 'must be text in "quotes"',
    "list_type": "must be a list in [brackets]",
    "model_type": "must be an object in {braces}",
    "dict_type": "must be an object in {braces}",
}
_PATTERNS = {
    r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$": "is not an id; use up to 100 letters, digits, and . _ : - (no spaces)",
    r"^[^@\s]+@[^@\s]+\.[^@\s]+$": "is not an e-mail address",
    r"^([01]?\d|2[0-3]):[0-5]\d$": 'is not a time of day; write it as "08:30"',
    r"^([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?$": 'is not a time of day; write it as "08:30"',
    r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$": 'is not a language code; write it as "en" or "es"',
}

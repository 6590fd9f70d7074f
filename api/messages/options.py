"""Numbered replies and buttons: what the bot offers, and what "1" (or a tapped label) then means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

#: A command of Rasa's, without its "/".
_COMMAND = re.compile(r"\w+\s*(@[\d.]+)?\s*(\{.*)?", re.DOTALL)
#: What people put before and behind the word that they choose by ("more pls", "ok 2 thanks x").
_BEFORE = re.compile(r"^(?:(?:ok|okay|yes|yeah|yep|and|si|sí|y|vale)[ ,]+)+(?=\S)")
_BEHIND = re.compile(
    r"(?<=\S)(?:[ ,]+(?:please|pls|plz|thanks|thank you|thx|ta|then|mate|love|x+|por favor|porfa|porfavor|gracias))+$"
)
#: "The first one", among several of a kind.
_ORDINAL = re.compile(
    r"(?:(?:oh|sorry|no|i|its|it is|it was|meant|mean|perdon|perdón|quise decir|era|es) )*(?:(?:the|la|el) )?"
    r"(?:(?P<n1>first|1st|primer[oa])|(?P<n2>second|2nd|segund[oa])|(?P<n3>third|3rd|tercer[oa]))(?: one)?"
)
#: More than this many is a list nobody reads on a phone.
MOST = 6


class Option(BaseModel):
    """Something to tap, or to answer by its number, its label or one of its ``words`` ("more" for "Show more").

    ``payload`` is Rasa's ``/intent{"entity": "value"}``.
    """

    label: str
    payload: str
    words: list[str] = []


def numbered(options: Sequence[Option], first: int = 1) -> list[dict[str, Any]]:
    """The options as they are kept with the conversation and shown as buttons, counted from ``first``."""
    return [{"n": n, **option.model_dump()} for n, option in enumerate(options[:MOST], start=first)]


def with_numbers(text: str, options: Sequence[Option], first: int = 1) -> str:
    """The text of an SMS with its options underneath: "1 Confirm"."""
    return "\n".join([text, *(f"{item['n']} {item['label']}" for item in numbered(options, first))])


def chosen(text: str, remembered: list[dict[str, Any]]) -> str:
    """The payload that ``text`` picks from the remembered options, or "" when it picks none.

    A number counts with what people put round it ("1.", "1)", "no 1", "#2", "ok 2 pls"); a label in any case.
    """
    said = text.strip().strip(".,!?)(#\"'").casefold()
    bare = word = _BEHIND.sub("", _BEFORE.sub("", said)).strip(".,!?)(#\"'")
    for lead in ("option ", "number ", "no. ", "no ", "opcion ", "opción ", "numero ", "número "):
        word = word.removeprefix(lead)
    word = {"one": "1", "two": "2", "three": "3", "uno": "1", "dos": "2", "tres": "3"}.get(word, word)
    for item in remembered:
        if {word, bare, said} & {str(item["n"]), str(item["label"]).casefold(), *item.get("words", ())}:
            return str(item["payload"])
    ordinal = _ORDINAL.fullmatch(bare) if " " in bare else None
    return _of_a_kind(int((ordinal.lastgroup or "n0")[1:]), remembered) if ordinal else ""


def _of_a_kind(place: int, remembered: list[dict[str, Any]]) -> str:
    """The payload in that place, if it is one of several of a kind: "the first" is no way to choose between "I will be
    there" and "I can't come"."""
    kinds = [str(item["payload"]).partition("{")[0] for item in remembered]
    return str(remembered[place - 1]["payload"]) if place <= len(kinds) and kinds.count(kinds[place - 1]) > 1 else ""


def neutral(text: str) -> str:
    """Free text that Rasa cannot take for a command: no leading "/" (FACTS, Rasa), never empty.

    What looks like a whole command ("/restart", "/intent{...}") is nobody's sentence, and without its "/" it would be
    understood by the intent's own name: nothing of it is passed on.
    """
    words = text.lstrip("/ \t\r\n")
    if not words or (text.lstrip().startswith("/") and _COMMAND.fullmatch(words)):
        return "?"
    return words

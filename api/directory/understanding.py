"""Which need and which place somebody's words name. Pure; the words are data (data/directory/needs.yaml, places.csv).

Case, accents, apostrophes and small slips do not matter ("napies", "leads" is not Leeds unless a place was asked for).
"""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml
from rapidfuzz import fuzz, process

from api.jurisdiction import packs
from api.settings import DATA

FOLDER = DATA / "directory"
#: How alike two words must be to pass for a slip (rapidfuzz ratio), by need and by place: a wrong town costs more.
NEED_SLIP = 84
PLACE_SLIP = 82
#: Words so short are never taken for a slip of another.
SHORTEST_SLIP = 5


@dataclass(frozen=True)
class Place:
    """A place that we can measure from. ``exact``: it was written as it is, not guessed from a slip."""

    name: str
    kind: str  # town, district, postcode, zip, area (the first letters or digits of a code)
    within: str
    latitude: float
    longitude: float
    country: str  # GB, US
    exact: bool = True

    @property
    def town(self) -> str:
        """The town it is in, or is."""
        return self.within or self.name


def needs() -> tuple[str, ...]:
    """The codes of all needs, in the file's order."""
    return tuple(_needs_file())


def need_name(need: str, locale: str) -> str:
    """How the need is called in an answer ("food", "comida"); ``locale`` is a language, with or without its country."""
    names = _needs_file()[need]["name"]
    return str(names.get(locale.replace("-", "_")) or names.get(re.split("[-_]", locale)[0]) or names["en"])


@lru_cache(maxsize=1)
def places() -> tuple[Place, ...]:
    """The gazetteer."""
    with (FOLDER / "places.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return tuple(
            Place(
                name=row["name"],
                kind=row["kind"],
                within=row["within"],
                latitude=float(row["latitude"]),
                longitude=float(row["longitude"]),
                country=row["country"],
            )
            for row in rows
        )


def plain(text: str) -> str:
    """Lower case, no accents, words apart by single blanks, apostrophes gone ("women's" → "womens")."""
    folded = unicodedata.normalize("NFD", text.casefold())
    bare = "".join(character for character in folded if not unicodedata.combining(character))
    return re.sub(r"[^a-z0-9]+", " ", re.sub(r"['’`]", "", bare)).strip()


def understand_need(text: str, language: str = "en") -> str | None:
    """The code of the need that the words name ("food"), or None. English and Spanish words count in any language,
    those of ``language`` first."""
    words = plain(text).split()
    if not words:
        return None
    named = [code for code in needs() if plain(code) == " ".join(words)]
    if named:
        return named[0]
    own, other = _phrases(language.split("-")[0])
    best: tuple[int, int, int, str] | None = None
    for order, phrases in ((1, own), (0, other)):
        for length in range(min(5, len(words)), 0, -1):
            for start in range(len(words) - length + 1):
                code = phrases.get(" ".join(words[start : start + length]))
                if code:
                    # Longer phrases say more than shorter ones, the own language more than another, earlier than later.
                    found = (length, order, -start, code)
                    best = max(best, found) if best else found
    return best[3] if best else _slipped_need(words, {**other, **own})


def _slipped_need(words: list[str], phrases: dict[str, str]) -> str | None:
    """The need of the phrase that some words are nearest to, where near is near enough."""
    known = [phrase for phrase in phrases if len(phrase) >= SHORTEST_SLIP]
    best: tuple[float, int, str] | None = None
    for length in (3, 2, 1):
        for start in range(len(words) - length + 1):
            tried = " ".join(words[start : start + length])
            if len(tried) < SHORTEST_SLIP or tried in _words("never_a_slip"):
                continue
            found = process.extractOne(tried, known, scorer=fuzz.ratio, score_cutoff=NEED_SLIP)
            if found and abs(len(found[0]) - len(tried)) <= 2 and found[0][0] == tried[0]:
                candidate = (found[1], length, phrases[found[0]])
                best = max(best, candidate) if best else candidate
    return best[2] if best else None


def understand_place(text: str, country: str, *, asked: bool = False) -> Place | None:
    """The place that the words name, in ``country`` (GB or US), or None. A postcode or ZIP wins over a district, a
    district over a town. With ``asked`` (we have just asked where) slips are forgiven in any word; otherwise only in
    words that a word of place ("in", "near", "por") stands before."""
    code = _code(text, country)
    if code:
        return code
    words = plain(text).split()
    named = _named(country)
    best: tuple[int, int, Place] | None = None
    for length in (3, 2, 1):
        for start in range(len(words) - length + 1):
            place = named.get(" ".join(words[start : start + length]))
            if place and (place.name not in _words("place_or_word") or _led(words, start) or asked):
                found = (int(place.kind == "district"), length, place)
                if best is None or found[:2] > best[:2]:
                    best = found
    return best[2] if best else _slipped_place(words, country, asked)


def _slipped_place(words: list[str], country: str, asked: bool) -> Place | None:
    named = _named(country)
    for length in (3, 2, 1):
        for start in range(len(words) - length + 1):
            tried = " ".join(words[start : start + length])
            if len(tried) < SHORTEST_SLIP - 1 or not (asked or _led(words, start)) or tried in _words("never_a_slip"):
                continue
            found = process.extractOne(tried, list(named), scorer=fuzz.ratio, score_cutoff=PLACE_SLIP - len(tried) // 2)
            if found and (found[0][0] == tried[0] or found[1] > 87) and abs(len(found[0]) - len(tried)) <= 2:
                place = named[found[0]]
                return Place(**{**place.__dict__, "exact": False})
    return None


def _led(words: list[str], start: int) -> bool:
    return start > 0 and words[start - 1] in _words("before_a_place")


def _code(text: str, country: str) -> Place | None:
    """A postcode or ZIP. "LS9 7TF" and "ls97tf" are both LS9; a full postcode's second half is not kept."""
    pattern = next((p.place.pattern for p in map(packs.pack, packs.names()) if p.country == country), None)
    if pattern is None:
        return None
    codes, areas = _codes(country), _areas(country)
    # A full one without its blank first: "ls97tf" must not be read as LS97.
    spaced = re.sub(r"\b([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})\b", r"\1 \2", text.upper())
    for found in re.finditer(pattern, spaced):
        if found[1] in codes:
            return codes[found[1]]
        # A code that we do not have: the middle of its area ("M14" is in M, "44105" in 441) does for near and far.
        area = areas.get(found[1][:3] if country == "US" else re.split(r"[0-9]", found[1])[0])
        if area:
            return Place(**{**area.__dict__, "name": found[1]})
    return None


@lru_cache
def _areas(country: str) -> dict[str, Place]:
    return {place.name: place for place in places() if place.country == country and place.kind == "area"}


@lru_cache
def _codes(country: str) -> dict[str, Place]:
    return {place.name: place for place in places() if place.country == country and place.kind in ("postcode", "zip")}


@lru_cache
def _named(country: str) -> dict[str, Place]:
    here = [place for place in places() if place.country == country and place.kind in ("town", "district")]
    named = {plain(place.name): place for place in here}
    if country == "US":
        for place in here:
            if place.kind == "town":
                named.update({f"{plain(place.name)} {state}": place for state in ("oh", "ohio")})
    return named


@lru_cache(maxsize=1)
def _needs_file() -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "needs.yaml").read_text(encoding="utf-8"))
    return loaded


@lru_cache
def _phrases(language: str) -> tuple[dict[str, str], dict[str, str]]:
    """(phrase → need in that language, phrase → need in all others)."""
    own: dict[str, str] = {}
    other: dict[str, str] = {}
    for code, entry in _needs_file().items():
        for of, phrases in entry["words"].items():
            for phrase in phrases:
                (own if of == language else other).setdefault(plain(str(phrase)), code)
    return own, other


@lru_cache
def _words(name: str) -> frozenset[str]:
    """A list of data/directory/words.yaml."""
    return frozenset(yaml.safe_load((FOLDER / "words.yaml").read_text(encoding="utf-8"))[name])

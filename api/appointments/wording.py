"""Days, hours and meetings in somebody's own language and place, ready to stand in a text. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_timezone_location

from api import texts
from api.jurisdiction.packs import Pack


@dataclass(frozen=True)
class Voice:
    """How it is said: the jurisdiction's words and forms, the language, the listener's zone, and when it is said.

    ``place``: the zone of the agency, where meetings are (None: the listener's). Where the two differ at a moment,
    hours are said as the listener's own; the town of their zone is named where ``names_town`` allows it: whoever reads
    a discreet text over somebody's shoulder does not learn from it where they went.
    """

    pack: Pack
    language: str
    zone: ZoneInfo
    now: datetime
    place: ZoneInfo | None = None
    names_town: bool = False

    def text(self, text_id: str, **args: object) -> str:
        """Words from the catalogue, with those of the jurisdiction filled in."""
        return texts.render(text_id, self.language, **{**self.pack.text_args(self.language), **args})

    def day(self, when: date) -> str:
        """ "Thursday 26 November"; with the year when it is more than 300 days away."""
        today = self.now.astimezone(self.zone).date()
        form = self.text("when.date_year" if abs(when - today) > timedelta(days=300) else "when.date")
        if self.pack.dates.order == "month_first":
            form = self.text("when.date_month_first")
        return format_date(when, form, locale=self.pack.locale(self.language))

    def hour(self, when: datetime) -> str:
        """The listener's time of day: "16:00", and "16:00 (Madrid time)" or "16:00 your time" where it is another one
        than the agency's at that moment."""
        said = self.clock(when)
        if self.place is None or when.astimezone(self.zone).utcoffset() == when.astimezone(self.place).utcoffset():
            return said
        if not self.names_town:
            return self.text("when.your_time", time=said)
        town = get_timezone_location(self.zone, locale=self.pack.locale(self.language), return_city=True)
        return self.text("when.town_time", time=said, town=town.rpartition("/")[2])

    def clock(self, when: datetime) -> str:
        """The listener's time of day, and nothing else: "16:00", or "4:00 PM" where the clock has twelve hours."""
        form = "HH:mm" if self.pack.dates.clock == 24 else "h:mm a"
        said = format_time(when.astimezone(self.zone), form, locale=self.pack.locale(self.language))
        # "3:30 p. m." at a sentence's end would bring a second full stop, and CLDR's narrow blanks are no SMS
        # characters.
        return said.replace("\u202f", " ").replace("\xa0", " ").replace(". ", "").replace(".", "")

    def moment(self, when: datetime) -> str:
        """ "today at 16:00", "tomorrow at 10:00", "Thursday 26 November at 13:30"."""
        local = when.astimezone(self.zone).date()
        today = self.now.astimezone(self.zone).date()
        near = {-1: "when.yesterday", 0: "when.today", 1: "when.tomorrow"}.get((local - today).days)
        if near:
            return self.text(near, time=self.hour(when))
        return self.text("when.at", day=self.day(local), time=self.hour(when))

    def kind(self, kind: str) -> str:
        """What kind of meeting it is, in words; a word that the jurisdiction has of its own comes first."""
        own = {"core_group": "core_group", "review_conference": "review", "contact_session": "contact_session"}
        word = own.get(kind)
        if word and word in self.pack.words:
            return self.pack.word(word, self.language)
        known = texts.has(f"appointments.kind.{kind}")
        return self.text(f"appointments.kind.{kind if known else 'other'}")


def kind_words(place: Pack, language: str) -> Callable[[str], str]:
    """What each kind of meeting is called there, for a page."""
    return Voice(place, language, ZoneInfo("UTC"), datetime.min.replace(tzinfo=UTC)).kind


def opening(words: str) -> str:
    """The words with a capital letter, to begin a sentence."""
    return words[:1].upper() + words[1:]

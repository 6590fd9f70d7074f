"""From a template and what it shows to a page, in the reader's language and local time.

Promise: everything that somebody wrote is escaped (autoescape is never off), a name that a template does not get is an
error in the tests and not a hole on a page, and no page names a place outside this site.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from fastapi import Request
from fastapi.responses import HTMLResponse

from api import clock, texts
from api.sealed import Unreadable
from api.settings import settings

HERE = Path(__file__).parent
STATIC = HERE / "static"
#: How the names of templates begin that families read.
FOR_FAMILIES = ("chat/", "evidence/")
LANGUAGE_COOKIE = "hearthline_language"
RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ku", "ps", "ur", "yi"})


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """The one Jinja environment."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        auto_reload=False,  # a page has some fifty parts: none asks the disk whether it has changed
        trim_blocks=True,
        lstrip_blocks=True,
    )


@jinja2.pass_context
def _finalize(context: jinja2.runtime.Context, value: object) -> object:
    """Words that cannot be opened say so in the reader's language (api.sealed); to a family without what it means."""
    if not isinstance(value, Unreadable):
        return value
    of_family = (context.name or "").startswith(FOR_FAMILIES)
    return (
        texts.render("pages.unreadable.family", context["language"]) if of_family else value.words(context["language"])
    )


def chosen_language(request: Request, otherwise: str | None = None) -> str:
    """The language this reader chose (``?language=``, then the cookie), else ``otherwise``, else their browser's."""
    asked = request.query_params.get("language") or request.cookies.get(LANGUAGE_COOKIE)
    if asked and texts.supported(asked) == asked:
        return asked
    if otherwise:
        return texts.supported(otherwise)
    for part in request.headers.get("accept-language", "").split(","):
        wanted = part.partition(";")[0].strip()
        if wanted and texts.supported(wanted) == wanted.split("-")[0].lower():
            return texts.supported(wanted)
    return texts.FALLBACK


def render(template: str, *, language: str, timezone: str = "UTC", locale: str = "", **context: Any) -> str:
    """The template's HTML. ``timezone`` is an IANA name, ``locale`` a Babel one ("en_GB"); both for dates."""
    speaks = _Reader(language, timezone, locale or language)
    return (
        environment()
        .get_template(template)
        .render(
            {
                "t": partial(_text, language),
                "language": language,
                "languages": [(code, _own_name(code)) for code in texts.languages()],
                "language_name": partial(_language_name, language),
                "direction": "rtl" if language in RIGHT_TO_LEFT else "ltr",
                "when": speaks.when,
                "day": speaks.day,
                "time_of": speaks.time_of,
                "there": speaks.there,
                "ago": speaks.ago,
                "demo": settings().demo,
                "alone": False,
                **context,
            }
        )
    )


def page(
    request: Request,
    template: str,
    *,
    language: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """The response with that page."""
    html = render(template, language=language, path=request.url.path, **context)
    return HTMLResponse(html, status, headers=dict(headers or {}))


def _text(language: str, text_id: str, /, **args: Any) -> str:
    return texts.render(text_id, language, **args)


@lru_cache
def _language_name(reader: str, language: str) -> str:
    """What the reader calls a language ("Spanish"); its code where nobody knows it."""
    try:
        return Locale.parse(language, sep="-").get_display_name(reader) or language
    except (ValueError, UnknownLocaleError):
        return language


@lru_cache
def country_name(language: str, code: str) -> str:
    """What a reader of that language calls a country (``GB``): "United Kingdom"."""
    return str(Locale.parse(language).territories.get(code, code))


@lru_cache
def _own_name(language: str) -> str:
    """What a language calls itself ("Español")."""
    name = Locale.parse(language).get_display_name(language) or language
    return name[:1].upper() + name[1:]


class _Reader:
    """Dates and spans as this reader says them."""

    def __init__(self, language: str, timezone: str, locale: str) -> None:
        self.language = language
        self.zone = ZoneInfo(timezone)
        self.locale = Locale.parse(locale, sep="-" if "-" in locale else "_")

    def when(self, moment: datetime) -> str:
        """ "Thu 26 Nov, 10:00", in local time."""
        local = moment.astimezone(self.zone)
        return f"{format_skeleton('MMMEd', local, locale=self.locale)}, {self.time_of(moment)}"

    def time_of(self, moment: datetime) -> str:
        """ "10:00", in local time."""
        return format_time(moment.astimezone(self.zone), "short", locale=self.locale)

    def there(self, timezone: str | None, moment: datetime | None = None) -> str:
        """The time of day (now, unless a ``moment`` is given) in somebody else's zone, with its day where that is
        another one; "" where it is as here."""
        if not timezone:
            return ""
        moment = moment or clock.now()
        here, local = (moment.astimezone(zone) for zone in (self.zone, ZoneInfo(timezone)))
        if here.utcoffset() == local.utcoffset():
            return ""
        said = format_time(local, "short", locale=self.locale)
        return said if here.date() == local.date() else f"{format_skeleton('MMMEd', local, locale=self.locale)}, {said}"

    def day(self, value: date | datetime) -> str:
        """ "26 November 2026"."""
        if isinstance(value, datetime):
            value = value.astimezone(self.zone).date()
        return format_date(value, "long", locale=self.locale)

    def ago(self, moment: datetime) -> str:
        """ "12 min": how long since (or until) then, in the largest unit that fits."""
        minutes = int(abs((clock.now() - moment).total_seconds()) // 60)
        if minutes < 1:
            return texts.render("pages.span.now", self.language)
        if minutes < 60:
            return texts.render("pages.span.minutes", self.language, n=minutes)
        if minutes < 48 * 60:
            return texts.render("pages.span.hours", self.language, n=minutes // 60, m=minutes % 60)
        return texts.render("pages.span.days", self.language, n=minutes // (24 * 60))

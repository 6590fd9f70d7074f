"""Ending the e-mails to an address, by the link that stands in each of them."""

from __future__ import annotations

from datetime import datetime

from api.database import reading, transaction
from api.families.models import ContactPoint, Person
from api.messages import letters, mail_enrolment


def language_of(token: str) -> str | None:
    """The language of whoever the link was sent to; None for what is no link of ours, or of an address long gone."""
    point_id = letters.point_of(token)
    if point_id is None:
        return None
    with reading() as session:
        point = session.get(ContactPoint, point_id)
        if point is None or point.channel != "email":
            return None
        return session.get_one(Person, point.person_id).language


def stop(token: str, now: datetime) -> str | None:
    """No more e-mails there, committed; the language of the page that says so, None as ``language_of``."""
    language = language_of(token)
    point_id = letters.point_of(token)
    if language is None or point_id is None:
        return None
    with transaction() as session:
        mail_enrolment.stop(session, point_id, now)
    return language

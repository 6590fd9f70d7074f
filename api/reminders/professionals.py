"""Professionals of other agencies hear of it too: whoever is expected by name and is no worker here, by e-mail.

It looks at the same noted changes as the family's news, so whoever changed an appointment, and however, has told them.
The address is the one that the family's newest plan has for that name in its core group. Promises: the e-mail names
nobody of the family, no place and no kind of meeting; each change is told once (the e-mail is queued with its note);
what a later change has overtaken in the outbox does not go, nor what was held up until the meeting was over. Who could
not be told stands on the appointment's page.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, bindparam, case, delete, func, select, text, update
from sqlalchemy.orm import Session

from api import texts
from api.appointments.attendance import named
from api.appointments.models import Appointment
from api.appointments.wording import Voice
from api.database import notify
from api.jurisdiction.packs import pack
from api.jurisdiction.phones import local_number
from api.messages import lateness, outbox
from api.messages.models import OutboundMessage
from api.reminders.colleagues import Change, what_happened
from api.reminders.models import ProfessionalNews
from api.reminders.wording import why
from api.settings import settings

#: Who is meant by a name, however it is written: in SQL, of a column.
_KEY = "lower(btrim({}))"
#: Those expected at these appointments who are no workers here; who meets them there: a worker who is expected, else
#: who leads the family's case.
_EXPECTED = text(f"""
    SELECT a.id AS appointment_id, t.name, t.key, a.starts_at, a.status,
           a.series_id, a.change_reason, a.family_id, g.name AS agency, g.phone, g.timezone, g.jurisdiction, g.language,
           coalesce(b.name, g.name) AS changed_by, coalesce(m.name, l.name) AS worker
    FROM appointments a
    JOIN families x ON x.id = a.family_id
    JOIN agencies g ON g.id = x.agency_id
    JOIN (SELECT appointment_id, {_KEY.format("name")} AS key, min(btrim(name)) AS name
          FROM attendees WHERE person_id IS NULL AND appointment_id = ANY (CAST(:appointments AS uuid[]))
          GROUP BY 1, 2) t
         ON t.appointment_id = a.id AND t.key <> ''
         AND NOT EXISTS (SELECT 1 FROM workers w
                         WHERE w.agency_id = g.id AND w.active AND {_KEY.format("w.name")} = t.key)
    LEFT JOIN workers b ON b.id = a.changed_by
    LEFT JOIN LATERAL (
        SELECT w.name FROM attendees y JOIN workers w ON w.agency_id = g.id AND w.active
                                           AND {_KEY.format("w.name")} = {_KEY.format("y.name")}
        WHERE y.appointment_id = a.id AND y.person_id IS NULL ORDER BY w.name LIMIT 1
    ) m ON true
    LEFT JOIN LATERAL (
        SELECT w.name FROM family_workers k JOIN workers w ON w.id = k.worker_id
        WHERE k.family_id = x.id AND k.lead LIMIT 1
    ) l ON true
    WHERE a.id = ANY (CAST(:appointments AS uuid[])) AND a.ends_at > :now
    ORDER BY a.starts_at, t.key
""")  # noqa: S608 (our own words)
#: The e-mail addresses of a name in the newest of the family's plans that has any.
_ADDRESSES = text(f"""
    SELECT DISTINCT k.family_id, k.name, k.email FROM (
        SELECT p.family_id, {_KEY.format("c.name")} AS name, {_KEY.format("c.email")} AS email,
               rank() OVER (PARTITION BY p.family_id, {_KEY.format("c.name")}
                            ORDER BY p.started_on DESC, p.id) AS newest
        FROM core_group_members c JOIN plans p ON p.id = c.plan_id
        WHERE p.family_id = ANY (CAST(:families AS uuid[])) AND btrim(c.email) <> ''
    ) k WHERE k.newest = 1
""")  # noqa: S608 (our own words)
_OVERTAKEN = (
    select(ProfessionalNews.outbound_id)
    .join(OutboundMessage, OutboundMessage.id == ProfessionalNews.outbound_id)
    .where(ProfessionalNews.appointment_id.in_(bindparam("appointments", expanding=True)))
    .where(OutboundMessage.state == "queued")
    .with_for_update(of=OutboundMessage, skip_locked=True)
)
#: When the last meeting of which an e-mail tells is over: at the time that is called off, or at the later of two.
_USE = (
    select(
        func.max(
            case(
                (ProfessionalNews.what == "cancelled", ProfessionalNews.was_at),
                else_=func.greatest(ProfessionalNews.was_at, ProfessionalNews.starts_at),
            )
            + (Appointment.ends_at - Appointment.starts_at)
        )
    )
    .join(Appointment, Appointment.id == ProfessionalNews.appointment_id)
    .where(ProfessionalNews.outbound_id == bindparam("outbound"))
)
#: Those of a family's appointments that are not over for long; made once, because making it costs as much as asking it.
_OF_FAMILY = (
    select(ProfessionalNews, OutboundMessage.state, OutboundMessage.error)
    .join(Appointment, Appointment.id == ProfessionalNews.appointment_id)
    .outerjoin(OutboundMessage, OutboundMessage.id == ProfessionalNews.outbound_id)
    .where(Appointment.family_id == bindparam("family"), Appointment.ends_at > bindparam("after"))
    .order_by(ProfessionalNews.change_id.desc())
)

#: An appointment, and whose name is expected there.
_Place = tuple[uuid.UUID, str]
#: Whom and what to tell: who is expected, what nobody told them of, and what that is called.
_Telling = tuple[Row[Any], Change, str]


@dataclass(frozen=True)
class Told:
    """News to a professional as workers see it. ``delivery`` is the e-mail's own state, "" where there is none;
    ``problem`` why they were not told: the news' own, or too_late."""

    news: ProfessionalNews
    delivery: str
    problem: str

    @classmethod
    def of(cls, news: ProfessionalNews, state: str | None, error: str | None) -> Told:
        """From the news with its e-mail's state and error, if it has one."""
        late = state == "failed" and error == lateness.TOO_LATE
        return cls(news, state or "", lateness.TOO_LATE if late else news.problem)


def note(
    session: Session,
    changes: Sequence[Change],
    now: datetime,
    unless: frozenset[_Place] = frozenset(),
) -> int:
    """Queue the e-mails of these changes, and note who could not be told; how many notes. ``unless``: (appointment,
    name) of who was added just now: they know no other time."""
    if not changes:
        return 0
    untold = _taken_back(session, [one.appointment_id for one in changes], now)
    own = {one.appointment_id: one for one in changes}
    looked_at = own | {place[0]: change for place, change in untold.items() if place[0] not in own}
    rows = session.execute(_EXPECTED, {"now": now, "appointments": list(looked_at)}).all()
    together: dict[object, list[_Telling]] = {}
    for row in rows:
        place = (row.appointment_id, row.key)
        change = untold.get(place) or own.get(row.appointment_id)
        if change is None or place in unless:
            continue
        what = what_happened(change.was_at, change.was_status, row.starts_at, row.status)
        if what:
            key = (row.key, what, row.change_reason, row.series_id or row.appointment_id)
            together.setdefault(key, []).append((row, change, what))
    known = _addresses(session, [row.family_id for row in rows]) if together else {}
    for same in together.values():
        first, change, what = same[0]
        addresses = known.get((first.family_id, first.key), [])
        problem = "no_address" if len(addresses) != 1 else "" if settings().mails else "no_mail"
        mail = None
        if not problem:
            words = _words(first, change, what, len(same) - 1, now)
            mail = outbox.queue_to_professional(session, addresses[0], *words)
        for row, before, _ in same:
            newest = own.get(row.appointment_id, before)
            session.add(
                ProfessionalNews(
                    appointment_id=row.appointment_id, name=row.name, change_id=newest.id, what=what,
                    was_at=before.was_at, starts_at=row.starts_at, problem=problem, noted_at=now,
                    outbound_id=mail.id if mail else None,
                )
            )  # fmt: skip
            notify(session, f"family:{row.family_id}")
    session.flush()
    return sum(map(len, together.values()))


def too_late(session: Session, outbound_id: uuid.UUID, now: datetime) -> bool:
    """Is every meeting over of which that e-mail tells? Then it would only puzzle whoever reads it."""
    last = session.scalar(_USE, {"outbound": outbound_id})
    return last is not None and now >= last


def _taken_back(session: Session, appointments: Sequence[uuid.UUID], now: datetime) -> dict[_Place, Change]:
    """E-mails of these appointments that still wait have told nobody: they are taken back, with all that they say of
    others of the series (told anew then). Who has not heard of which change."""
    waiting = set(session.scalars(_OVERTAKEN, {"appointments": appointments}))
    if not waiting:
        return {}
    session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id.in_(waiting))
        .values(state="cancelled", error="changed_again", settled_at=now)
    )
    gone = delete(ProfessionalNews).where(ProfessionalNews.outbound_id.in_(waiting)).returning(ProfessionalNews)
    return {
        (one.appointment_id, named(one.name)): Change(
            one.change_id, one.appointment_id, one.was_at, "cancelled" if one.what == "restored" else "scheduled"
        )
        for one in session.scalars(gone)
    }


def _addresses(session: Session, families: Sequence[uuid.UUID]) -> dict[_Place, list[str]]:
    found: dict[_Place, list[str]] = {}
    for row in session.execute(_ADDRESSES, {"families": list(set(families))}):
        found.setdefault((row.family_id, row.name), []).append(row.email)
    return found


def _words(row: Row[Any], change: Change, what: str, others: int, now: datetime) -> tuple[str, str]:
    """The subject of the e-mail, and the words; days and hours as they are where the agency is."""
    place = pack(row.jurisdiction)
    voice = Voice(place, texts.supported(row.language), ZoneInfo(row.timezone), now)
    who = f"{row.worker}, {row.agency}" if row.worker else row.agency
    said = voice.text(
        f"professionals.{what}",
        when=_said(voice, change.was_at),
        next=_said(voice, row.starts_at),
        worker=row.worker or row.agency,
    )
    parts = [
        said,
        voice.text(f"colleagues.others.{what}", count=others) if others else "",
        voice.text("professionals.by", name=row.changed_by),
        why(row.change_reason, voice.language) if what != "restored" else "",
        voice.text("professionals.ring", who=who, phone=local_number(row.phone, place.country))
        if row.phone
        else voice.text("professionals.ask", who=who),
        voice.text("professionals.nameless"),
    ]
    return voice.text("professionals.subject", agency=row.agency), "\n".join(filter(None, parts))


def _said(voice: Voice, when: datetime) -> str:
    """Always with its day: it may be read on another one."""
    return voice.text("when.at", day=voice.day(when.astimezone(voice.zone).date()), time=voice.hour(when))


def by_place(session: Session, family_id: uuid.UUID, *, after: datetime) -> dict[_Place, Told]:
    """(appointment, name) → the newest news of the family's appointments that end after ``after``."""
    found: dict[_Place, Told] = {}
    for row in session.execute(_OF_FAMILY, {"family": family_id, "after": after}):
        found.setdefault((row[0].appointment_id, named(row[0].name)), Told.of(*row))
    return found


def of_appointment(session: Session, appointment_id: uuid.UUID) -> list[Told]:
    """All that professionals were told of it, or could not be; the newest first."""
    rows = session.execute(
        select(ProfessionalNews, OutboundMessage.state, OutboundMessage.error)
        .outerjoin(OutboundMessage, OutboundMessage.id == ProfessionalNews.outbound_id)
        .where(ProfessionalNews.appointment_id == appointment_id)
        .order_by(ProfessionalNews.change_id.desc(), ProfessionalNews.name)
    )
    return [Told.of(*row) for row in rows]

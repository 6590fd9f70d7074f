"""Which simulated phones there are, and what is on them."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from api.access.models import Agency, Worker
from api.demo.models import DemoText
from api.families import zones
from api.families.models import ContactPoint, Family, Person
from api.messages.keywords import carrier_keyword
from api.settings import DATA

#: A phone whose number is in nobody's file.
STRANGER = "+447700900999"
MOST_TEXTS = 60


@dataclass(frozen=True)
class Phone:
    """A simulated phone. ``about`` says in a few words whose it is; ``unread`` counts texts nobody has looked at."""

    number: str
    name: str
    about: str
    language: str
    timezone: str
    jurisdiction: str
    unread: int


@dataclass(frozen=True)
class DemoWorker:
    """Somebody who can be signed in as."""

    id: uuid.UUID
    name: str
    role: str
    agency: str
    email: str
    password: str


@dataclass(frozen=True)
class DemoPerson:
    """Somebody who can open the web chat as themselves."""

    id: uuid.UUID
    name: str
    family: str


def family_phones(session: Session) -> list[Phone]:
    """The demo people's phones, by agency and family, and a stranger's."""
    unread = _unread(session)
    rows = session.execute(
        select(ContactPoint.address, Person, Family.name, Agency)
        .join(Person, Person.id == ContactPoint.person_id)
        .join(Family, Family.id == Person.family_id)
        .join(Agency, Agency.id == Family.agency_id)
        .where(ContactPoint.channel == "sms", ContactPoint.state != "quarantined")
        .order_by(Agency.name, ContactPoint.address)
    ).all()
    phones = [
        Phone(
            number,
            person.first_name,
            family,
            person.language,
            zones.name_of(person, agency),
            agency.jurisdiction,
            unread.get(number, 0),
        )
        for number, person, family, agency in rows
    ]
    zone, jurisdiction = (phones[0].timezone, phones[0].jurisdiction) if phones else ("UTC", "uk-england")
    return [*phones, Phone(STRANGER, "", "", "en", zone, jurisdiction, unread.get(STRANGER, 0))]


def worker_phones(session: Session) -> list[Phone]:
    """The demo workers' phones."""
    unread = _unread(session)
    rows = session.execute(
        select(Worker, Agency)
        .join(Agency, Agency.id == Worker.agency_id)
        .where(Worker.phone.is_not(None), Worker.active)
        .order_by(Agency.name, Worker.phone)
    ).all()
    return [
        Phone(
            worker.phone,
            worker.name,
            worker.role,
            agency.language,
            agency.timezone,
            agency.jurisdiction,
            unread.get(worker.phone, 0),
        )
        for worker, agency in rows
        if worker.phone
    ]


def _unread(session: Session) -> dict[str, int]:
    rows = session.execute(select(DemoText.recipient, func.count()).where(~DemoText.seen).group_by(DemoText.recipient))
    return {number: count for number, count in rows}


def texts_on(session: Session, number: str) -> list[DemoText]:
    """The newest texts on one phone, oldest first."""
    newest = session.scalars(
        select(DemoText)
        .where(or_(DemoText.sender == number, DemoText.recipient == number))
        .order_by(DemoText.id.desc())
        .limit(MOST_TEXTS)
    ).all()
    return list(reversed(newest))


def is_out(session: Session, number: str) -> bool:
    """Has this phone said STOP to us, and not START since? Twilio keeps account of that by itself."""
    said = session.scalars(select(DemoText).where(DemoText.sender == number).order_by(DemoText.id.desc()))
    words = (carrier_keyword(text.body) for text in said)
    return next((word for word in words if word in ("stop", "start")), "") == "stop"


def workers(session: Session) -> list[DemoWorker]:
    """Who can be signed in as, with what the sign-in page wants."""
    rows = session.execute(
        select(Worker, Agency.name)
        .join(Agency, Agency.id == Worker.agency_id)
        .where(Worker.active)
        .order_by(Agency.name, Worker.phone)
    )
    return [
        DemoWorker(worker.id, worker.name, worker.role, agency, worker.email, _passwords().get(worker.email, ""))
        for worker, agency in rows
    ]


def young_people(session: Session) -> list[DemoPerson]:
    """Who can open the web chat as themselves at a tap."""
    rows = session.execute(
        select(Person, Family.name).join(Family, Family.id == Person.family_id).where(Person.kind == "young_person")
    )
    return [DemoPerson(person.id, person.first_name, family) for person, family in rows]


@lru_cache(maxsize=1)
def _passwords() -> dict[str, str]:
    """The demo workers' passwords, which are in the demo file for everybody to read."""
    path = DATA / "demo" / "families.json"
    given = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {worker["email"]: worker.get("password", "") for worker in given.get("workers", [])}


def reference_to_acknowledge(texts: list[DemoText]) -> str:
    """The number of the last escalation that this (worker's) phone was told of, or ""."""
    for text in reversed(texts):
        found = re.search(r"\bACK (\d+)\b", text.body)
        if found:
            return found[1]
    return ""

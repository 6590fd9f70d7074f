"""Writing families, people and how to reach them, and who works with them."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import undefer

from api.access.models import Agency, Worker
from api.audit import queries as audit
from api.families import content, sharing
from api.families import service as assignments
from api.families.models import ContactPoint, Family, Person
from api.imports import appointments, casework, dates, plans, said, series
from api.imports.said import Kept, LastFile
from api.imports.schemas import FamilyIn, PersonIn, clock
from api.imports.telling import Telling
from api.imports.writer import Path, Writer
from api.messages import enrolment, mail_enrolment
from api.settings import settings
from api.timescales import service as timescales

#: What a file says of who somebody is; the rest of a person is theirs to say.
_WHO = ("kind", "first_name", "last_name", "born")
Workers = dict[tuple[str, str], Worker]


def write_families(writer: Writer, given: Sequence[FamilyIn], agencies: dict[str, Agency], workers: Workers) -> None:
    """Write them all; numbers first change hands at the end, so that two people of a file may swap theirs."""
    listed: dict[uuid.UUID, tuple[Path, PersonIn]] = {}
    telling = Telling(writer.session)
    for i, family in enumerate(given):
        agency = agencies[family.agency]
        zone = ZoneInfo(agency.timezone)
        before = telling.before(agency, family.id)
        existing = writer.session.scalar(
            select(Family)
            .where(Family.agency_id == agency.id, Family.external_id == family.id)
            .options(undefer(Family.said))
        )
        row = _write_family(writer, existing, ("families", i), family, agency)
        _write_assignments(writer, row, family, workers, new=existing is None)
        people = _write_people(writer, row, ("families", i), family, agency)
        for j, person in enumerate(family.people):
            at: Path = ("families", i, "people", j)
            if people[person.id].erased_at is not None:
                writer.note(at, "was erased here and stays so; take them out of the case system's file")
            elif people[person.id].left_at is not None:
                writer.note(
                    at, "has left the family here: their numbers stay out of use until a worker brings them back"
                )
            else:
                listed[people[person.id].id] = (at, person)
        here = {key[1]: worker for key, worker in workers.items() if key[0] == family.agency}
        plans.write_plans(writer, row, family.plans, people, here, zone, ("families", i))
        today = writer.now.astimezone(zone).date()
        rows = series.write_series(writer, row, ("families", i), family.series, people, today)
        appointments.write_appointments(writer, row, ("families", i), family.appointments, people, zone, rows)
        if not writer.report.problems:
            series.write_ahead(writer, family.series, rows)
        casework.write_case(writer, row, ("families", i), family, people, zone)
        timescales.refresh(writer.session, row.id)
        if not writer.report.problems:
            telling.after(agency, row, before)
    _write_contact_points(writer, listed, {worker.phone for worker in workers.values() if worker.phone})
    writer.settle()
    telling.send()


def _write_family(writer: Writer, existing: Family | None, path: Path, family: FamilyIn, agency: Agency) -> Family:
    """What the family is called; of one in which everybody was erased here no name comes back."""
    kept = _said(writer, existing, existing, ("name",)) if existing is not None else {}
    here = {"name": existing.name} if existing is not None else {}
    changed = LastFile(writer, path, kept).anew(here, {"name": family.name})
    if existing is not None and existing.people and all(person.erased_at for person in existing.people):
        kept, changed = {}, {}
    row = writer.put("families", existing, Family, agency_id=agency.id, external_id=family.id, **changed)
    row.said = json.dumps(kept)
    writer.session.flush()
    return row


def _said(writer: Writer, family: Family, row: Family | Person, names: Sequence[str]) -> Kept:
    corrected = audit.corrected(writer.session, family.id, row.id) if row.said is None else set()
    return said.of_row(row, names, corrected & set(names))


def _write_assignments(writer: Writer, row: Family, family: FamilyIn, workers: Workers, *, new: bool) -> None:
    """Exactly the file's workers see the family; the lead is one of them. Of a family that is new here, as all are in
    the first file, nobody is told."""
    lead = workers[family.agency, family.lead_worker].id if family.lead_worker else None
    wanted = {workers[family.agency, key].id for key in family.workers} | ({lead} if lead else set())
    if new:
        assignments.assign(writer.session, row.id, wanted, lead, None)
    else:
        assignments.assign_by_file(writer.session, row, wanted, lead)


def _write_people(writer: Writer, row: Family, path: Path, family: FamilyIn, agency: Agency) -> dict[str, Person]:
    """Who they are: as the file says it, unless it says what the last one said and it was mended here since."""
    today = writer.now.astimezone(ZoneInfo(agency.timezone)).date()
    known = select(Person).where(Person.family_id == row.id).options(undefer(Person.said))
    people = {person.external_id: person for person in writer.session.scalars(known)}
    for j, person in enumerate(family.people):
        existing = people.get(person.id)
        if existing is not None and existing.erased_at is not None:
            continue
        kept = _said(writer, row, existing, _WHO) if existing is not None else {}
        here = {name: getattr(existing, name) for name in _WHO} if existing is not None else {}
        who = {name: getattr(person, name) for name in _WHO}
        who["born"] = dates.local_day(person.born, today) if person.born else None
        values = LastFile(writer, (*path, "people", j), kept).anew(here, who)
        # Safe contact and language are the person's own to say, and once here they are changed here.
        if existing is None:
            safe, chosen = person.safe_contact, person.reminders
            values |= {
                "language": person.language or agency.language,
                "wording": safe.wording,
                "may_name_children": safe.may_name_children,
                "contact_from": clock(safe.begin),
                "contact_until": clock(safe.end),
                "timezone": safe.timezone,
                "reminder_moments": None if chosen.moments is None else ",".join(chosen.moments),
                "reminder_kinds": {kind: ",".join(moments) for kind, moments in chosen.kinds.items()},
            }
        with content.kept(writer.session, existing, None) if existing is not None else nullcontext():
            made = writer.put("people", existing, Person, family_id=row.id, external_id=person.id, **values)
        made.said = json.dumps(kept)
        people[person.id] = made
    writer.session.flush()
    return people


def _write_contact_points(
    writer: Writer, listed: dict[uuid.UUID, tuple[Path, PersonIn]], worker_phones: set[str]
) -> None:
    """Numbers: those no longer listed move to quarantine, new ones are added. What people said themselves (opted out,
    wrong number) is never undone by a file."""
    points = list(
        writer.session.scalars(
            select(ContactPoint).where(ContactPoint.channel == "sms", ContactPoint.person_id.in_(listed))
        )
    )
    for point in points:
        if (
            point.added_by is None
            and point.state != "quarantined"
            and point.address not in listed[point.person_id][1].phones
        ):
            point.state, point.state_changed_at = "quarantined", writer.now
    writer.session.flush()
    numbers = {number for _, person in listed.values() for number in person.phones}
    taken = {
        point.address: point.person_id
        for point in writer.session.scalars(
            select(ContactPoint).where(ContactPoint.address.in_(numbers), ContactPoint.state != "quarantined")
        )
    }
    own = {(point.person_id, point.address): point for point in points}
    new: list[ContactPoint] = []
    often, shared = Counter(number for _, person in listed.values() for number in person.phones), list[ContactPoint]()
    for person_id, (path, person) in listed.items():
        for number, state in person.phones.items():
            at = (*path, "phone" if number == person.phone else "other_phones")
            mine = own.get((person_id, number))
            if number in worker_phones:
                writer.refuse(at, "is a worker's number; a family member needs their own")
            elif mine is not None:
                writer.report.unchanged["contact points"] += 1
                if mine.state != "active" == state:
                    writer.note(at, f"this number was taken out of use here ({mine.state}) and stays so")
            elif number in taken and number not in person.shared_phones and state == "active":
                writer.refuse(at, "is in use here by somebody who is not in this file; free it there first")
            else:
                made = writer.put(
                    "contact points",
                    None,
                    ContactPoint,
                    person_id=person_id,
                    channel="sms",
                    address=number,
                    state="pending" if writer.ask_first and state == "active" else state,
                )
                if state == "active":
                    new.append(made)
                if state != "quarantined" and (number in taken or often[number] > 1):
                    shared.append(made)
    if not writer.report.problems:
        _agree(writer, new, listed)
        _share(writer, shared, listed)
        _write_addresses(writer, listed)


def _share(writer: Writer, new: Sequence[ContactPoint], listed: dict[uuid.UUID, tuple[Path, PersonIn]]) -> None:
    """New numbers that somebody else has too: as where a worker gives one."""
    for point in new:
        for person in sharing.begins(writer.session, point, None, writer.now):
            if person.id in listed:
                at = (*listed[person.id][0], "safe_contact", "wording")
                writer.note(at, "somebody else has this person's phone too: they are written to discreetly")


def _write_addresses(writer: Writer, listed: dict[uuid.UUID, tuple[Path, PersonIn]]) -> None:
    """E-mail addresses that are new, each to be confirmed by its code; none is taken away. The code goes at once where
    the file asks first, else a worker sends it."""
    given = {person_id: (path, person.email) for person_id, (path, person) in listed.items() if person.email}
    known = {
        (point.person_id, point.address): point
        for point in writer.session.scalars(
            select(ContactPoint).where(ContactPoint.channel == "email", ContactPoint.person_id.in_(given))
        )
    }
    for person_id, (path, address) in given.items():
        point = known.get((person_id, address))
        if point is not None:
            writer.report.unchanged["contact points"] += 1
            if point.state in ("opted_out", "quarantined"):
                writer.note((*path, "email"), f"this address was taken out of use here ({point.state}) and stays so")
            continue
        person = writer.session.get_one(Person, person_id)
        try:
            mail_enrolment.add_address(writer.session, person, address, None, ask=writer.ask_first and settings().mails)
            writer.report.created["contact points"] += 1
        except enrolment.Taken:
            writer.refuse((*path, "email"), "is in use here by somebody of another family, or by a worker")


def _agree(writer: Writer, new: Sequence[ContactPoint], listed: dict[uuid.UUID, tuple[Path, PersonIn]]) -> None:
    """New numbers are asked, each once, or it is kept that they may be written to by the agency's own record."""
    writer.session.flush()
    asked: set[str] = set()
    for point in new:
        if not writer.ask_first:
            writer.session.add(enrolment.by_record(point.person_id, point, writer.now))
        elif point.address in asked:
            writer.note(
                listed[point.person_id][0], "shares a number that is asked for somebody else: ask it in the console"
            )
        else:
            asked.add(point.address)
            enrolment.invite(writer.session, writer.session.get_one(Person, point.person_id), point, None)
    writer.session.flush()

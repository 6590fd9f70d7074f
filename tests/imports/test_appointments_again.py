"""A file that says of an appointment what the last one said: what was changed here since stays, and is told of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.appointments import offers, service
from api.appointments.models import Appointment, ChangeRequest, OfferedTime
from api.appointments.service import Expected
from api.families import people
from api.families.models import Family, Person
from api.imports import standing
from api.imports.service import Report
from api.reminders import planning

Raw = dict[str, Any]
Load = Callable[..., Report]
STARTS = "families[0].appointments[0].starts"
STAYS = "was changed here since your last file, and stays as it is here"
STAY = "families[0].appointments[0].attendees: were changed here since your last file, and stay as they are here"


@pytest.fixture
def given(load: Load, raw: Raw, session: Session) -> Raw:
    """The first appointment of the file, which is here already."""
    load(raw)
    planning.note_changes(session, clock.now())
    session.commit()
    return dict[str, Any](raw["families"][0]["appointments"][0])


def visit(session: Session) -> Appointment:
    session.expire_all()
    return session.scalars(select(Appointment).filter_by(external_id="bennett-visit-1")).one()


def worker(session: Session) -> Worker:
    return session.scalars(select(Worker).filter_by(external_id="amara")).one()


def names(row: Appointment) -> set[str]:
    return {one.name for one in row.attendees}


def change(
    session: Session, *, starts_at: datetime | None = None, ends_at: datetime | None = None, **more: Any
) -> None:
    attendees = more.pop("attendees", None)
    row = visit(session)
    service.change(
        session, row, worker(session), starts_at=starts_at, ends_at=ends_at, details=more, attendees=attendees
    )
    session.commit()


def again(load: Load, raw: Raw, session: Session, **changed: Any) -> Report:
    """The file with these changes to the first appointment."""
    raw["families"][0]["appointments"][0] |= changed
    report = load(raw)
    session.expire_all()
    return report


def news(session: Session) -> int:
    """How many are to be told of something now."""
    count = planning.note_changes(session, clock.now())
    session.commit()
    return count


def test_a_visit_called_off_here_stays_off_and_nobody_is_told_until_the_file_s_own_word_changes(
    load: Load, raw: Raw, session: Session, given: Raw
) -> None:
    service.cancel(session, visit(session), worker(session), reason="worker")
    session.commit()
    assert news(session)
    for _ in range(2):
        report = again(load, raw, session)
        assert report.notes == [f"families[0].appointments[0].status: {STAYS}"] and not report.updated
        row = visit(session)
        assert (row.status, row.change_reason, row.changed_by) == ("cancelled", "worker", worker(session).id)
        assert not news(session)
    at = visit(session).starts_at
    moved = again(load, raw, session, starts="workday+3 11:00")
    row = visit(session)
    assert (row.status, row.starts_at) == ("cancelled", at), "another time does not put it on again"
    assert any("status" in note for note in moved.notes) and not news(session)
    assert visit(session).changed_by == worker(session).id
    assert not again(load, raw, session, status="cancelled").notes
    assert visit(session).status == "cancelled"
    again(load, raw, session, status="scheduled")
    row = visit(session)
    assert row.status == "scheduled" and row.starts_at != at and news(session)


def test_a_time_that_a_parent_took_stays_when_the_same_file_comes_again(
    load: Load, raw: Raw, session: Session, given: Raw
) -> None:
    row, now = visit(session), clock.now()
    kelly = session.scalars(select(Person).filter_by(external_id="kelly")).one()
    request = ChangeRequest(appointment_id=row.id, person_id=kelly.id, words="cant do that", created_at=now)
    session.add(request)
    session.flush()
    at = row.starts_at + timedelta(days=2, hours=4)
    offered = OfferedTime(
        change_request_id=request.id, starts_at=at, ends_at=at + timedelta(minutes=60), offered_at=now,
        offered_by=worker(session).id,
    )  # fmt: skip
    session.add(offered)
    session.flush()
    assert offers.choose(session, kelly.id, offered.id) == ("booked", at)
    session.commit()
    news(session)
    answers = {one.name: one.answer for one in visit(session).attendees}
    report = again(load, raw, session)
    assert report.notes == [f"{STARTS}: {STAYS}"] and visit(session).starts_at == at and not news(session)
    assert {one.name: one.answer for one in visit(session).attendees} == answers
    again(load, raw, session, starts="workday+9 12:00")
    assert visit(session).starts_at != at and news(session)


def test_a_length_and_words_changed_here_stay_and_only_what_the_file_says_otherwise_is_written(
    load: Load, raw: Raw, session: Session, given: Raw
) -> None:
    begin = visit(session).starts_at
    change(session, ends_at=begin + timedelta(minutes=30), place="the hub", address_hidden=True, bring="nothing")
    notes = again(load, raw, session).notes
    assert {note.partition(":")[0].rpartition(".")[2] for note in notes} == {"ends", "place", "address_hidden", "bring"}
    again(load, raw, session, bring="your letters", starts="workday+4 12:00")
    row = visit(session)
    assert (row.place, row.address_hidden, row.bring) == ("the hub", True, "your letters")
    assert row.starts_at != begin and row.ends_at - row.starts_at == timedelta(minutes=30)
    again(load, raw, session)
    assert visit(session).place == "the hub", "not on the second time either"


def test_who_was_taken_off_or_added_here_stays_so_whomever_else_the_file_changes(
    load: Load, raw: Raw, session: Session, given: Raw
) -> None:
    jayden = session.scalars(select(Person).filter_by(external_id="jayden")).one()
    change(session, attendees=[Expected(jayden.id, concerns=True), Expected(name="Dr Lee", role="GP")])
    assert again(load, raw, session).notes == [STAY]
    assert names(visit(session)) == {"Jayden", "Dr Lee"}
    more = [*given["attendees"], {"name": "Jo Fielding", "role": "health visitor"}]
    assert STAY in again(load, raw, session, attendees=more).notes
    assert names(visit(session)) == {"Jayden", "Dr Lee", "Jo Fielding"}, "Kelly was taken off here"
    less = [one for one in more if one.get("person") != "jayden"]
    again(load, raw, session, attendees=less)
    assert names(visit(session)) == {"Dr Lee", "Jo Fielding"}
    again(load, raw, session, attendees=[one for one in less if one.get("person") != "kelly"])
    again(load, raw, session, attendees=less)
    assert "Kelly" in names(visit(session)), "the file's own word changed"


def test_somebody_who_has_left_the_family_here_is_not_expected_by_a_file(
    load: Load, raw: Raw, session: Session, given: Raw
) -> None:
    ruby = session.scalars(select(Person).filter_by(external_id="ruby")).one()
    people.leave(session, ruby, worker(session), clock.now())
    session.commit()
    new = given | {"id": "new-one", "starts": "workday+6 16:00"}
    raw["families"][0]["appointments"].append(new)
    report = load(raw)
    row = session.scalars(select(Appointment).filter_by(external_id="new-one")).one()
    assert names(row) == {"Kelly", "Jayden", "Amara Okafor"}
    n = len(raw["families"][0]["appointments"]) - 1
    assert f"families[0].appointments[{n}].attendees[2]: has left this family here, and is not expected" in report.notes
    people.come_back(session, ruby, worker(session))
    session.commit()
    assert not [note for note in load(raw).notes if "attendees" in note]
    session.expire_all()
    assert "Ruby" in names(row), "who came back is expected again"


def test_what_a_worker_decided_before_this_was_kept_stays_and_other_words_are_the_file_s(
    load: Load, raw: Raw, session: Session, given: Raw
) -> None:
    service.cancel(session, visit(session), worker(session))
    visit(session).said = None
    session.commit()
    again(load, raw, session, place="at the hub")
    row = visit(session)
    assert (row.status, row.place) == ("cancelled", "at the hub")
    again(load, raw, session)
    assert visit(session).status == "cancelled"


def test_a_hearing_that_the_file_calls_off_is_off_though_it_was_moved_here_before_this_was_kept(
    load: Load, raw: Raw, session: Session, given: Raw
) -> None:
    at = visit(session).starts_at + timedelta(days=1)
    change(session, starts_at=at, ends_at=at + timedelta(hours=1))
    visit(session).said = None
    session.commit()
    news(session)
    report = again(load, raw, session, status="cancelled")
    row = visit(session)
    assert (row.status, row.starts_at, row.changed_by) == ("cancelled", at, None) and news(session)
    assert not [note for note in report.notes if "status" in note or STAYS in note]
    assert [note for note in report.notes if note.startswith(STARTS) and "was not kept" in note]


def test_only_checking_reports_the_same_and_remembers_nothing(
    load: Load, raw: Raw, session: Session, given: Raw
) -> None:
    service.cancel(session, visit(session), worker(session))
    session.commit()
    raw["families"][0]["appointments"][0]["bring"] = "a pen"
    before = visit(session).said
    checked = load(raw, check_only=True)
    assert (visit(session).said, visit(session).bring) == (before, given["bring"])
    done = load(raw)
    assert checked.notes == done.notes and checked.updated == done.updated and done.updated["appointments"] == 1
    assert visit(session).bring == "a pen" and visit(session).status == "cancelled"


def test_neither_names_nor_places_stand_in_what_is_kept_of_the_file(session: Session, given: Raw) -> None:
    said = visit(session).said or ""
    assert said and not any(word in said for word in ("home", "Amara", "landlord", "social", "scheduled"))


def test_what_stands_here_as_a_file_changes_nothing_that_was_changed_here(
    load: Load, raw: Raw, session: Session, given: Raw
) -> None:
    change(session, starts_at=visit(session).starts_at + timedelta(days=1), place="the hub")
    service.cancel(session, visit(session), worker(session), reason="travel")
    session.commit()
    family = session.scalars(select(Family).filter_by(external_id=raw["families"][0]["id"])).one()
    whole = standing.family(session, family, raw["families"][0]["agency"])
    report = load({"format": raw["format"], "families": [whole]})
    assert not report.created and not report.updated and not report.notes, str(report)

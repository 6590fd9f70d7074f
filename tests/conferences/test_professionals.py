"""Professionals who are invited to a conference are expected at its appointment: they hear when it moves or is called
off, and why; a family hears of no more of them than it would read afterwards."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.appointments.models import Appointment, Attendee
from api.conferences import own
from api.conferences.models import Conference
from api.database import reading, transaction
from api.families.models import Person
from api.plans.models import CoreGroupMember
from api.reminders.models import AppointmentNews
from tests.conferences.test_booking import at, booked, change, plan
from tests.harness.mail import FakeMail
from tests.reminders.conftest import tick
from tests.reminders.test_professionals import deliver, words_of
from tests.small_town import Town

LOWE = {"name": "Sgt Lowe", "role": "police", "agency": "police"}
SHAH = {"name": "Dr Shah", "role": "doctor", "agency": "health"}
REFUGE = {"name": "Ms Hale", "role": "refuge worker", "agency": "other"}


def parent(town: Town) -> dict[str, Any]:
    return {"person_id": str(town.mine.parent.id), "agency": "family"}


def expected(town: Town) -> list[Any]:
    (one,) = booked(town)
    return [place.person_id or place.name for place in one.attendees]


@pytest.fixture
def dad(town: Town) -> Person:
    with transaction() as session:
        made = Person(family_id=town.mine.family.id, external_id="dad", kind="parent", first_name="Ashdad")
        session.add(made)
    return made


def test_they_hear_by_mail_when_it_moves_and_when_it_is_called_off_and_why(
    client: TestClient, town: Town, soon: date, post: FakeMail
) -> None:
    with transaction() as session:
        session.add(CoreGroupMember(plan_id=town.mine.plan.id, name="sgt lowe ", role="police", email="lowe@p.example"))
    made = plan(client, town, soon)
    tick()
    deliver()
    assert expected(town) == [town.mine.parent.id, "Sgt Lowe"] and post.mails == []
    moved = change(client, town, made, soon + timedelta(days=1), reason="place")
    assert moved.status_code == 200, moved.text
    tick()
    deliver()
    (mail,) = post.mails
    assert mail["To"] == "lowe@p.example"
    assert "is moved to" in words_of(mail) and "Why: the place is not free." in words_of(mail)
    off = change(client, town, made, soon + timedelta(days=1), status="cancelled", reason="not_needed")
    assert off.status_code == 200, off.text
    tick()
    deliver()
    assert len(post.mails) == 2
    assert "is cancelled" in words_of(post.mails[1]) and "Why: it is not needed any more." in words_of(post.mails[1])


def test_a_colleague_who_is_invited_later_sees_it_among_their_news(client: TestClient, town: Town, soon: date) -> None:
    made = plan(client, town, soon)
    guest = {"name": town.manager.name, "agency": "social_work"}
    assert change(client, town, made, soon, attendees=[parent(town), LOWE, guest]).status_code == 200
    tick()
    with reading() as session:
        news = session.execute(select(AppointmentNews.worker_id, AppointmentNews.what)).all()
    assert [tuple(one) for one in news] == [(town.manager.id, "added")]


def test_who_is_expected_is_in_step_with_the_invitations_and_with_what_was_changed_in_the_calendar(
    client: TestClient, town: Town, soon: date
) -> None:
    made = plan(client, town, soon, attendees=[parent(town), LOWE, {**LOWE, "name": "sgt lowe"}, SHAH])
    assert sorted(map(str, expected(town))) == sorted([str(town.mine.parent.id), "sgt lowe", "Dr Shah"]), "each once"
    assert change(client, town, made, soon, attendees=[parent(town), LOWE]).status_code == 200
    assert expected(town) == [town.mine.parent.id, "sgt lowe"], "the same name, however it is written"
    with transaction() as session:
        session.delete(session.scalars(select(Attendee).filter_by(name="sgt lowe")).one())
        session.add(Attendee(appointment_id=booked(town)[0].id, name="By Hand", role="nurse"))
    assert change(client, town, made, soon, attendees=[parent(town), LOWE, SHAH]).status_code == 200
    assert {*expected(town)} == {town.mine.parent.id, "By Hand", "Dr Shah"}


def test_an_aunt_who_comes_with_the_family_is_no_professional(client: TestClient, town: Town, soon: date) -> None:
    aunts = [{"name": "Aunt Dawn", "agency": agency} for agency in ("family", "child")]
    plan(client, town, soon, attendees=[parent(town), *aunts])
    assert expected(town) == [town.mine.parent.id]


def test_with_professionals_alone_it_is_booked_where_somebody_says_the_time_and_needs_none(
    client: TestClient, town: Town, soon: date
) -> None:
    made = plan(client, town, soon, at=None, attendees=[LOWE])
    assert made.status_code == 201 and booked(town) == []
    assert change(client, town, made, soon, attendees=[LOWE]).status_code == 200
    assert expected(town) == ["Sgt Lowe"]


def test_a_reason_that_is_none_is_refused_and_one_that_nobody_asked_for_is_not_missed(
    client: TestClient, town: Town, soon: date
) -> None:
    made = plan(client, town, soon)
    assert change(client, town, made, soon, at="12:00", reason="he shouted").status_code == 422
    assert change(client, town, made, soon, at="12:00").status_code == 200
    assert [(one.starts_at, one.change_reason) for one in booked(town)] == [(at(soon, 12), "")]


def test_the_form_asks_why_when_it_is_moved_or_called_off_and_not_otherwise(
    client: TestClient, town: Town, soon: date
) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    fresh = f"/console/families/{town.mine.family.id}/conferences"
    assert 'name="reason"' not in client.get(fresh).text
    fields = {
        "kind": "review", "status": "planned", "held_on": soon.isoformat(), "plan_id": str(town.mine.plan.id),
        "attendee-1-who": str(town.mine.parent.id), "attendee-1-agency": "family", "at": "10:30", "minutes": "90",
    }  # fmt: skip
    assert client.post(fresh, data=town.form(cookies, **fields)).status_code == 303
    with reading() as session:
        row = session.scalars(select(Conference).where(Conference.appointment_id.is_not(None))).one()
    address = f"/console/conferences/{row.id}"
    assert 'name="reason"' in client.get(address).text

    def save(**more: str) -> Any:
        with reading() as session:
            version = str(session.get_one(Conference, row.id).version)
        return client.post(address, data=town.form(cookies, **{**fields, "version": version, "reason": "", **more}))

    assert save(chair="Ruth").status_code == 303, "nobody is told of that"
    for said in ({"at": "12:00"}, {"status": "cancelled"}, {"at": "12:00", "reason": "he shouted"}):
        refused = save(**said)
        assert refused.status_code == 400 and "Choose why it is moved or called off" in refused.text
        assert 'name="reason"' in refused.text
        assert [(one.status, one.starts_at) for one in booked(town)] == [("scheduled", at(soon, 10, 30))]
    assert save(at="12:00", reason="travel").status_code == 303
    assert [(one.starts_at, one.change_reason) for one in booked(town)] == [(at(soon, 12), "travel")]
    assert save(at="12:00", status="cancelled", reason="asked").status_code == 303
    assert [(one.status, one.change_reason) for one in booked(town)] == [("cancelled", "asked")]
    assert 'name="reason"' not in client.get(address).text


def heard_of(person: Person, town: Town) -> set[str]:
    with reading() as session:
        one = session.get_one(Appointment, booked(town)[0].id)
        return {place.name for place in own.expected_with(session, one, person.id) if place.person_id is None}


def test_of_parents_neither_hears_who_may_come_with_the_other(
    client: TestClient, town: Town, soon: date, dad: Person
) -> None:
    lawyer = {"name": "Ms Reid", "role": "solicitor", "agency": "legal"}
    both = {"name": "Two Hats", "role": "adviser", "agency": "health"}
    guests = [parent(town), LOWE, REFUGE, lawyer, both, {**both, "agency": "other"}]
    made = plan(client, town, soon, attendees=guests)
    with transaction() as session:
        session.add(Attendee(appointment_id=booked(town)[0].id, name="By Hand", role="nurse"))
    assert heard_of(town.mine.parent, town) == {"Sgt Lowe", "Ms Hale", "Ms Reid", "Two Hats", "By Hand"}
    with_dad = [*guests, {"person_id": str(dad.id), "agency": "family"}]
    assert change(client, town, made, soon, attendees=with_dad).status_code == 200
    assert heard_of(town.mine.parent, town) == heard_of(dad, town) == {"Sgt Lowe"}


def test_another_parent_who_is_expected_by_hand_counts_as_one(
    client: TestClient, town: Town, soon: date, dad: Person
) -> None:
    plan(client, town, soon, attendees=[parent(town), LOWE, REFUGE])
    with transaction() as session:
        session.add(Attendee(appointment_id=booked(town)[0].id, person_id=dad.id))
    assert heard_of(dad, town) == {"Sgt Lowe"}


def test_at_what_is_no_conference_everybody_is_heard_of(town: Town, dad: Person) -> None:
    with transaction() as session:
        one = session.get_one(Appointment, town.mine.appointment.id)
        session.add_all(
            [Attendee(appointment_id=one.id, name="Ms Hale"), Attendee(appointment_id=one.id, person_id=dad.id)]
        )
        session.flush()
        session.refresh(one)
        assert "Ms Hale" in {place.name for place in own.expected_with(session, one, dad.id)}

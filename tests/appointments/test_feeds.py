"""A person's private calendar: their own appointments only, in words that are safe, at an address that ends."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import icalendar
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.appointments import service
from api.appointments.models import Appointment, Attendee, CalendarFeed
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families.models import Person
from tests.small_town import Town


def found_in(page: str) -> str:
    address = re.search(r'value="http://testserver(/calendar/[A-Za-z0-9_-]{43}\.ics)"', page)
    assert address, "the page shows the address"
    return address[1]


def made(client: TestClient, town: Town, person: Person | None = None) -> str:
    """The path of a calendar that the person asked for on "my plan"."""
    cookies, _ = town.chatting(person or town.mine.parent)
    client.cookies.update(cookies)
    answer = client.post("/chat/plan/calendar", data=town.form(cookies))
    assert answer.status_code == 200
    return found_in(answer.text)


def events(client: TestClient, path: str) -> list[Any]:
    answer = client.get(path)
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/calendar; charset=utf-8"
    return list(icalendar.Calendar.from_ical(answer.text).walk("VEVENT"))


def in_full(town: Town, **profile: Any) -> None:
    """The Ash family's appointment with all that may be said of one, and how the parent wants it said."""
    with transaction() as session:
        one = session.get_one(Appointment, town.mine.appointment.id)
        one.kind, one.address, one.bring, one.link = "home_visit", "4 Elm Row", "the red book", "https://x.example/a"
        one.travel = "taxi at 9:30"
        session.add(Attendee(appointment_id=one.id, person_id=town.mine.child.id, concerns=True))
        session.add(Attendee(appointment_id=one.id, name="Amara Okafor", role="social worker"))
        person = session.get_one(Person, town.mine.parent.id)
        for name, value in profile.items():
            setattr(person, name, value)


def test_who_chose_nothing_has_only_days_and_hours_in_the_calendar(client: TestClient, town: Town) -> None:
    in_full(town)
    path = made(client, town)
    (event,) = events(client, path)
    assert str(event["SUMMARY"]) == "Appointment"
    assert (event["DTSTART"].dt, event["DTEND"].dt) == tuple(
        moment.replace(microsecond=0) for moment in (town.mine.appointment.starts_at, town.mine.appointment.ends_at)
    )
    assert str(event["UID"]) == str(town.mine.appointment.id) and event["STATUS"] == "CONFIRMED"
    file = client.get(path).text
    for word in ("Ash", "Elm", "red book", "taxi", "visit", "Amara", "worker", "Hearthline", "plan", "Near", "example"):
        assert word not in file, word


@pytest.mark.parametrize(
    ("profile", "summary"),
    [
        ({"wording": "plain"}, "Home visit"),
        ({"wording": "plain", "may_name_children": True}, "Home visit (Ashchild)"),
        ({"wording": "plain", "language": "es"}, "Visita a casa"),
        ({"wording": "discreet", "may_name_children": True, "language": "es"}, "Cita"),
    ],
    ids=["plain", "with the child", "spanish", "discreet spanish"],
)
def test_the_words_are_those_of_the_safe_contact_profile(
    client: TestClient, town: Town, profile: dict[str, Any], summary: str
) -> None:
    in_full(town, **profile)
    path = made(client, town)
    (event,) = events(client, path)
    assert str(event["SUMMARY"]) == summary
    plain = profile["wording"] == "plain"
    assert (str(event.get("LOCATION", "")) == "Ash rooms, 4 Elm Row") == plain
    assert ("taxi at 9:30" in str(event.get("DESCRIPTION", ""))) == plain
    assert ("the red book" in str(event.get("DESCRIPTION", ""))) == ("URL" in event) == (plain and True)
    assert ("Ashchild" in client.get(path).text) == ("Ashchild" in summary)


def test_a_hidden_address_is_in_no_calendar(client: TestClient, town: Town) -> None:
    in_full(town, wording="plain")
    with transaction() as session:
        session.get_one(Appointment, town.mine.appointment.id).address_hidden = True
    path = made(client, town)
    (event,) = events(client, path)
    assert "LOCATION" not in event and not {"Elm", "taxi"} & set(re.findall(r"\w+", client.get(path).text))


def test_only_what_the_person_is_expected_at_is_there(client: TestClient, town: Town) -> None:
    with transaction() as session:
        starts = clock.now() + timedelta(days=5)
        other = Appointment(
            family_id=town.mine.family.id, external_id="n", kind="contact_session", starts_at=starts,
            ends_at=starts + timedelta(hours=1),
        )  # fmt: skip
        session.add(other)
        session.flush()
        session.add(Attendee(appointment_id=other.id, person_id=town.mine.child.id, concerns=True))
    path = made(client, town)
    assert [str(event["UID"]) for event in events(client, path)] == [str(town.mine.appointment.id)]


def test_a_move_counts_on_and_what_is_called_off_stays_and_says_so(client: TestClient, town: Town) -> None:
    path = made(client, town)
    assert events(client, path)[0]["SEQUENCE"] == 0
    with transaction() as session:
        one = session.get_one(Appointment, town.mine.appointment.id)
        later = one.starts_at + timedelta(days=1)
        service.change(session, one, town.worker, starts_at=later, ends_at=None, details={})
    (event,) = events(client, path)
    assert event["SEQUENCE"] == 1 and event["DTSTART"].dt == later.replace(microsecond=0)
    with transaction() as session:
        service.cancel(session, session.get_one(Appointment, town.mine.appointment.id), town.worker)
    (event,) = events(client, path)
    assert (event["SEQUENCE"], event["STATUS"], str(event["SUMMARY"])) == (2, "CANCELLED", "Called off: Appointment")
    assert str(event["UID"]) == str(town.mine.appointment.id)


def test_the_address_is_shown_once_kept_as_a_hash_and_ends_when_they_say_so(client: TestClient, town: Town) -> None:
    cookies, _ = town.chatting(town.mine.parent)
    client.cookies.update(cookies)
    page = client.get("/chat/plan").text
    assert "Whoever opens the calendar on your phone can see" in page and "/calendar/" not in page.replace(
        "/plan/calendar", ""
    )
    old = found_in(client.post("/chat/plan/calendar", data=town.form(cookies)).text)
    assert "Nobody has read it yet" in client.get("/chat/plan").text and old not in client.get("/chat/plan").text
    assert events(client, old) and "It was last read" in client.get("/chat/plan").text
    with reading() as session:
        feed = session.scalars(select(CalendarFeed)).one()
    token = old.removeprefix("/calendar/").removesuffix(".ics")
    assert token not in feed.token_hash and len(feed.token_hash) == 64 and feed.made_by is None
    new = found_in(client.post("/chat/plan/calendar", data=town.form(cookies)).text)
    assert client.get(old).status_code == 404 and client.get(new).status_code == 200
    assert client.post("/chat/plan/calendar/end", data=town.form(cookies)).status_code == 303
    assert client.get(new).status_code == 404
    with reading() as session:
        verbs = session.scalars(
            select(AuditEntry.verb).where(AuditEntry.actor_id == town.mine.parent.id).order_by(AuditEntry.id)
        ).all()
    assert [verb for verb in verbs if "calendar" in verb] == [
        "made_calendar_address", "made_calendar_address", "ended_calendar_address",
    ]  # fmt: skip


def test_nobody_without_a_name_gets_a_calendar(client: TestClient, town: Town) -> None:
    cookies, _ = town.chatting()
    client.cookies.update(cookies)
    assert client.post("/chat/plan/calendar", data=town.form(cookies)).status_code == 404
    assert client.post("/chat/plan/calendar/end", data=town.form(cookies)).status_code == 404
    assert client.post("/chat/plan/calendar", data={}).status_code == 403


@pytest.mark.parametrize("token", ["x.ics", "a" * 43 + ".ics", "%00.ics"])
def test_no_other_address_is_there(client: TestClient, town: Town, token: str) -> None:
    assert client.get(f"/calendar/{token}").status_code == 404


def test_a_worker_makes_one_and_ends_it_and_it_goes_with_the_person(client: TestClient, town: Town) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    page = f"/console/people/{town.mine.parent.id}/contact"
    assert "whoever opens the calendar can see it" in client.get(page).text
    path = found_in(client.post(f"/console/people/{town.mine.parent.id}/calendar", data=town.form(cookies)).text)
    assert client.get(path).status_code == 200 and path not in client.get(page).text
    with transaction() as session:
        session.get_one(Person, town.mine.parent.id).erased_at = clock.now()
    assert client.get(path).status_code == 404
    with transaction() as session:
        session.get_one(Person, town.mine.parent.id).erased_at = None
    client.post(f"/console/people/{town.mine.parent.id}/calendar/end", data=town.form(cookies))
    assert client.get(path).status_code == 404
    with reading() as session:
        feed = session.scalars(select(CalendarFeed)).one()
    assert feed.made_by == town.worker.id and feed.revoked_at is not None
    assert client.post(f"/console/people/{town.mine.child.id}/calendar", data=town.form(cookies)).status_code == 404

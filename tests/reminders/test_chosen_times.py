"""A time that a family chose: who else hears of it, in which words, and how the worker who offered it does."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi.testclient import TestClient
from sqlalchemy import select, update

from api.access.models import Worker
from api.appointments import offers
from api.appointments.models import Attendee, ChangeRequest
from api.database import reading, transaction
from api.families.models import ContactPoint, Person
from api.messages.models import OutboundMessage
from tests.reminders.conftest import NOON, Diary, tick
from tests.reminders.test_colleagues import expect, to_family, to_workers


def chosen(diary: Diary) -> datetime:
    """The parent could not come, the family's worker offered another time, and the parent took it."""
    with transaction() as session:
        request = ChangeRequest(
            appointment_id=diary.appointment.id, person_id=diary.person.id, words="I can't", created_at=NOON
        )
        session.add(request)
        session.flush()
        when = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
        offers.offer(session, request, diary.town.worker, [when])
        (offered,) = offers.open_offers(session, request.id)
    with transaction() as session:
        assert offers.choose(session, diary.person.id, offered.id) == ("booked", when)
    return when


def test_a_chosen_other_time_is_told_to_the_others_who_come_and_to_whoever_offered_it(diary: Diary) -> None:
    expect(diary, "Dora Worker", "Lena Worker")
    before = len(to_family())
    chosen(diary)
    tick()
    told = {name: words for name, _, words in to_workers()}
    assert len(to_workers()) == 2 and told["Lena Worker"].startswith("A family chose a time that you offered")
    assert "is now Thursday 26 November at 10:00. More in the console." in told["Dora Worker"]
    assert len(to_family()) == before + 1  # the offer; who chose it knows it


def test_the_other_parent_hears_of_a_chosen_time_without_a_reason_that_points_at_anybody(diary: Diary) -> None:
    with transaction() as session:
        other = Person(
            family_id=diary.household.family.id, external_id="other-parent", kind="parent", first_name="Robin",
            wording="plain",
        )  # fmt: skip
        session.add(other)
        session.flush()
        session.add(Attendee(appointment_id=diary.appointment.id, person_id=other.id))
        session.add(ContactPoint(person_id=other.id, channel="sms", address="+447700900987", state="active"))
    chosen(diary)
    tick()
    with reading() as session:
        (said,) = session.scalars(select(OutboundMessage.body).filter_by(address="+447700900987"))
    assert "Thursday 26 November at 10:00" in said and "Why:" not in said and "everybody" not in said


def test_a_worker_who_reads_news_in_the_console_only_finds_there_that_an_offered_time_was_taken(
    diary: Diary, client: TestClient
) -> None:
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == diary.town.worker.id).values(news_by="console"))
    chosen(diary)
    tick()
    tick()
    assert to_workers() == []
    client.cookies.update(diary.town.signed_in(diary.town.worker))
    assert "Appointments of yours have changed: 1" in client.get("/console").text
    assert "Sat 28 Nov, 13:00 is now Thu 26 Nov, 10:00" in client.get("/console/families").text

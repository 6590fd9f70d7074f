"""What the family hears when somebody takes it on: the truth, and only when and where it is safe."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.database import transaction
from api.escalations import family, service
from api.escalations.family import Heard
from api.families.models import ContactPoint, Person
from api.messages.discretion import safe_time
from api.messages.models import Conversation, OutboundMessage
from tests.small_town import Town

LONDON = ZoneInfo("Europe/London")


def to_family(session: Session, town: Town) -> list[OutboundMessage]:
    session.expire_all()
    query = select(OutboundMessage).filter_by(address=town.mine.conversation.address).order_by(OutboundMessage.seq)
    return list(session.scalars(query))


def asks(town: Town, kind: str = "contact") -> int:
    with transaction() as session:
        conversation = session.get_one(Conversation, town.mine.conversation.id)
        return service.open_escalation(
            session, conversation=conversation, message=None, kind=kind, priority="urgent", words="ring me"
        ).id


def take(town: Town, number: int, ring_by: datetime | None = None) -> Heard:
    with transaction() as session:
        return service.acknowledge(session, number, town.worker, via="sms", ring_by=ring_by).heard


def at_local(hour: int) -> None:
    """Move the clock to the next such hour in London."""
    now = clock.now()
    local = now.astimezone(LONDON)
    wanted = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    clock.move((wanted if wanted > local else wanted + timedelta(days=1)) - local)


def test_who_lives_elsewhere_hears_their_own_time_within_their_own_hours(session: Session, town: Town) -> None:
    at_local(12)
    with transaction() as changing:
        changing.execute(update(Person).where(Person.id == town.mine.parent.id).values(timezone="America/New_York"))
    by = clock.now().astimezone(LONDON).replace(hour=15, minute=0)
    heard = take(town, asks(town), by)
    assert heard.how == "later" and heard.at is not None
    assert heard.at.astimezone(ZoneInfo("America/New_York")).hour == 8  # noon in London is before their hours
    (text,) = to_family(session, town)
    there = by.astimezone(ZoneInfo("America/New_York")).strftime("%H:%M")
    assert text.body == f"A person on the team has your message now. They will ring you by {there} (your time)."


def test_by_day_they_hear_at_once_that_a_person_has_it_and_when_they_ring(session: Session, town: Town) -> None:
    at_local(12)
    by = clock.now().astimezone(LONDON).replace(hour=15, minute=0)
    heard = take(town, asks(town), by)
    (text,) = to_family(session, town)
    assert (heard.how, heard.ring_by) == ("now", True)
    assert text.body == "A person on the team has your message now. They will ring you by 15:00."


def test_by_night_the_text_waits_until_it_is_safe_and_promises_no_call_that_is_over(
    session: Session, town: Town
) -> None:
    at_local(2)
    heard = take(town, asks(town), clock.now() + timedelta(hours=1))
    (text,) = to_family(session, town)
    assert (heard.how, heard.ring_by) == ("later", False)
    assert text.due_at.astimezone(LONDON).time() == time(8) and "ring" not in text.body


def test_whoever_writes_just_now_hears_at_once(session: Session, town: Town) -> None:
    at_local(2)
    town.message(town.mine.conversation, "can somebody ring me")
    assert take(town, asks(town)).how == "now"


def test_after_danger_nothing_goes_by_sms_unless_the_worker_says_when_they_ring(session: Session, town: Town) -> None:
    at_local(12)
    number = asks(town, "immediate_danger")
    assert take(town, number) == family.NOTHING and to_family(session, town) == []
    assert take(town, number, clock.now() + timedelta(hours=1)).ring_by, "she says so afterwards"
    (text,) = to_family(session, town)
    assert "danger" not in text.body and "ring you by" in text.body


def test_a_phone_that_asked_for_no_more_texts_gets_none(session: Session, town: Town) -> None:
    at_local(12)
    with transaction() as changing:
        changing.execute(update(ContactPoint).values(state="opted_out"))
    assert take(town, asks(town)).how == "not" and to_family(session, town) == []


def test_the_worker_reads_what_the_family_hears(session: Session, town: Town) -> None:
    from tests.escalations.test_by_text import says

    at_local(2)
    number = asks(town)
    assert says(session, town.worker, f"ACK {number} ring by 9").endswith(
        "The family hears at 08:00, when it is safe to text, that you will ring."
    )
    danger = asks(town, "self_harm")
    assert "The family was not told" in says(session, town.worker, f"ACK {danger}")


@pytest.mark.parametrize(
    ("hour", "same_day", "safe_hour"), [(7, True, 8), (8, True, 8), (19, True, 19), (20, False, 8), (23, False, 8)]
)
def test_the_next_safe_time_is_now_or_when_their_hours_begin(hour: int, same_day: bool, safe_hour: int) -> None:
    person = Person(contact_from=time(8), contact_until=time(20), contact_days="1234567")
    now = datetime(2026, 3, 28, hour, 0, tzinfo=LONDON)  # the clocks go forward that night
    safe = safe_time(person, now, LONDON).astimezone(LONDON)
    assert (safe.hour, safe.date() == now.date()) == (safe_hour, same_day)


@given(st.integers(0, 365 * 24 * 4), st.integers(0, 22), st.integers(1, 23))
def test_a_safe_time_is_within_the_hours_and_never_a_day_away(quarters: int, begin: int, end: int) -> None:
    if begin >= end:
        return
    person = Person(contact_from=time(begin), contact_until=time(end), contact_days="1234567")
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * quarters)
    safe = safe_time(person, now, LONDON)
    assert now <= safe <= now + timedelta(hours=25)
    shown = safe.astimezone(LONDON).time()
    skipped = begin == 1 and shown.hour == 2  # 01:00 is not there on the night the clocks go forward
    assert person.contact_from <= shown < person.contact_until or skipped

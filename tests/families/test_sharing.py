"""A number or an inbox that somebody else of the family has from now on: what waits there says only what may be said
to whoever reads it, however it came to be shared."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.database import reading, transaction
from api.families import profile
from api.families.models import ContactPoint, Person
from api.imports.report import Report
from api.imports.service import import_file
from api.messages import enrolment, mail_enrolment, outbox, service
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from tests.reminders.conftest import MEETING, Diary, diary, tick, twilio
from tests.small_town import Town

__all__ = ["diary", "twilio"]

INBOX = "ash@example.org"


def gran(session: Session, town: Town) -> Person:
    """Somebody else of the family."""
    person = Person(family_id=town.mine.family.id, external_id="gran", kind="carer", first_name="Gran")
    session.add(person)
    session.flush()
    return person


def a_worker_gives_it(town: Town, folder: Path) -> None:
    with transaction() as session:
        enrolment.add_number(session, gran(session, town), town.mine.conversation.address, town.worker, ask=False)


def one_that_was_set_aside_is_asked_again(town: Town, folder: Path) -> None:
    with transaction() as session:
        person, number = gran(session, town), town.mine.conversation.address
        point = ContactPoint(person_id=person.id, channel="sms", address=number, state="quarantined")
        session.add(point)
        session.flush()
        enrolment.invite(session, person, point, town.worker)


def a_file_brings_it(town: Town, folder: Path, wording: str = "discreet", number: str = "") -> Report:
    number = number or town.mine.conversation.address
    people = [
        {"id": "parent", "kind": "parent", "first_name": "Ashparent", "last_name": "Ash", "phone": number},
        {"id": "child", "kind": "child", "first_name": "Ashchild"},
        {"id": "gran", "kind": "carer", "first_name": "Gran", "shared_phones": [number],
         "safe_contact": {"wording": wording}},
    ]  # fmt: skip
    family = {"id": "Ash", "agency": "near", "name": "Ash", "lead_worker": "Lena", "people": people}
    path = folder / "families.json"
    path.write_text(json.dumps({"format": "hearthline-import-1", "families": [family]}), encoding="utf-8")
    return import_file(path)


def an_inbox_is_given_to_two(town: Town, folder: Path) -> None:
    with transaction() as session:
        session.add(ContactPoint(person_id=town.mine.parent.id, channel="email", address=INBOX, state="active"))
        session.flush()
        mail_enrolment.add_address(session, gran(session, town), INBOX, town.worker, ask=False)


BY_PHONE = [a_worker_gives_it, one_that_was_set_aside_is_asked_again, a_file_brings_it]
Shared = Callable[[Town, Path], object]
shared_how = pytest.mark.parametrize("shared", [*BY_PHONE, an_inbox_is_given_to_two], ids=lambda how: how.__name__)
phone_how = pytest.mark.parametrize("shared", BY_PHONE, ids=lambda how: how.__name__)


def told(town: Town) -> list[tuple[str, str, str]]:
    """What was queued for the parent, but for the question whether somebody agrees: (state, why, words)."""
    with reading() as session:
        rows = select(OutboundMessage).where(
            OutboundMessage.conversation_id == town.mine.conversation.id, OutboundMessage.kind != "consent"
        )
        return [(row.state, row.error, row.body) for row in session.scalars(rows.order_by(OutboundMessage.seq))]


def agreed(town: Town, **values: object) -> None:
    """The parent's profile, as it was before anybody else had the number."""
    with transaction() as session:
        session.execute(update(Person).where(Person.id == town.mine.parent.id).values(**values))


@shared_how
def test_a_reminder_that_waits_names_nothing_any_more_and_goes_once(
    shared: Shared, diary: Diary, tmp_path: Path
) -> None:
    agreed(diary.town, wording="plain")
    tick()
    (plain,) = diary.at(MEETING - timedelta(days=1))
    assert "core group" in plain
    shared(diary.town, tmp_path)
    tick()
    before, after = told(diary.town)
    assert before == ("cancelled", "worded_anew", plain)
    assert after[0] == "queued" and "core group" not in after[2] and "tomorrow at 13:00" in after[2]
    tick()
    assert len(told(diary.town)) == 2


@phone_how
def test_a_reminder_that_was_discreet_says_whom_it_is_for(shared: Shared, diary: Diary, tmp_path: Path) -> None:
    agreed(diary.town, phone_label="K")
    (before,) = diary.at(MEETING - timedelta(days=1))
    assert not before.startswith("K. ")
    shared(diary.town, tmp_path)
    tick()
    assert told(diary.town)[-1][::2] == ("queued", f"K. {before}")


@shared_how
def test_a_workers_words_and_answers_that_wait_are_withdrawn_for_a_worker_to_see(
    shared: Shared, diary: Diary, tmp_path: Path
) -> None:
    town = diary.town
    question = town.message(town.mine.conversation, "when is the conference")
    with transaction() as session:
        there, asked = session.get_one(Conversation, town.mine.conversation.id), InboundMessage
        about = session.get_one(asked, question.id)
        service.reply_from_worker(session, there, town.worker, "About the conference on Friday")
        outbox.queue_reply(session, there, "Your conference is on Friday.", in_reply_to=about, part="0")
        outbox.queue_reply(session, there, "Ring 999.", in_reply_to=about, part="safety", kind="safety")
    shared(town, tmp_path)
    assert [row[:2] for row in told(town)] == [("failed", "profile_changed")] * 2 + [("queued", "")]


def test_who_is_given_a_number_that_is_theirs_alone_may_still_be_written_to_plainly(diary: Diary) -> None:
    agreed(diary.town, wording="plain")
    tick()
    diary.at(MEETING - timedelta(days=1))
    with transaction() as session:
        person = session.get_one(Person, diary.person.id)
        enrolment.add_number(session, person, diary.town.mine.conversation.address, diary.town.worker)
        enrolment.add_number(session, person, "+447700900888", diary.town.worker)
    with reading() as session:
        assert session.get_one(Person, diary.person.id).wording == "plain"
    assert [state for state, *_ in told(diary.town)] == ["queued"]


def test_a_file_is_told_whose_plain_words_it_ended_and_ends_none_that_a_worker_gave_back(
    diary: Diary, tmp_path: Path
) -> None:
    agreed(diary.town, wording="plain")
    report = a_file_brings_it(diary.town, tmp_path, wording="plain")
    (parent, other) = [note for note in report.notes if "written to discreetly" in note]
    assert ("people[0]" in parent, "people[2]" in other) == (True, True)
    with transaction() as session:
        person = session.get_one(Person, diary.person.id)
        worker = diary.town.worker.id
        profile.change(session, person, {"wording": "plain"}, actor_kind="worker", actor_id=worker, now=clock.now())
    assert not any("discreetly" in note for note in a_file_brings_it(diary.town, tmp_path).notes)
    with reading() as session:
        assert session.get_one(Person, diary.person.id).wording == "plain"


def test_two_whom_one_file_brings_with_one_phone_are_both_written_to_discreetly(town: Town, tmp_path: Path) -> None:
    a_file_brings_it(town, tmp_path, wording="plain", number="+447700900877")
    with reading() as session:
        found = session.execute(
            select(Person.external_id, Person.wording).join(ContactPoint).where(ContactPoint.address == "+447700900877")
        )
        assert sorted(map(tuple, found)) == [("gran", "discreet"), ("parent", "discreet")]

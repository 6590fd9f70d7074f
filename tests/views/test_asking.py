"""Before a conference, a review or a core group people are asked, once, whether there is something they want said."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from api import clock
from api.appointments.models import Appointment, Attendee
from api.database import reading, transaction
from api.families.models import ContactPoint, Person
from api.messages.models import Conversation, OutboundMessage
from api.plans.models import Plan
from api.protection import erasure, person_file
from api.views import drafts
from api.views.jobs import ask_for_views
from api.views.models import StatedView, ViewAsk, ViewDraft, ViewDraftPart
from tests.small_town import Town

DAYS = timedelta(days=1)


def review(town: Town, ahead: timedelta = 4 * DAYS, **changes: Any) -> None:
    """My family's meeting is a review conference, so far ahead; nobody else's is anything to be asked about."""
    starts_at = clock.now() + ahead
    values = {"kind": "review_conference", "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=1), **changes}
    mine = Appointment.id == town.mine.appointment.id
    with transaction() as session:
        session.execute(update(Appointment).where(~mine).values(kind="home_visit"))
        session.execute(update(Appointment).where(mine).values(**values))


def texts_to(town: Town) -> list[str]:
    with reading() as session:
        query = select(OutboundMessage.body).where(OutboundMessage.address == town.mine.conversation.address)
        return list(session.scalars(query.where(OutboundMessage.in_reply_to.is_(None)).order_by(OutboundMessage.seq)))


def change_parent(town: Town, **values: Any) -> None:
    with transaction() as session:
        session.execute(update(Person).where(Person.id == town.mine.parent.id).values(**values))


def test_each_is_asked_once_however_often_it_looks(town: Town) -> None:
    review(town)
    change_parent(town, wording="plain")
    assert ask_for_views() == 1 and ask_for_views() == 0
    assert len(texts_to(town)) == 1
    assert "Your review conference is on" in texts_to(town)[0] and "Text SAY" in texts_to(town)[0]


def test_on_a_phone_that_others_may_read_no_word_says_what_it_is_about(town: Town) -> None:
    review(town)
    change_parent(town, wording="discreet", use_code_word=True, code_word="Ashwood")
    ask_for_views()
    [told] = texts_to(town)
    assert told.startswith("Ashwood. ") and "Text SAY" in told
    assert not any(word in told.lower() for word in ("meeting", "review", "conference", "plan", "worker"))


def test_a_moved_meeting_is_not_asked_about_again(town: Town) -> None:
    review(town)
    ask_for_views()
    review(town, 5 * DAYS)
    assert ask_for_views() == 0


@pytest.mark.parametrize(
    ("kind", "named"),
    [("initial_conference", "Your first conference is on"), ("core_group", "Your core group meeting is on")],
)
def test_they_are_asked_before_a_first_conference_and_a_core_group_too(town: Town, kind: str, named: str) -> None:
    review(town, kind=kind)
    change_parent(town, wording="plain")
    assert ask_for_views() == 1 and ask_for_views() == 0
    assert named in texts_to(town)[0]


def test_of_two_meetings_in_a_fortnight_they_are_asked_about_the_one_that_decides(town: Town) -> None:
    review(town, 5 * DAYS)
    change_parent(town, wording="plain")
    starts_at = clock.now() + 2 * DAYS  # the core group comes first
    with transaction() as session:
        other = Appointment(
            family_id=town.mine.family.id, external_id="core", kind="core_group", starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
        )  # fmt: skip
        session.add(other)
        session.flush()
        session.add(Attendee(appointment_id=other.id, person_id=town.mine.parent.id))
    assert ask_for_views() == 1 and ask_for_views() == 0
    (told,) = texts_to(town)
    assert "review conference" in told
    clock.move(15 * DAYS)
    again = clock.now() + 3 * DAYS
    with transaction() as session:
        values = {"starts_at": again, "ends_at": again + timedelta(hours=1)}
        session.execute(update(Appointment).where(Appointment.external_id == "core").values(**values))
    assert ask_for_views() == 1 and "core group meeting" in texts_to(town)[1]


def _no_reminders(town: Town) -> None:
    change_parent(town, reminder_moments="")


def _has_spoken(town: Town) -> None:
    with transaction() as session:
        session.add(
            StatedView(
                family_id=town.mine.family.id, person_id=town.mine.parent.id, external_id="said",
                given_on=date(2026, 1, 1), words="I want him home", recorded_at=clock.now(),
            )
        )  # fmt: skip


def _opted_out(town: Town) -> None:
    with transaction() as session:
        mine = ContactPoint.person_id == town.mine.parent.id
        session.execute(update(ContactPoint).where(mine).values(state="opted_out"))


def _shared(town: Town) -> None:
    with transaction() as session:
        number = town.mine.conversation.address
        session.add(ContactPoint(person_id=town.mine.child.id, channel="sms", address=number))


def _is_writing(town: Town) -> None:
    begun(town)


def begun(town: Town) -> None:
    """The parent is in the middle of it."""
    message = town.message(town.mine.conversation, "i am scared of the judge")
    with transaction() as session:
        conversation = session.get_one(Conversation, town.mine.conversation.id)
        draft = drafts.begin(session, town.mine.parent.id, conversation, clock.now())
        assert drafts.add(session, draft, message.id, clock.now())


@pytest.mark.parametrize("why_not", [_no_reminders, _has_spoken, _opted_out, _shared, _is_writing])
def test_who_is_better_left_alone_is_not_asked(town: Town, why_not: Callable[[Town], None]) -> None:
    review(town)
    why_not(town)
    assert ask_for_views() == 0 and texts_to(town) == []


@pytest.mark.parametrize(
    ("ahead", "changes"),
    [
        (8 * DAYS, {}),
        (timedelta(hours=20), {}),
        (4 * DAYS, {"status": "cancelled"}),
        (4 * DAYS, {"kind": "home_visit"}),
    ],
    ids=["too-early", "too-late", "called-off", "no-conference"],
)
def test_only_a_meeting_of_that_kind_that_comes_near_is_asked_about(
    town: Town, ahead: timedelta, changes: dict[str, str]
) -> None:
    review(town, ahead, **changes)
    assert ask_for_views() == 0


def test_an_agency_may_leave_the_asking_to_its_workers(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.settings import settings

    review(town)
    monkeypatch.setattr(settings(), "ask_for_views", False)
    assert ask_for_views() == 0


def test_what_is_not_finished_is_in_the_persons_file_and_goes_with_them(town: Town, tmp_path: Path) -> None:
    begun(town)
    review(town)
    with transaction() as session:
        session.add(
            ViewAsk(appointment_id=town.mine.appointment.id, person_id=town.mine.parent.id, asked_at=clock.now())
        )
    person_file.write(str(town.mine.parent.id), tmp_path / "file.json")
    held = json.loads((tmp_path / "file.json").read_text(encoding="utf-8"))
    assert [one["words"] for one in held["views_not_finished"]] == [["i am scared of the judge"]]
    assert len(held["asked_for_views"]) == 1
    with transaction() as session:
        session.execute(update(Plan).where(Plan.id == town.mine.plan.id).values(ended_on=date(2026, 1, 31)))
    erasure.erase(str(town.mine.parent.id), "request 4711")
    with reading() as session:
        assert [session.scalars(select(table)).all() for table in (ViewDraft, ViewDraftPart, ViewAsk)] == [[], [], []]

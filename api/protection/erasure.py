"""Erasing one person: their words, numbers and name go; that something happened, when and what came of it stays.

The rule in words is DECISIONS, "What erasing a person leaves". One transaction, recorded in it; running it again is
harmless, and empties what came in between. It refuses while anybody still works with the person.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Agency, KeptAnswer, Worker
from api.appointments.models import Attendee, AttendeeChange, CalendarFeed, ChangeRequest
from api.audit import service as audit
from api.conferences.models import ConferenceAttendee
from api.database import transaction
from api.demo.models import DemoText
from api.earlier.models import EarlierVersion
from api.escalations.models import Escalation
from api.evidence import store
from api.evidence.models import Evidence, MediaFetch, UploadLink
from api.families.models import ChatCode, Consent, ContactPoint, Family, Person
from api.messages import hands
from api.messages.models import Conversation, HandoverNote, InboundMessage, OutboundMessage
from api.plans.models import ActionEvent, Plan, PlanAction, plan_children
from api.presence.models import Presence
from api.protection import case_record, whose
from api.reminders.models import Reminder, ReminderPlan
from api.sealed import Unreadable
from api.views.models import StatedView, ViewAsk, ViewDraft

LONGEST_REASON = 200
#: How what stands in place of a number begins.
ERASED = "erased:"

#: Every table that names a person, and what becomes of it. A test finds one that is missing here.
TREATED = {
    Person.__tablename__: "the row stays for what refers to it; name, birthday and profile go, the earlier ones too",
    ContactPoint.__tablename__: "set aside, the number replaced",
    Consent.__tablename__: "stays: that and when was agreed, to which wording",
    ChatCode.__tablename__: "removed",
    CalendarFeed.__tablename__: "removed: the address works no longer",
    Conversation.__tablename__: "number and memory go; each message keeps time, direction, state and danger",
    Escalation.__tablename__: "words and reasons go; priority, times, who was told and the outcome stay",
    Attendee.__tablename__: "the answer stays, its words go",
    ChangeRequest.__tablename__: "stays without its words",
    PlanAction.__tablename__: "stays, being the plan's; why it was blocked goes",
    ActionEvent.__tablename__: "stays without its words",
    plan_children.name: "stays: that there was a plan for this child",
    ConferenceAttendee.__tablename__: "that they came stays, the name goes",
    "conference_children": "stays: that a conference was about this child, and what it decided",
    Reminder.__tablename__: "removed",
    ReminderPlan.__tablename__: "removed",
    AttendeeChange.__tablename__: "removed",
    Evidence.__tablename__: "the file goes; that one was sent, when and for which action, stays",
    UploadLink.__tablename__: "removed",
    MediaFetch.__tablename__: "removed: what is still at Twilio is not fetched",
    StatedView.__tablename__: "day, way and who could read it stay, the words go",
    ViewDraft.__tablename__: "removed, with the list of its messages",
    ViewAsk.__tablename__: "removed",
}


class Refused(ValueError):
    """It cannot be done now; says why and what to do."""


@dataclass
class Done:
    """What was emptied or removed, by kind, and what could not be told from somebody else's."""

    person_id: uuid.UUID
    counts: dict[str, int] = field(default_factory=dict)
    left: int = 0
    #: What files were called that nothing stands for any more, unless somebody else sent the same.
    files: list[str] = field(default_factory=list)

    def add(self, kind: str, count: int) -> None:
        if count:
            self.counts[kind] = self.counts.get(kind, 0) + count

    def in_words(self) -> list[str]:
        """For the operator."""
        lines = [f"{kind}: {count}" for kind, count in self.counts.items()] or ["Nothing of theirs is left to erase."]
        if self.left:
            lines.append(
                f"{self.left} conversations stay: somebody else uses or used the number, and nobody can say whose "
                "words are whose. They go when the last of these people is erased."
            )
        lines.append("Not reached from here: Twilio's own copies (delete them there), backups, the case system.")
        return lines


class _OnlySaid(Exception):
    """Carries what would have been done out of a transaction that is to be rolled back."""


def erase(given: str, reason: str, *, only_say: bool = False) -> Done:
    """Erase the person with this id; ``only_say`` does it and takes it back. Raises whose.Unknown and Refused."""
    done: Done | None = None
    try:
        with transaction() as session:
            person = session.get_one(Person, whose.find(session, given).id, with_for_update=True)
            done = _erase(session, person, reason.strip())
            if only_say:
                raise _OnlySaid
    except _OnlySaid:
        pass
    assert done is not None
    if not only_say:
        for sha256 in done.files:
            store.drop_unused(sha256)  # after the commit; what a crash leaves, the sweep finds
        store.forget_erased()
    return done


def _erase(session: Session, person: Person, reason: str) -> Done:
    family = session.get_one(Family, person.family_id)
    agency = session.get_one(Agency, family.agency_id)
    talks = whose.talks(session, person)
    theirs = [*talks.own, *talks.nobody_elses]
    ids = [one.id for one in theirs]
    session.execute(select(Conversation.id).where(Conversation.id.in_(ids)).with_for_update())
    about = or_(Escalation.person_id == person.id, Escalation.conversation_id.in_(ids))
    _check_reason(session, person, reason)
    _check_nobody_works_with_them(session, person, ids, about)

    done = Done(person.id, left=len(talks.shared) - len(talks.nobody_elses))
    _messages(session, ids, done)
    numbers = {one.address for one in theirs if one.channel == "sms"}
    simulated = delete(DemoText).where(or_(DemoText.sender.in_(numbers), DemoText.recipient.in_(numbers)))
    done.add("simulated texts", _count(session, simulated))
    for talk in theirs:
        if not talk.address.startswith(ERASED):
            done.add("conversations", 1)
            talk.address, talk.state, talk.proved_until = hands.nowhere(ERASED, talk.id), {}, None
            talk.closed_at = talk.closed_at or (clock.now() if talk.channel == "web" else None)
    done.add("who was here", _count(session, delete(Presence).where(Presence.conversation_id.in_(ids))))
    # What went to them by e-mail may stand in a conversation that somebody else has (a shared phone's).
    inboxes = select(ContactPoint.address).where(ContactPoint.person_id == person.id, ContactPoint.channel == "email")
    mailed = update(OutboundMessage).where(OutboundMessage.channel == "email", OutboundMessage.address.in_(inboxes))
    done.add("addresses of e-mails", _count(session, mailed.values(address="")))
    for point in session.scalars(
        select(ContactPoint).where(ContactPoint.person_id == person.id, ContactPoint.address.not_like(f"{ERASED}%"))
    ):
        done.add("contact points", 1)
        point.address, point.state, point.state_changed_at = hands.nowhere(ERASED, point.id), "quarantined", clock.now()
    notes = update(HandoverNote).where(HandoverNote.conversation_id.in_(ids), HandoverNote.words != "")
    done.add("notes at a hand-back", _count(session, notes.values(words="")))
    session.execute(update(HandoverNote).where(HandoverNote.conversation_id.in_(ids)).values(summary={}))
    emptied = {Escalation.words: "", Escalation.reasons: []}
    done.add(
        "escalations",
        _count(session, update(Escalation).where(about, Escalation.words != "").values(emptied)),
    )
    _words(session, person, done)
    _kept_answers(session, person, numbers, done)
    _files(session, person, done)
    for table in (
        ChatCode,
        CalendarFeed,
        Reminder,
        ReminderPlan,
        AttendeeChange,
        UploadLink,
        MediaFetch,
        ViewDraft,
        ViewAsk,
    ):
        gone = _count(session, delete(table).where(table.person_id == person.id))
        done.add(table.__tablename__.replace("_", " "), gone)
    earlier = delete(EarlierVersion).where(EarlierVersion.kind == "person", EarlierVersion.object_id == person.id)
    done.add("earlier profiles", _count(session, earlier))
    neutral = whose.neutral(agency)
    done.add("places in the case record", case_record.without_name(session, person, family, neutral))
    if person.erased_at is None:
        done.add("profile", 1)
        _profile(person, neutral)
        session.flush()
        if not session.scalar(
            select(func.count()).where(Person.family_id == family.id, Person.erased_at.is_(None))
        ):  # the last of them: nobody is left to be called by it
            family.name, family.said = neutral, ""
    if done.counts:
        audit.record(
            session,
            actor_kind="system",
            actor_id=None,
            verb="erased_person",
            family_id=family.id,
            object_id=person.id,
            detail={"reason": reason, "left": done.left, **done.counts},
        )
    return done


def _check_reason(session: Session, person: Person, reason: str) -> None:
    if not 0 < len(reason) <= LONGEST_REASON:
        raise Refused(f"--reason takes 1 to {LONGEST_REASON} characters, such as the reference of the request.")
    names = () if person.erased_at else (person.first_name, person.last_name)
    named = whose.name_pattern(names)
    if (named is not None and named.search(reason)) or re.search(r"\d[\d\s()-]{7,}\d", reason):
        raise Refused("--reason stays in the audit trail for good: no name and no number in it, only a reference.")


def _check_nobody_works_with_them(
    session: Session, person: Person, ids: Sequence[uuid.UUID], about: ColumnElement[bool]
) -> None:
    open_ones = session.scalars(select(Escalation.id).where(about, Escalation.state != "resolved")).all()
    if open_ones:
        numbers = ", ".join(map(str, open_ones))
        raise Refused(f"Escalations about this person are not closed: {numbers}. A worker closes them first.")
    running = session.scalar(
        select(func.count()).where(
            Plan.family_id == person.family_id, or_(Plan.ended_on.is_(None), Plan.ended_on >= clock.now().date())
        )
    )
    if running:
        raise Refused(
            "The family has a plan that has not ended, and what is held is needed for it. A review that discontinues "
            "it, or the case system's file, ends it first."
        )
    heard = select(func.count()).where(InboundMessage.conversation_id.in_(ids))
    if session.scalar(heard.where(InboundMessage.state.in_(("queued", "unanswered")))):
        raise Refused("Messages of this person's wait for an answer. A worker settles them in the console first.")
    if session.scalar(
        select(func.count()).where(OutboundMessage.conversation_id.in_(ids), OutboundMessage.state == "sending")
    ):
        raise Refused("A text to this person is going out just now. Try again in some minutes.")
    if session.scalar(select(func.count()).where(Conversation.id.in_(ids), Conversation.taken_over_by.is_not(None))):
        raise Refused("A worker has taken over this person's conversation, and hands it back in the console first.")


def _count(session: Session, statement: object) -> int:
    return int(session.execute(statement, execution_options={"synchronize_session": False}).rowcount)  # type: ignore[call-overload]


def _messages(session: Session, ids: Sequence[uuid.UUID], done: Done) -> None:
    """Empty them, both ways. What waits to be sent is not sent."""
    waiting = update(OutboundMessage).where(OutboundMessage.conversation_id.in_(ids), OutboundMessage.state == "queued")
    done.add("texts not sent", _count(session, waiting.values(state="cancelled", settled_at=clock.now())))
    heard = update(InboundMessage).where(
        InboundMessage.conversation_id.in_(ids),
        or_(
            InboundMessage.body != "",
            InboundMessage.payload != "",
            InboundMessage.intent != "",
            InboundMessage.media != [],
        ),
    )
    empty = {"body": "", "payload": "", "intent": "", "media": [], "safety_reasons": []}
    done.add("messages", _count(session, heard.values(empty)))
    said = update(OutboundMessage).where(
        OutboundMessage.conversation_id.in_(ids), or_(OutboundMessage.body != "", OutboundMessage.address != "")
    )
    done.add(
        "messages",
        _count(
            session,
            said.values(
                body="", address="", options=[], error="", seen_at=func.coalesce(OutboundMessage.seen_at, clock.now())
            ),
        ),
    )


def _words(session: Session, person: Person, done: Done) -> None:
    """Empty what they said about appointments, actions and their own views."""
    for table, owner, words in (
        (Attendee, Attendee.person_id, Attendee.answer_words),
        (Attendee, Attendee.person_id, Attendee.name),
        (ChangeRequest, ChangeRequest.person_id, ChangeRequest.words),
        (ActionEvent, ActionEvent.person_id, ActionEvent.words),
        (PlanAction, PlanAction.owner_person_id, PlanAction.blocked_reason),
        (ConferenceAttendee, ConferenceAttendee.person_id, ConferenceAttendee.name),
        (StatedView, StatedView.person_id, StatedView.words),
    ):
        done.add("words", _count(session, update(table).where(owner == person.id, words != "").values({words: ""})))
    theirs = select(PlanAction.id).where(PlanAction.owner_person_id == person.id)
    why = update(ActionEvent).where(ActionEvent.action_id.in_(theirs), ActionEvent.kind == "blocked")
    done.add("words", _count(session, why.where(ActionEvent.words != "").values(words="")))


def _files(session: Session, person: Person, done: Done) -> None:
    sent = session.scalars(select(Evidence).where(Evidence.person_id == person.id, Evidence.sha256 != "")).all()
    for one in sent:
        if one.state == "kept":
            one.state, one.removed_at = "removed", clock.now()
        done.files.append(one.sha256)
        one.removed_why = ""
    done.add("photos and documents", len(sent))


def _kept_answers(session: Session, person: Person, numbers: set[str], done: Done) -> None:
    """What programs were answered in the last day, where it names the person: emptied, not removed, so that a program
    that asks again does nothing twice."""
    said = [str(person.id), *numbers, *([] if person.erased_at else [person.first_name])]
    theirs = select(Worker.id).join(Family, Family.agency_id == Worker.agency_id).where(Family.id == person.family_id)
    kept = select(KeptAnswer.id, KeptAnswer.body).where(KeptAnswer.worker_id.in_(theirs), KeptAnswer.body != "")
    # What cannot be opened may name them as well as not.
    named = [
        key for key, body in session.execute(kept) if isinstance(body, Unreadable) or any(one in body for one in said)
    ]
    emptied = update(KeptAnswer).where(KeptAnswer.id.in_(named))
    done.add("kept answers to programs", _count(session, emptied.values(body="")))


def _profile(person: Person, neutral: str) -> None:
    person.first_name, person.last_name, person.born = neutral, "", None
    person.wording, person.may_name_children, person.may_name_self = "discreet", False, False
    person.contact_from, person.contact_until, person.contact_days = time(8), time(20), "1234567"
    person.reminder_moments, person.code_word, person.use_code_word, person.timezone = "", "", False, None
    person.reminder_kinds = {}
    person.phone_seen_by = person.phone_label = person.pin_hash = ""
    person.pin_temporary_until = person.pin_locked_at = person.profile_confirmed_at = person.reconfirm_on = None
    person.door_words, person.door_hashes, person.door_turn = [], [], 0
    person.proof, person.said = None, ""
    person.pin_tries, person.session_minutes, person.erased_at = 0, 15, clock.now()

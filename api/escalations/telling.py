"""Telling a rung: the rows and texts of what the ladder (api.escalations.ladder) says, in the caller's transaction."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api import clock, texts
from api.access.models import Worker
from api.database import notify
from api.escalations import links
from api.escalations.ladder import CHANNELS, Case, Telling, Told
from api.escalations.models import REACHED, Escalation, EscalationEvent, Notification
from api.escalations.rota import Member
from api.escalations.world import Due, World, cases, due_of, world, worlds
from api.messages import outbox, sms
from api.settings import settings
from api.webhooks import events as webhooks
from api.webhooks.models import OF_ESCALATIONS

#: Events after which whoever has read it still knows all of it (``Escalation.version``).
SAYS_NOTHING_NEW = ("opened", "acknowledged", "untold", "still", "reminded", "resolved")
#: A telling by hand: somebody handed it over.
HANDOVER = "handover"


def note(
    session: Session,
    escalation: Escalation,
    kind: str,
    *,
    worker_id: uuid.UUID | None = None,
    to_worker_id: uuid.UUID | None = None,
    via: str = "",
) -> None:
    """Add to the escalation's life (EscalationEvent), and wake the pages that show it."""
    if kind not in SAYS_NOTHING_NEW:
        escalation.version += 1
    session.add(
        EscalationEvent(
            escalation_id=escalation.id,
            at=clock.now(),
            kind=kind,
            worker_id=worker_id,
            to_worker_id=to_worker_id,
            via=via,
        )
    )
    if kind in OF_ESCALATIONS:
        webhooks.tell(
            session, OF_ESCALATIONS[kind], agency_id=escalation.agency_id, family_id=escalation.family_id,
            escalation_id=escalation.id,
        )  # fmt: skip
    notify(session, f"agency:{escalation.agency_id}")


def tell_next(session: Session, escalation: Escalation, now: datetime) -> None:
    """Tell the next rung that has somebody in it; rungs with nobody are recorded and passed over at once.

    If no rung has anybody, everyone active in the agency is told.
    """
    due = due_of(escalation)
    session.flush()
    [(_, said)] = _tell(session, [due], now)
    escalation.rung += len(said.rungs)
    escalation.step, escalation.begun = said.next_step, said.begun
    escalation.next_rung_at = now + said.wait
    session.flush()


_ON_THE_LADDER = text("""
    UPDATE escalations SET rung = rung + :rungs, step = :step, begun = :begun, next_rung_at = :next_rung_at
    WHERE id = ANY (CAST(:ids AS int[]))
""")


def tell_all(session: Session, dues: Sequence[Due], now: datetime) -> None:
    """The same for many at once, that this transaction has locked: a few statements however many there are."""
    alike: dict[tuple[int, int, str, datetime], list[int]] = {}
    for due, said in _tell(session, dues, now):
        alike.setdefault((len(said.rungs), said.next_step, said.begun, now + said.wait), []).append(due.id)
    for (rungs, step, begun, next_rung_at), ids in alike.items():
        facts = {"rungs": rungs, "step": step, "begun": begun, "next_rung_at": next_rung_at}
        session.execute(_ON_THE_LADDER, {**facts, "ids": ids})


def _tell(session: Session, dues: Sequence[Due], now: datetime) -> list[tuple[Due, Telling]]:
    """Ask the ladder about each, and write the rows and texts of what it says; returns what it said."""
    known = cases(session, dues)
    agencies = worlds(session, {due.agency_id for due in dues}, now)
    # The ladder says the same of every escalation that stands at the same step of the same case.
    said: dict[tuple[uuid.UUID, Case, int, str], Telling] = {}
    batch = Batch(now)
    told = []
    for due in dues:
        here, key = agencies[due.agency_id], (due.agency_id, known[due.id], due.step, due.begun)
        if key not in said:
            said[key] = here.telling(key[1], due.step, due.begun, now)
        for rung, tellings in enumerate(said[key].rungs, due.rung):
            for one in tellings:
                batch.add(due, rung, one, here)
        told.append((due, said[key]))
    batch.write(session)
    for agency_id in agencies:
        notify(session, f"agency:{agency_id}")
    return told


def hand_to(session: Session, escalation: Escalation, members: list[Member], by: Worker, here: World) -> None:
    """Tell these workers, in a rung of their own, that it is handed to them. They have a way each."""
    due = due_of(escalation)
    session.flush()
    batch = Batch(clock.now())
    for member in members:
        batch.add(due, due.rung, Told(HANDOVER, member, channels=member.ways), here, what="handed", name=by.name)
    batch.write(session)
    escalation.rung += 1
    session.flush()


_NOTIFICATIONS = text("""
    INSERT INTO notifications (id, escalation_id, rung, role, worker_id, at, problem, channels)
    SELECT x.id, x.escalation_id, x.rung, x.role, x.worker_id, :now, x.problem, x.channels
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
         AS x(id uuid, escalation_id int, rung int, role text, worker_id uuid, problem text, channels text)
""")
#: Stand in a pattern for what differs from text to text; letters that an SMS can have, and that no text has.
_REFERENCE, _LINK = "\u039e\u03a8", "\u03a8\u039e"


class Batch:
    """Rows of tellings, and the texts to workers, gathered to be written together."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.notifications: list[dict[str, object]] = []
        self.messages: list[outbox.ToWorker] = []
        self._patterns: dict[tuple[str, str, str], str] = {}

    def add(self, due: Due, rung: int, told: Told, here: World, *, what: str = "", name: str = "") -> None:
        """One telling, and the text that goes with it if somebody is reached."""
        notification_id = uuid.uuid4()
        self.notifications.append(
            {
                "id": str(notification_id),
                "escalation_id": due.id,
                "rung": rung,
                "role": told.role,
                "worker_id": str(told.member.id) if told.member else None,
                "problem": told.problem,
                "channels": " ".join(told.channels),
            }
        )
        if told.problem or told.member is None:
            return
        for channel in told.channels:
            self.say(due, notification_id, channel, told.member.id, here, what=what, name=name)

    def say(
        self,
        due: Due,
        notification_id: uuid.UUID,
        channel: str,
        worker_id: uuid.UUID,
        here: World,
        *,
        what: str = "",
        name: str = "",
        told_at: datetime | None = None,
    ) -> None:
        """The text of a telling by one channel, to each address that the worker has there. ``told_at``: of a telling
        that was before."""
        pattern = self._pattern(f"escalation.{channel}.{what or due.priority}", here.language, name)
        words = pattern.replace(_REFERENCE, str(due.id)).replace(_LINK, links.address(notification_id))
        for address in here.addresses(channel, worker_id):
            self.messages.append(outbox.ToWorker(worker_id, due.id, channel, address, words, told_at))

    def _pattern(self, text_id: str, language: str, name: str) -> str:
        """The words, rendered once for all that differ in reference and link only."""
        key = (text_id, language, name)
        if key not in self._patterns:
            words = texts.render(text_id, language, reference=_REFERENCE, link=_LINK, name=name)
            self._patterns[key] = sms.to_gsm7(words) if text_id.startswith("escalation.sms.") else words
        return self._patterns[key]

    def write(self, session: Session) -> None:
        """All rows in a few statements; the texts are in the outbox and queued to be sent."""
        if self.notifications:
            session.execute(_NOTIFICATIONS, {"now": self.now, "rows": json.dumps(self.notifications)})
        outbox.queue_to_workers(session, self.messages, self.now)


def tell_left(session: Session, escalation: Escalation, now: datetime) -> None:
    """Text whoever has it (else all who were told of it) that the chat was left."""
    _tell_concerned(session, escalation, "left", now)


def remind_of_call(session: Session, escalation: Escalation, now: datetime, **times: str) -> None:
    """Text whoever has it that the time has passed by which they said to ring."""
    _tell_concerned(session, escalation, "ring", now, **times)


def remind_of_held(session: Session, escalation: Escalation, now: datetime, *, later: str) -> None:
    """Text whoever has it that nothing has come of it."""
    _tell_concerned(session, escalation, "held", now, later=later)


def _tell_concerned(session: Session, escalation: Escalation, what: str, now: datetime, **args: str) -> None:
    """By text; without a phone, by all that they have. (A text that does not arrive: escalations.otherwise.)"""
    here = world(session, escalation.agency_id, now)
    words = {
        channel: texts.render(
            f"escalation.{channel}.{what}", here.language, reference=escalation.id, link=card(escalation), **args
        )
        for channel in CHANNELS
    }
    words["sms"] = sms.to_gsm7(words["sms"])
    messages = [
        outbox.ToWorker(worker_id, escalation.id, way, address, words[way])
        for worker_id in _concerned(session, escalation)
        if (member := here.rota.members.get(worker_id)) is not None
        for way in member.ways
        for address in here.addresses(way, worker_id)
    ]
    outbox.queue_to_workers(session, messages, now)


def card(escalation: Escalation) -> str:
    """Where it stands in the console."""
    return f"{settings().base_url}/console/e/{escalation.id}"


def _concerned(session: Session, escalation: Escalation) -> Sequence[uuid.UUID]:
    if escalation.acknowledged_by is not None:
        return [escalation.acknowledged_by]
    told = select(Notification.worker_id).where(Notification.escalation_id == escalation.id, REACHED).distinct()
    return [worker_id for worker_id in session.scalars(told) if worker_id is not None]

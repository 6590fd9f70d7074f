"""What the link in a worker's text shows and does: take it on; then hand it over, or close it.

The rules are those of a text (by_text), and a link can do less: only what its worker has taken on and has not let go
since. It takes on once, and hands over or closes once: a page that a browser sends again, or whoever found the text
later, must not stop a ladder that has started anew. What it handed over or closed stands in a message to the worker
too, as after a text, so that nobody does it unnoticed in their name.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock, texts
from api.access import queries as access
from api.access.models import Agency, Worker
from api.escalations import links, outcomes, service
from api.escalations.models import OPEN_AGAIN, Escalation, EscalationEvent, Notification
from api.messages import outbox
from api.settings import settings


@dataclass(frozen=True)
class Link:
    """What a link is for, and how that stands. ``state``: open; yours (to hand over or to close by it), held (theirs,
    but not by this link any more), handed (over by it, and not taken yet), done (closed by its worker); taken or closed
    by somebody else; old or used (the link is). ``name``: who has it, closed it or was handed it."""

    escalation_id: int
    worker: Worker
    agency: Agency
    state: str
    name: str
    #: Of the escalation (Escalation.version), as the page shows it.
    version: int

    @property
    def reference(self) -> int:
        return self.escalation_id


def find(session: Session, token: str, *, locked: bool = False) -> Link:
    """The telling that a link was made for; ``locked``: nobody changes its escalation meanwhile. Raises
    NotVisible (404) for one that is not ours, or whose worker works here no more."""
    try:
        notification_id = links.notification_of(token)
    except links.BadLink:
        raise access.NotVisible from None
    query = (
        select(Notification.at, Escalation, Worker, Agency)
        .join(Escalation, Escalation.id == Notification.escalation_id)
        .join(Worker, Worker.id == Notification.worker_id)
        .join(Agency, Agency.id == Escalation.agency_id)
        .where(Notification.id == notification_id, Worker.active, Worker.agency_id == Escalation.agency_id)
    )
    row = session.execute(query.with_for_update(of=Escalation) if locked else query).one_or_none()
    if row is None:
        raise access.NotVisible
    at, escalation, worker, agency = row
    since = select(EscalationEvent).where(EscalationEvent.escalation_id == escalation.id, EscalationEvent.at >= at)
    events = session.scalars(since.order_by(EscalationEvent.at)).all()
    state, by = _state(escalation, worker, events)
    if clock.now() > at + links.LIFETIME:
        state = "old"
    names = access.worker_names(session, by)
    name = ", ".join(sorted({names[one] for one in by if one in names}))
    return Link(escalation.id, worker, agency, state, name, escalation.version)


def _state(
    escalation: Escalation, worker: Worker, events: Sequence[EscalationEvent]
) -> tuple[str, list[uuid.UUID | None]]:
    """How it stands for this worker, by what has become of it since they were told; and whose name belongs to it."""
    taken = [one for one in events if one.kind == "acknowledged" and one.worker_id == worker.id]
    again = [one for one in events if one.kind in OPEN_AGAIN]
    if escalation.state == "open":
        handed = list(takewhile(lambda one: one.kind == "handed_over", reversed(again)))
        if handed and (handed[0].worker_id, handed[0].via) == (worker.id, "link"):
            return "handed", [one.to_worker_id for one in handed]
        return ("used" if any(one.via == "link" for one in taken) else "open"), []
    if escalation.state == "resolved":
        return ("done" if escalation.resolved_by == worker.id else "closed"), [escalation.resolved_by]
    if escalation.acknowledged_by != worker.id:
        return "taken", [escalation.acknowledged_by]
    return ("held" if any(one.at > taken[0].at for one in again if taken) else "yours"), [worker.id]


def take(session: Session, token: str) -> None:
    """Take it on in the name of the worker to whom the text went, if it is still to be had. Raises
    NotVisible (404)."""
    link = find(session, token, locked=True)
    if link.state == "open":
        service.acknowledge(session, link.escalation_id, link.worker, via="link")


def hand_over(session: Session, token: str) -> None:
    """Hand it to whoever is next on duty, if its worker has it by this link. Raises NotVisible (404), and NobodyThere
    where there is nobody to hand it to."""
    link = find(session, token, locked=True)
    if link.state != "yours":
        return
    access.escalation_or_404(session, link.worker, link.escalation_id)
    takers = service.hand_over(session, link.escalation_id, link.worker, None, via="link")
    name = ", ".join(member.name for member in takers)
    _confirm(session, link, "escalation.sms.link_handed", name)


def close(session: Session, token: str, outcome: str, kind: str, seen: int | None) -> None:
    """Close it with what came of it, if its worker has it by this link; ``kind`` and ``seen`` as in service.resolve.
    Raises NotVisible (404), service.Changed, and ValueError where hardly anything was said."""
    link = find(session, token, locked=True)
    if link.state != "yours":
        return
    escalation = access.escalation_or_404(session, link.worker, link.escalation_id)
    if len(outcome) < outcomes.SHORTEST:
        raise ValueError("say in a few words what came of it")
    if seen != escalation.version:
        raise service.Changed("something has come since")
    service.resolve(session, link.escalation_id, link.worker, outcome, via="link", kind=kind, seen=seen)
    _confirm(session, link, "escalation.sms.link_closed", "")


def _confirm(session: Session, link: Link, text_id: str, name: str) -> None:
    """To the worker's own phone (else by e-mail): what was done in their name, and what to do if it was not they."""
    words = texts.render(text_id, link.agency.language, reference=link.reference, name=name)
    if link.worker.phone:
        outbox.queue_to_worker(session, link.worker, words, answers=link.escalation_id)
    elif settings().mails:
        outbox.queue_mail_to_worker(session, link.worker, str(link.reference), words)

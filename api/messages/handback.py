"""What happened while a worker had a conversation: a summary for whoever reads it after the hand-back.

Promise: it is counted from what is recorded (messages, the audit trail, escalations, what is still open), never from
what was said; what was agreed is the worker's own note beside it. It holds ids, verbs and numbers only.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, not_, or_, select
from sqlalchemy.orm import Session

from api.access.queries import worker_names
from api.appointments.models import Appointment, ChangeRequest
from api.audit.models import AuditEntry
from api.audit.queries import LOOKS
from api.escalations.models import Escalation
from api.families.models import Person
from api.messages.models import NOT_HEARD, WAITS_FOR_WORKER, Conversation, InboundMessage, OutboundMessage
from api.plans.models import Plan, PlanAction

#: Verbs of the trail that the summary says in another way, or that only open and end the talk.
SAID_OTHERWISE = (
    "took_over_conversation", "handed_back_conversation", "takeover_lapsed", "handled_message", "entered_web_chat",
    "acknowledged_escalation", "handed_over_escalation", "resolved_escalation", "reopened_escalation", "signed_in",
    "signed_out", "replied",
)  # fmt: skip


@dataclass(frozen=True)
class Deed:
    """``name`` (a worker's; "" for the family) did what the trail's ``verb`` says, so many ``times``."""

    name: str
    verb: str
    times: int


@dataclass(frozen=True)
class Summary:
    """``who`` was in, ``began`` to ``ended``; messages that ``came`` and that workers wrote (``went``), of these not
    surely heard (``unheard``); what was done; escalations by number; what was open at the end: escalations, messages
    that ``waited``, reports to verify, requests for another time."""

    who: str
    began: datetime
    ended: datetime
    came: int
    went: int
    unheard: int
    did: Sequence[Deed]
    opened: Sequence[int]
    closed: Sequence[int]
    still_open: Sequence[int]
    waited: int
    reported: int
    requests: int


def facts(session: Session, conversation: Conversation, now: datetime) -> dict[str, Any]:
    """The takeover that goes on there, up to ``now``, as it is kept; {} where it is not known when it began."""
    began = conversation.taken_over_at
    if began is None:
        return {}
    person = session.get(Person, conversation.person_id) if conversation.person_id else None
    family_id = person.family_id if person else None
    ours = select(OutboundMessage).where(
        OutboundMessage.conversation_id == conversation.id,
        OutboundMessage.written_by.is_not(None),
        OutboundMessage.created_at >= began,
    )
    came = select(InboundMessage).where(InboundMessage.conversation_id == conversation.id)
    wrote = session.scalars(ours.with_only_columns(OutboundMessage.written_by).distinct()).all()
    here = Escalation.conversation_id == conversation.id
    about = select(Escalation.id).where(or_(here, Escalation.family_id == family_id) if family_id else here)
    return {
        "workers": sorted({str(one) for one in (conversation.taken_over_by, *wrote) if one}),
        "began": began.isoformat(),
        "ended": now.isoformat(),
        "came": _count(session, came.where(InboundMessage.received_at >= began)),
        "went": _count(session, ours.where(OutboundMessage.state.not_in(NOT_HEARD))),
        "unheard": _count(session, ours.where(OutboundMessage.state.in_(NOT_HEARD))),
        "did": _did(session, family_id, began),
        "opened": list(session.scalars(about.where(Escalation.opened_at >= began).order_by(Escalation.id))),
        "closed": list(session.scalars(about.where(Escalation.resolved_at >= began).order_by(Escalation.id))),
        "still_open": list(session.scalars(about.where(Escalation.state != "resolved").order_by(Escalation.id))),
        "waited": _count(
            session, came.where(InboundMessage.state == "recorded", InboundMessage.flag == WAITS_FOR_WORKER)
        ),
        **_open(session, family_id),
    }


def _count(session: Session, which: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(which.subquery())) or 0


def _did(session: Session, family_id: uuid.UUID | None, began: datetime) -> list[list[Any]]:
    """By whom (a worker's id, or "" for the family), the verb, how often; as it began."""
    if family_id is None:
        return []
    looked = or_(*(AuditEntry.verb.startswith(begin, autoescape=True) for begin in LOOKS))
    rows = session.execute(
        select(AuditEntry.actor_kind, AuditEntry.actor_id, AuditEntry.verb, func.count())
        .where(
            AuditEntry.family_id == family_id,
            AuditEntry.at >= began,
            AuditEntry.actor_kind.in_(("worker", "person")),
            AuditEntry.verb.not_in(SAID_OTHERWISE),
            not_(looked),
        )
        .group_by(AuditEntry.actor_kind, AuditEntry.actor_id, AuditEntry.verb)
        .order_by(func.min(AuditEntry.at))
    ).all()
    return [[str(who) if kind == "worker" else "", verb, times] for kind, who, verb, times in rows]


def _open(session: Session, family_id: uuid.UUID | None) -> dict[str, int]:
    if family_id is None:
        return {"reported": 0, "requests": 0}
    reported = (
        select(PlanAction.id)
        .join(Plan, Plan.id == PlanAction.plan_id)
        .where(Plan.family_id == family_id, Plan.ended_on.is_(None), PlanAction.status == "reported_done")
    )
    asked = (
        select(ChangeRequest.id)
        .join(Appointment, Appointment.id == ChangeRequest.appointment_id)
        .where(Appointment.family_id == family_id, ChangeRequest.handled_at.is_(None))
    )
    return {"reported": _count(session, reported), "requests": _count(session, asked)}


def read(session: Session, kept: Sequence[Mapping[str, Any]]) -> list[Summary | None]:
    """What was kept, each with the names of today; None where nothing was."""
    doers = [who for one in kept if one for who in (*one["workers"], *(deed[0] for deed in one["did"])) if who]
    names = {str(known): name for known, name in worker_names(session, map(uuid.UUID, doers)).items()}
    return [_summary(one, names) if one else None for one in kept]


def _summary(kept: Mapping[str, Any], names: Mapping[str, str]) -> Summary:
    return Summary(
        who=", ".join(sorted(names[one] for one in kept["workers"] if one in names)),
        began=datetime.fromisoformat(kept["began"]),
        ended=datetime.fromisoformat(kept["ended"]),
        came=kept["came"],
        went=kept["went"],
        unheard=kept["unheard"],
        did=[Deed(names.get(who, ""), verb, times) for who, verb, times in kept["did"]],
        opened=kept["opened"],
        closed=kept["closed"],
        still_open=kept["still_open"],
        waited=kept["waited"],
        reported=kept["reported"],
        requests=kept["requests"],
    )

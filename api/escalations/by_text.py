"""What a worker's text does, and the text that they get back: acknowledge, hand over, close.

Only what the worker may see is there; only what is theirs can be closed by text, because a mistyped number must not
close somebody else's. The answer always says how things stand now, and what to do if nothing was done.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton, format_time
from sqlalchemy.orm import Session

import crashpoints
from api import clock, texts
from api.access import queries as access
from api.access.models import Agency, Worker
from api.escalations import orders, outcomes, service
from api.escalations.models import Escalation
from api.escalations.orders import Order
from api.escalations.service import Acknowledgement, NobodyThere, NotYours
from api.escalations.world import world
from api.jurisdiction.packs import pack


def answer(session: Session, worker: Worker, body: str) -> tuple[str, int | None]:
    """Do what the text says, in the caller's transaction; returns what the worker is to read, and of which escalation
    of theirs it speaks."""
    agency = session.get_one(Agency, worker.agency_id)
    asked = orders.order(body)
    if asked is None:
        return texts.render("escalation.sms.how", agency.language), None
    try:
        escalation = access.escalation_or_404(session, worker, asked.reference)
        return _do(session, worker, agency, asked, escalation), escalation.id
    except (access.NotVisible, service.NotOpen):
        return texts.render("escalation.sms.unknown", agency.language, reference=asked.reference), None


def _do(session: Session, worker: Worker, agency: Agency, asked: Order, escalation: Escalation) -> str:
    if asked.verb == "ack":
        return _acknowledge(session, worker, agency, asked)
    if asked.verb == "handover":
        return _hand_over(session, worker, agency, asked)
    return _close(session, worker, agency, asked, escalation)


def _acknowledge(session: Session, worker: Worker, agency: Agency, asked: Order) -> str:
    ring_by = orders.ring_by(asked.rest, clock.now(), ZoneInfo(agency.timezone))
    result = service.acknowledge(session, asked.reference, worker, via="sms", ring_by=ring_by)
    crashpoints.point("acknowledge.before_commit")
    return acknowledged(result, agency, asked.reference)


def acknowledged(result: Acknowledgement, agency: Agency, reference: int) -> str:
    """How it stands after somebody tried to take it on: whose it is, and what the family hears."""
    if result.resolved:
        return texts.render("escalation.sms.closed_before", agency.language, reference=reference, name=result.by_name)
    if not result.mine:
        return texts.render("escalation.sms.taken", agency.language, reference=reference, name=result.by_name)
    yours = texts.render("escalation.sms.yours", agency.language, reference=reference)
    if not result.first and result.heard.how == "not":
        return yours
    return f"{yours} {_heard(result, agency)}"


def _heard(result: Acknowledgement, agency: Agency) -> str:
    heard = result.heard
    if heard.how == "hushed":
        return texts.render("escalation.sms.family_hushed", agency.language)
    if heard.how == "others":
        return texts.render("escalation.sms.family_others", agency.language)
    if heard.how == "not" or heard.at is None:
        return texts.render("escalation.sms.family_not_told", agency.language)
    when = {"when": local_time(heard.at, agency)} if heard.how == "later" else {}
    if heard.ring_by:
        return texts.render(f"escalation.sms.family_told_ring_{heard.how}", agency.language, **when)
    return texts.render(f"escalation.sms.family_told_{heard.how}", agency.language, **when)


def local_time(moment: datetime, agency: Agency) -> str:
    """The time of day at the agency, as its workers write it."""
    locale = Locale.parse(pack(agency.jurisdiction).locale(agency.language), sep="_")
    return format_time(moment.astimezone(ZoneInfo(agency.timezone)), "short", locale=locale)


def local_when(moment: datetime, now: datetime, agency: Agency) -> str:
    """The same, with the day where it is another than today."""
    zone = ZoneInfo(agency.timezone)
    time = local_time(moment, agency)
    if moment.astimezone(zone).date() == now.astimezone(zone).date():
        return time
    locale = Locale.parse(pack(agency.jurisdiction).locale(agency.language), sep="_")
    return f"{format_skeleton('MMMEd', moment.astimezone(zone), locale=locale)} {time}"


def _hand_over(session: Session, worker: Worker, agency: Agency, asked: Order) -> str:
    to = None
    if asked.rest:
        colleagues = [m for m in world(session, agency.id, clock.now()).rota.members.values() if m.id != worker.id]
        meant = orders.named(asked.rest, colleagues)
        if len(meant) != 1:
            names = ", ".join(sorted(member.name for member in meant[:5]))
            text_id = "escalation.sms.handover_which" if meant else "escalation.sms.handover_nobody"
            return texts.render(text_id, agency.language, reference=asked.reference, name=names)
        to = meant[0].id
    args = {"reference": asked.reference}
    try:
        takers = service.hand_over(session, asked.reference, worker, to, via="sms")
    except NotYours as problem:
        return texts.render("escalation.sms.not_yours", agency.language, name=problem.by_name, **args)
    except NobodyThere as problem:
        return texts.render(f"escalation.sms.handover_{problem.reason}", agency.language, name=problem.name, **args)
    names = ", ".join(member.name for member in takers)
    return texts.render("escalation.sms.handed_over", agency.language, name=names, **args)


def _close(session: Session, worker: Worker, agency: Agency, asked: Order, escalation: Escalation) -> str:
    args = {"reference": asked.reference}
    session.refresh(escalation, with_for_update=True)  # danger that is told in this moment waits, or is seen
    if escalation.state == "resolved":
        by = session.get(Worker, escalation.resolved_by)
        return texts.render("escalation.sms.closed_before", agency.language, name=by.name if by else "", **args)
    if escalation.state == "open":
        return texts.render("escalation.sms.close_take_first", agency.language, **args)
    if escalation.acknowledged_by != worker.id and worker.role not in ("manager", "administrator"):
        by = session.get(Worker, escalation.acknowledged_by)
        return texts.render("escalation.sms.not_yours", agency.language, name=by.name if by else "", **args)
    if len(asked.rest) < outcomes.SHORTEST:
        return texts.render("escalation.sms.close_reason", agency.language, **args)
    kind, seen = outcomes.kind_of(asked.rest), escalation.version
    service.resolve(session, asked.reference, worker, asked.rest, via="sms", kind=kind, seen=seen)
    return texts.render("escalation.sms.closed", agency.language, **args)

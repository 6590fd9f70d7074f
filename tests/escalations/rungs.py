"""An agency's own ladder for what is urgent, an escalation that climbs it, and who was told."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api import clock
from api.database import transaction
from api.escalations.models import LadderRule, Notification, Shift
from api.families.models import FamilyWorker
from api.messages.models import OutboundMessage
from tests.small_town import Town

#: None of these may stand in what a worker is sent.
WORDS = "he kicked the door in at Ash Lane"


def ladder(town: Town, *steps: tuple[str, list[str]], priority: str = "urgent") -> None:
    """The agency's ladder for what is urgent: ``(target, channels)``, five minutes each."""
    kept = [{"tell": [target], "wait_minutes": 5, "by": by} for target, by in steps]
    with transaction() as session:
        session.add(
            LadderRule(agency_id=town.agency.id, position=1, priority=priority, steps=kept, changed_at=clock.now())
        )


def opened(town: Town) -> int:
    """An urgent escalation; its number."""
    return town.escalation(town.mine, WORDS, "urgent")


def rows(session: Session, channel: str) -> list[OutboundMessage]:
    """What was queued on this channel, in order."""
    session.expire_all()
    return list(session.scalars(select(OutboundMessage).filter_by(channel=channel).order_by(OutboundMessage.seq)))


def told(session: Session) -> list[tuple[int, str, str, str]]:
    """Each telling: rung, role, channels, problem."""
    session.expire_all()
    found = session.scalars(select(Notification).order_by(Notification.rung, Notification.role))
    return [(one.rung, one.role, one.channels, one.problem) for one in found]


def leads_and_manages(town: Town) -> None:
    """Nobody is on duty, and the manager on call is the family's own worker: two steps of an emergency mean one
    person."""
    with transaction() as session:
        session.execute(delete(Shift).where(Shift.agency_id == town.agency.id, Shift.role == "duty"))
        session.execute(
            update(FamilyWorker).where(FamilyWorker.family_id == town.mine.family.id).values(worker_id=town.manager.id)
        )

"""Reads about evidence: what a family has sent, what nobody has looked at yet, and what a link is good for."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from api import clock
from api.access import queries as access
from api.access.queries import Viewer
from api.access.reach import AGENCY_WIDE
from api.evidence import links
from api.evidence.models import Evidence, MediaFetch, UploadLink
from api.families.models import Family, FamilyWorker, Person
from api.plans.models import PlanAction

#: What was sent by one link, taken or not, so often at most.
MOST_TRIES = 20
_SENT = (
    select(Evidence, Family.name, Person.first_name, PlanAction.title)
    .join(Family, Family.id == Evidence.family_id)
    .join(Person, Person.id == Evidence.person_id)
    .outerjoin(PlanAction, PlanAction.id == Evidence.action_id)
    .order_by(Evidence.received_at.desc(), Evidence.id)
)
# Of a family; made once, because making them costs as much as asking them.
_SENT_BY_FAMILY = _SENT.where(Evidence.family_id == bindparam("family"))
_ASKED_OF_FAMILY = (
    select(Person.first_name, PlanAction.title, UploadLink.expires_at)
    .select_from(UploadLink)
    .join(Person, Person.id == UploadLink.person_id)
    .outerjoin(PlanAction, PlanAction.id == UploadLink.action_id)
    .where(
        Person.family_id == bindparam("family"),
        UploadLink.asked_by.is_not(None),
        UploadLink.used_at.is_(None),
        UploadLink.expires_at > bindparam("now"),
    )
    .order_by(UploadLink.created_at.desc())
)


@dataclass(frozen=True)
class Item:
    """A file (or where one was), with whose it is and what it is to show."""

    evidence: Evidence
    family: str
    person: str
    action: str
    removed_by: str

    @property
    def is_picture(self) -> bool:
        return self.evidence.media_type.startswith("image/")


@dataclass(frozen=True)
class Asked:
    """Somebody was asked for a photo or document, and has not sent it yet."""

    person: str
    action: str
    until: datetime


@dataclass(frozen=True)
class OfFamily:
    """What a family was asked for and has sent, the newest first; ``by_action`` only what is there."""

    items: list[Item]
    asked: list[Asked]
    by_action: dict[uuid.UUID, list[Item]]


@dataclass(frozen=True)
class CameWith:
    """A file that came with a text. ``state``: kept (with its id), waiting, refused, given_up."""

    state: str
    evidence_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Link:
    """``state``: open, used, old. ``takes``: what is sent by it is looked at (by one that was used, whether it is the
    same again)."""

    link: UploadLink
    state: str
    language: str
    takes: bool


def of_family(session: Session, family_id: uuid.UUID) -> OfFamily:
    """Everything of a family's. The caller has checked that the viewer may see the family."""
    items = _items(session, _SENT_BY_FAMILY, {"family": family_id})
    waiting = session.execute(_ASKED_OF_FAMILY, {"family": family_id, "now": clock.now()})
    by_action: dict[uuid.UUID, list[Item]] = {}
    for item in items:
        if item.evidence.action_id and item.evidence.state == "kept":
            by_action.setdefault(item.evidence.action_id, []).append(item)
    return OfFamily(items, [Asked(row[0], row[1] or "", row[2]) for row in waiting], by_action)


def to_see(session: Session, viewer: Viewer) -> list[Item]:
    """What nobody has looked at yet, of the viewer's own families."""
    return _items(session, _SENT.where(_to_see(viewer)))


def counting_to_see(viewer: Viewer) -> Select[int]:
    """The query that counts that."""
    return select(func.count()).select_from(Evidence).where(_to_see(viewer))


def _to_see(viewer: Viewer) -> ColumnElement[bool]:
    """Of the families that they are assigned to; who sees all families has those that nobody is assigned to as well."""
    assigned = select(FamilyWorker.family_id)
    mine: ColumnElement[bool] = Evidence.family_id.in_(assigned.where(FamilyWorker.worker_id == viewer.id))
    if viewer.role in AGENCY_WIDE:
        mine = or_(mine, Evidence.family_id.not_in(assigned))
    seen = access.visible_families(viewer).with_only_columns(Family.id)
    return and_(Evidence.seen_at.is_(None), Evidence.state == "kept", mine, Evidence.family_id.in_(seen))


def _items(
    session: Session, sent: Select[Evidence, str, str, str], values: Mapping[str, Any] | None = None
) -> list[Item]:
    rows = session.execute(sent, values).all()
    names = access.worker_names(session, [row[0].removed_by for row in rows])
    return [Item(row[0], row[1], row[2], row[3] or "", names.get(row[0].removed_by, "")) for row in rows]


def link(session: Session, token: str, *, for_update: bool = False) -> Link | None:
    """The link with this token, in the language of whom it was sent to; None where there is none."""
    query = (
        select(UploadLink, Person.language)
        .join(Person, Person.id == UploadLink.person_id)
        .where(UploadLink.token_hash == links.token_hash(token), Person.erased_at.is_(None), Person.left_at.is_(None))
    )
    row = session.execute(query.with_for_update(of=UploadLink) if for_update else query).one_or_none()
    if row is None:
        return None
    found = row[0]
    old = found.expires_at <= clock.now() or found.tries >= MOST_TRIES
    return Link(found, "used" if found.used_at else "old" if old else "open", row[1], takes=not old)


def arrived_by(session: Session, link: UploadLink) -> set[str]:
    """The hashes of the clean files that came by this link, which was used."""
    came = select(Evidence.sha256).where(
        Evidence.person_id == link.person_id,
        Evidence.way == "link",
        Evidence.action_id.is_not_distinct_from(link.action_id),
        Evidence.received_at >= link.used_at,
    )
    return set(session.scalars(came))


def with_messages(session: Session, viewer: Viewer, messages: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[CameWith]]:
    """What came with these texts, by message; a file that is kept as far as the viewer may see the family."""
    ids = list(messages)
    seen = access.visible_families(viewer).with_only_columns(Family.id)
    mine = and_(Evidence.message_id.in_(ids), Evidence.state == "kept", Evidence.family_id.in_(seen))
    found: dict[uuid.UUID, list[CameWith]] = {}
    for kept in session.scalars(select(Evidence).where(mine).order_by(Evidence.part)):
        if kept.message_id:
            found.setdefault(kept.message_id, []).append(CameWith("kept", kept.id))
    missing = ("waiting", "refused", "given_up")
    query = select(MediaFetch).where(MediaFetch.message_id.in_(ids), MediaFetch.state.in_(missing))
    for one in session.scalars(query.order_by(MediaFetch.part)):
        found.setdefault(one.message_id, []).append(CameWith(one.state))
    return found

"""Taking the photos and documents that were sent, and what a worker does with them.

Promises: a link works once, however many send by it at once; a file is kept only as ``scrubbing`` made it, and before
its row is committed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

from sqlalchemy.orm import Session

import crashpoints
from api import clock
from api.access import service as access
from api.access.models import Worker
from api.audit import service as audit
from api.database import transaction
from api.evidence import queries, scrubbing, store
from api.evidence.cleaning import Refused
from api.evidence.models import Evidence, UploadLink
from api.evidence.scrubbing import Cleaned
from api.families.models import Family, Person
from api.messages.models import InboundMessage
from api.plans import queries as plans

MOST_FILES = 5
#: In the web chat somebody may send so often in a quarter of an hour.
TRIES = 12
LONGEST_REASON = 500


class Gone(LookupError):
    """There is no such link, or it works no longer."""


class Used(LookupError):
    """Something else was sent by this link before: this did not arrive."""


def receive_by_link(token: str, files: Sequence[BinaryIO]) -> None:
    """Take what was sent by a link. By one that was used nothing more is taken: the same files again are well, for
    anything else Used is raised. Raises Gone, Refused. Commits."""
    with transaction() as session:
        found = queries.link(session, token, for_update=True)
        if found is None or found.state == "old":
            raise Gone
        if not found.takes:
            raise Used
        found.link.tries += 1
    try:
        with _cleaned(files) as cleaned, transaction() as session:
            link = session.get_one(UploadLink, found.link.id, with_for_update=True)
            person = session.get_one(Person, link.person_id, with_for_update=True)
            if person.erased_at is not None or person.left_at is not None:
                raise Gone
            if link.used_at is None:
                link.used_at = clock.now()
                keep(session, person, cleaned, way="link", action_id=link.action_id, asked_by=link.asked_by)
            elif not {one.sha256 for one in cleaned} <= queries.arrived_by(session, link):
                raise Used
    except Refused:
        if found.state == "used":
            raise Used from None
        raise


def receive_from(person_id: uuid.UUID, files: Sequence[BinaryIO], action_id: uuid.UUID | None = None) -> None:
    """Take what a person sent who is known (web chat), of an action of theirs or of nothing in particular. Raises Gone
    for an action that is not theirs, Refused, api.access.service.TooManyTries. Commits."""
    access.count_try({access.keyed_hash("evidence", str(person_id)): TRIES})
    with _cleaned(files) as cleaned, transaction() as session:
        person = session.get_one(Person, person_id, with_for_update=True)
        mine = action_id is None or plans.own_action(session, person.id, action_id) is not None
        if person.erased_at is not None or person.left_at is not None or not mine:
            raise Gone
        keep(session, person, cleaned, way="chat", action_id=action_id)


def keep(
    session: Session,
    person: Person,
    cleaned: Sequence[Cleaned],
    *,
    way: str,
    action_id: uuid.UUID | None = None,
    asked_by: uuid.UUID | None = None,
    message: InboundMessage | None = None,
    part: int | None = None,
) -> None:
    """Put clean files in their place and note them. The caller commits straight after."""
    family = session.get_one(Family, person.family_id)
    for one in sorted(cleaned, key=lambda each: each.sha256):  # in one order: two at once do not wait for each other
        store.place(session, one.path, one.sha256)
        made = Evidence(
            family_id=family.id,
            person_id=person.id,
            action_id=action_id,
            way=way,
            message_id=message.id if message else None,
            part=part,
            asked_by=asked_by,
            received_at=clock.now(),
            media_type=one.media_type,
            size=one.size,
            sha256=one.sha256,
        )
        session.add(made)
        session.flush()
        audit.record_change(
            session, actor_kind="person", actor_id=person.id, verb="sent_evidence", family_id=family.id,
            agency_id=family.agency_id, object_id=made.id, detail={"way": way, "type": one.media_type},
        )  # fmt: skip
    crashpoints.point("evidence.after_files")


def seen(session: Session, evidence: Evidence, worker: Worker) -> None:
    """A worker has looked at it: nobody else is told that it is new."""
    if evidence.seen_at is None:
        evidence.seen_at, evidence.seen_by = clock.now(), worker.id
        family = session.get_one(Family, evidence.family_id)
        audit.record_change(
            session, actor_kind="worker", actor_id=worker.id, verb="looked_at_evidence", family_id=family.id,
            agency_id=family.agency_id, object_id=evidence.id,
        )  # fmt: skip


def remove(session: Session, evidence: Evidence, worker: Worker, why: str) -> None:
    """The file goes (after the commit: ``store.drop_unused``), that there was one stays. Raises ValueError without a
    reason."""
    if not why.strip():
        raise ValueError("no reason")
    if evidence.state == "kept":
        evidence.state, evidence.removed_at, evidence.removed_by = "removed", clock.now(), worker.id
        evidence.removed_why = why.strip()[:LONGEST_REASON]
        family = session.get_one(Family, evidence.family_id)
        audit.record_change(
            session, actor_kind="worker", actor_id=worker.id, verb="removed_evidence", family_id=family.id,
            agency_id=family.agency_id, object_id=evidence.id,
        )  # fmt: skip


@contextmanager
def _cleaned(files: Sequence[BinaryIO]) -> Iterator[list[Cleaned]]:
    """All of them made anew, or none. What was not put in its place is gone afterwards. Raises Refused."""
    if not files:
        raise Refused("none")
    if len(files) > MOST_FILES:
        raise Refused("many")
    with ExitStack() as left:
        made = []
        for file in files:
            one = scrubbing.scrub(file)
            left.callback(one.path.unlink, missing_ok=True)
            made.append(one)
        yield made

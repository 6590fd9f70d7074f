"""What the attacks walk: every route with an address in it that is really there, and every row there is to change.

Nothing here is a list of routes written by hand: a route that somebody adds tomorrow is attacked tomorrow. An id that
this file cannot fill (a new name in a path) fails the walk with that name.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from fastapi.routing import APIRoute
from sqlalchemy import select, text, update
from sqlalchemy.engine import Engine

from api import clock
from api.access.models import Worker
from api.database import reading, transaction
from api.directory.models import Service
from api.escalations import links
from api.escalations.models import Notification
from api.evidence import links as uploads
from api.evidence.models import UploadLink
from api.families.models import ContactPoint, FamilyWorker
from api.messages import letters
from api.settings import settings
from api.tables import metadata
from tests.access.test_every_route_has_a_guard import ALL, NO_COOKIES, guards, label
from tests.small_town import Town, review_of

__all__ = ["ALL", "NO_COOKIES", "guards", "label"]

#: What a mere look may leave behind: that it was made, and that somebody is still there.
TRACES_OF_LOOKING = {
    "audit_entries": None,
    "worker_sessions": {"last_seen_at"},
    "conversations": {"expires_at"},
    "demo_texts": {"seen"},
}
_NAME = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclass
class Places:
    """The town with an administrator, and one of everything that a route can name."""

    town: Town
    ids: dict[str, Any]

    def address(self, route: APIRoute) -> str:
        """The route's path with ids that exist and that the administrator may see."""
        ids = dict(self.ids)
        if route.path.startswith("/rota/"):
            ids["token"] = ids["calendar"]
        if route.path.startswith("/u/"):
            ids["token"] = ids["upload"]
        if route.path.startswith("/e/"):
            ids["token"] = ids["mail"]
        for name in _NAME.findall(route.path):
            # Ids of what this town has not (keys, openings, ladders, others' sessions): nothing is there.
            ids.setdefault(name, uuid.uuid4() if name.endswith("_id") else None)
            assert ids[name] is not None, f"{label(route)}: tests/attacks/walk.py has no {name} to put there"
        return _NAME.sub(lambda found: str(ids[found[1]]), route.path)


def places(town: Town) -> Places:
    """Fill the town. Its manager is an administrator, who may do all that there is to do."""
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == town.manager.id).values(role="administrator"))
        # (An administrator sees the families that they are assigned to.)
        for house in (town.mine, town.other):
            session.add(FamilyWorker(family_id=house.family.id, worker_id=town.manager.id))
    town.manager.role = "administrator"
    message = town.message(town.mine.conversation, "can somebody ring me", "unanswered", "flag.no_answer")
    escalation = town.escalation(town.mine)
    with reading() as session:
        told = session.scalars(select(Notification.id).where(Notification.worker_id.is_not(None))).first()
        service = session.scalars(select(Service.id)).first()
    with transaction() as session:
        now, upload = clock.now(), uploads.new_token()
        session.add(
            UploadLink(
                person_id=town.mine.parent.id,
                token_hash=uploads.token_hash(upload),
                asked_by=town.worker.id,
                created_at=now,
                expires_at=now + timedelta(days=1),
            )
        )
        address = ContactPoint(person_id=town.mine.parent.id, channel="email", address="a@example.org", state="active")
        session.add(address)
    assert told is not None
    mine = town.mine
    ids = {
        "account": settings().twilio_account,
        "action_id": mine.action.id,
        "appointment_id": mine.appointment.id,
        "calendar": links.Calendar(town.manager.id, True, 0).address.rpartition("/")[2],
        "conference_id": mine.meeting.id,
        "review_id": review_of(mine),
        "conversation_id": mine.conversation.id,
        "escalation_id": escalation,
        "event_id": mine.event.id,
        "evidence_id": town.photo(mine),
        "family_id": mine.family.id,
        "id": service or uuid.uuid4(),
        "token": links.token(told),
        "mail": letters.stop_address(address.id).rpartition("/")[2],
        "message_id": message.id,
        "operation": "greet",
        "person_id": mine.parent.id,
        "plan_id": mine.plan.id,
        "request_id": mine.change.id,
        "upload": upload,
        "view_id": mine.view.id,
        "worker_id": town.worker.id,
    }
    return Places(town, ids)


def everything(engine: Engine, *, but_traces_of_looking: bool = False) -> dict[str, str]:
    """What every table of ours holds, boiled down to be compared; asked for in one go, because the walks ask often.

    Who writes takes a transaction's number: while the snapshot (which numbers are given out, and which of them are
    still under way) is the same as before, nothing was written, and what was found before is the answer.
    """
    with engine.connect() as connection:
        snapshot = str(connection.scalar(text("SELECT pg_current_snapshot()::text")))
        asked = (str(engine.url), but_traces_of_looking)
        if asked not in _found or _found[asked][0] != snapshot:
            rows = connection.execute(text(_digests(but_traces_of_looking))).all()
            _found[asked] = (snapshot, {name: digest for name, digest in rows})
    return _found[asked][1]


#: What was found last, with the snapshot it was found by; by database and by what was left out.
_found: dict[tuple[str, bool], tuple[str, dict[str, str]]] = {}


@cache
def _digests(but_traces_of_looking: bool) -> str:
    parts = []
    for table in metadata.sorted_tables:
        left_out: set[str] | None = {"last_seen_at"} if table.name == "worker_sessions" else set()
        if but_traces_of_looking:
            left_out = TRACES_OF_LOOKING.get(table.name, left_out)
        if left_out is None:
            continue
        columns = ", ".join(f'"{column.name}"' for column in table.columns if column.name not in left_out)
        rows = "coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '')"
        parts.append(f"SELECT '{table.name}', {rows} FROM (SELECT {columns} FROM \"{table.name}\") t")
    return " UNION ALL ".join(parts)


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The tables that are not as they were."""
    return [name for name in before if before[name] != after[name]]


def routes(method: str) -> Iterator[APIRoute]:
    """Every route that takes this method."""
    return (route for route in ALL if method in route.methods)

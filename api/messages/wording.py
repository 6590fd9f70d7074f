"""The words that every reply may use: what the worker is called here, the emergency number, help lines, the service's
phone."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from api.access.models import Agency
from api.escalations import queries
from api.families.models import Person
from api.jurisdiction.packs import pack
from api.jurisdiction.phones import local_number
from api.messages.models import Conversation


def args(session: Session, conversation: Conversation, *, safety_kind: str = "") -> dict[str, Any]:
    """Arguments for ``texts.render`` that depend on where the conversation is: those of the pack (``worker_title``,
    ``emergency``, ``helpline`` for the kind of danger, ...), ``agency`` and ``agency_phone``. A child's own lines come
    first; by text no line that says what it is about, unless the person chose plain words."""
    agency = (
        session.get_one(Agency, conversation.agency_id) if conversation.agency_id else queries.default_agency(session)
    )
    local = pack(agency.jurisdiction)
    person = _person(session, conversation)
    plain = conversation.channel == "web" or (person is not None and person.plainly_unasked)
    return {
        **local.text_args(
            conversation.language, safety_kind, child=from_a_child(session, conversation), discreet=not plain
        ),
        "agency": agency.name,
        "agency_phone": local_number(agency.phone, local.country),
    }


def from_a_child(session: Session, conversation: Conversation) -> bool:
    """Does a child or young person write? Who gives no name in the web chat is taken for one: it is their page."""
    person = _person(session, conversation)
    if person is None:
        return conversation.channel == "web"
    return not person.grown


def _person(session: Session, conversation: Conversation) -> Person | None:
    return session.get(Person, conversation.person_id) if conversation.person_id else None

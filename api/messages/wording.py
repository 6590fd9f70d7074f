"""The words that every reply may use: what the worker is called here, the emergency number, help lines, the service's
phone."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from api.access.models import Agency
from api.escalations import queries
from api.jurisdiction.packs import pack
from api.jurisdiction.phones import local_number
from api.messages.models import Conversation


def args(session: Session, conversation: Conversation, *, safety_kind: str = "") -> dict[str, Any]:
    """Arguments for ``texts.render`` that depend on where the conversation is: those of the pack (``worker_title``,
    ``emergency``, ``helpline`` for the kind of danger, ...), ``agency`` and ``agency_phone``."""
    agency = (
        session.get_one(Agency, conversation.agency_id) if conversation.agency_id else queries.default_agency(session)
    )
    local = pack(agency.jurisdiction)
    return {
        **local.text_args(conversation.language, safety_kind),
        "agency": agency.name,
        "agency_phone": local_number(agency.phone, local.country),
    }

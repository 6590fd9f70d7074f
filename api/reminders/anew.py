"""Reminders that wait in the outbox are put into words anew when what may be said to their reader changes.

A reminder is worded when it falls due, and may wait after that: until safe hours, or while the reader has asked not to
be texted. What waits goes back to where it was before it was worded, with its row, so that it still goes once.
Everything in the caller's transaction.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

#: The fields of a person's profile that a reminder's words depend on.
IN_WORDS = frozenset(
    {"wording", "language", "code_word", "use_code_word", "phone_seen_by", "may_name_self", "may_name_children"}
)
#: Why the message does not go (outbound_messages.error).
WORDED_ANEW = "worded_anew"
#: The same of what cannot be worded anew, and of plain words that may not be said any more: a worker sees it.
PROFILE_CHANGED = "profile_changed"

_ANEW = text("""
    WITH waiting AS (
        UPDATE outbound_messages o SET state = 'cancelled', error = :why, settled_at = :now
        FROM reminders r
        WHERE r.outbound_id = o.id AND r.person_id = :person AND r.state = 'queued' AND o.state = 'queued'
        RETURNING o.id
    )
    UPDATE reminders r SET state = 'planned', outbound_id = NULL, conversation_id = NULL, first_option = NULL,
           not_after = NULL, settled_at = NULL, due_at = :now
    FROM waiting w WHERE r.outbound_id = w.id
""")


def word_anew(session: Session, person_id: uuid.UUID, now: datetime) -> None:
    """What waits for this person in the outbox is due again, and worded then. What is being sent just now goes."""
    session.execute(_ANEW, {"person": person_id, "now": now, "why": WORDED_ANEW})

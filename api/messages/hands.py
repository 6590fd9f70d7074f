"""A number that changes hands: what was said there stays with whom it was said, and the number begins anew.

Promise: the workers of a number's next holder do not read what its last one wrote, nor does the whole agency once the
number is nobody's. What was said is over: nothing written there is sent to anybody.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from api.messages.models import Conversation, InboundMessage

FORMER = "former:"


def nowhere(why: str, row_id: uuid.UUID) -> str:
    """What stands in place of a number: unique, and without digits, so that no page shows it as if it were one."""
    return why + "".join(chr(ord("a") + int(digit, 16)) for digit in row_id.hex)


def begin_anew(session: Session, conversation: Conversation, now: datetime) -> None:
    """End a conversation by text because the number is no longer the person's; the address is free for another.

    What still waited for its turn is no longer answered there: a worker of theirs looks at it.
    """
    conversation.address = nowhere(FORMER, conversation.id)
    conversation.closed_at = now
    conversation.state, conversation.proved_until = {}, None
    conversation.taken_over_by, conversation.taken_over_at = None, None
    session.execute(
        update(InboundMessage)
        .where(InboundMessage.conversation_id == conversation.id, InboundMessage.state == "queued")
        .values(state="unanswered", flag="flag.no_answer")
    )
    session.flush()

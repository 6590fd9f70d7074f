"""What somebody is still writing of what they want said: begun, added to, read back, let go.

Promise: a draft holds no words of its own but says which messages they are in, in the order in which these came; so
nothing can be changed or kept twice. It is the person's alone, in the way (text or web) in which they write it, has
bounds, and is let go when it is passed on, given up, or long forgotten. Nothing here commits.
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api.assistant.operations.words import says
from api.messages.models import Conversation, InboundMessage
from api.sealed import Unreadable
from api.views.models import ViewDraft, ViewDraftPart

#: More than this is for a talk with somebody; a second one may be begun.
MOST_MESSAGES = 40
MOST_CHARACTERS = 8000
#: After so long without a word it is asked about, once; so long after that it is let go.
ASKED_AFTER = timedelta(days=2)
LET_GO_AFTER = timedelta(days=3)
#: "... and that is that. DONE" finishes too: one text less for somebody who pays for each.
_CLOSING = re.compile(r"(?:(?<=[.!?,;:\n])|(?<=[.!?,;:\n] ))\s*(?:DONE|LISTO|LISTA)\W*$")


class CannotRead(Exception):
    """Sealed words of it do not open (the key is missing): its turn fails, and a worker is shown it."""


def without_closing(text: str, only_closing: bool) -> tuple[str, bool]:
    """The text without a closing DONE (in capitals, after a stop or on a line of its own), and whether it had one.
    ``only_closing``: it is nothing else. Pure."""
    if only_closing:
        return "", True
    found = _CLOSING.search(text)
    return (text[: found.start()].rstrip(), True) if found else (text, False)


def open_in(session: Session, conversation: Conversation) -> ViewDraft | None:
    """What the conversation's person is writing here, if they are."""
    if conversation.person_id is None:
        return None
    return session.scalar(
        select(ViewDraft).filter_by(conversation_id=conversation.id, person_id=conversation.person_id)
    )


def begin(session: Session, person_id: uuid.UUID, conversation: Conversation, now: datetime) -> ViewDraft:
    """A draft of this person's, here; one that they began in the same way before (an earlier chat) goes on."""
    session.execute(
        insert(ViewDraft)
        .values(
            id=uuid.uuid4(),
            person_id=person_id,
            conversation_id=conversation.id,
            channel=conversation.channel,
            stage="collecting",
            began_at=now,
            due_at=now + ASKED_AFTER,
        )
        .on_conflict_do_nothing(index_elements=["person_id", "channel"])
    )
    draft = session.scalars(select(ViewDraft).filter_by(person_id=person_id, channel=conversation.channel)).one()
    draft.conversation_id, draft.stage = conversation.id, "collecting"
    touch(draft, now)
    session.flush()
    return draft


def touch(draft: ViewDraft, now: datetime) -> None:
    """There was a word: it is not forgotten yet."""
    draft.due_at = now + (LET_GO_AFTER if draft.asked_at else ASKED_AFTER)


def add(session: Session, draft: ViewDraft, message_id: uuid.UUID, now: datetime) -> bool:
    """Keep this message's words with the rest; twice is once. False where there is no room, or no such message of the
    draft's own conversation."""
    message = session.get(InboundMessage, message_id)
    if message is None or message.conversation_id != draft.conversation_id:
        return False
    there = _messages(session, draft)
    if message_id in {one.id for one in there}:
        return True
    if len(there) >= MOST_MESSAGES or sum(len(one.body) for one in [*there, message]) > MOST_CHARACTERS:
        return False
    session.add(ViewDraftPart(draft_id=draft.id, message_id=message_id))
    touch(draft, now)
    session.flush()
    return True


def keep_unanswered(session: Session, conversation: Conversation, message: InboundMessage, now: datetime) -> None:
    """The message got no answer (a worker is shown it); if it was a part of what they are writing, it is kept there as
    well."""
    draft = open_in(session, conversation)
    ours = ("want_a_say", "views_done", "views_leave")
    if draft is None or message.payload or message.door or not message.body.strip():
        return
    if not any(says(message.body, phrase) for phrase in ours):
        add(session, draft, message.id, now)


def holds(session: Session, message_id: uuid.UUID) -> bool:
    """Is the message a part of what somebody is still writing?"""
    return session.get(ViewDraftPart, message_id) is not None


def count(session: Session, draft: ViewDraft) -> int:
    """How many messages it has."""
    return session.scalar(select(func.count()).where(ViewDraftPart.draft_id == draft.id)) or 0


def words(session: Session, draft: ViewDraft) -> str:
    """All of it, word for word, a message to a line. Raises CannotRead: a placeholder is nobody's words."""
    messages = _messages(session, draft)
    if any(isinstance(one.body, Unreadable) for one in messages):
        raise CannotRead
    parts = (without_closing(one.body, only_closing=False)[0] for one in messages)
    return "\n".join(part for part in parts if part.strip())


def as_held(session: Session, draft: ViewDraft) -> list[str]:
    """The messages as they are held, for the person's file; what does not open says so there."""
    return [one.body for one in _messages(session, draft)]


def start_again(session: Session, draft: ViewDraft) -> None:
    """Nothing of it counts any more."""
    session.execute(delete(ViewDraftPart).where(ViewDraftPart.draft_id == draft.id))
    draft.stage = "collecting"


def let_go(session: Session, draft: ViewDraft) -> None:
    """It was passed on, given up or forgotten. The messages stay in the conversation, as all do."""
    session.execute(delete(ViewDraftPart).where(ViewDraftPart.draft_id == draft.id))
    session.delete(draft)
    session.flush()


def _messages(session: Session, draft: ViewDraft) -> list[InboundMessage]:
    return list(
        session.scalars(
            select(InboundMessage)
            .join(ViewDraftPart, ViewDraftPart.message_id == InboundMessage.id)
            .where(ViewDraftPart.draft_id == draft.id)
            .order_by(InboundMessage.seq)
        )
    )

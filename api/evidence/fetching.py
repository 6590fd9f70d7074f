"""Files that came with texts: noted with the text, fetched by the worker process, kept as evidence, answered.

Promises: each try is a row committed before it; a file is kept once, however often it is tried; whatever was not kept
is shown to workers with its text. A text without words waits for a worker until its file is here.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock, texts
from api.database import notify, transaction
from api.evidence import media, scrubbing, service, store
from api.evidence.cleaning import Refused
from api.evidence.models import MediaFetch
from api.families import contact
from api.families.models import Person
from api.messages import hush, outbox
from api.messages.models import Conversation, InboundMessage

FIRST_WAIT = timedelta(seconds=20)
LONGEST_WAIT = timedelta(hours=3)
#: With the waits above about a day.
MOST_TRIES = 12
FLAG = "flag.media"


@dataclass(frozen=True)
class _Try:
    id: uuid.UUID
    message_sid: str
    media_sid: str
    state: str
    tries: int


def note(
    session: Session, conversation: Conversation, message: InboundMessage, given: Sequence[dict[str, str]]
) -> bool:
    """Note the files of a text from somebody who agreed to texts; whether any of them will be fetched. On a phone that
    several share nobody knows whose they are, unless whoever writes has just proved it."""
    if conversation.person_id is None or not given:
        return False
    now = message.received_at
    proved = conversation.proved_until is not None and conversation.proved_until > now
    shared = not proved and bool(contact.also_writing(session, conversation))
    coming = False
    for part, one in enumerate(given):
        sid = media.media_sid(one.get("url", ""), message.external_id)
        problem = "shared" if shared else "" if sid else "address"
        session.add(
            MediaFetch(
                message_id=message.id,
                part=part,
                person_id=conversation.person_id,
                message_sid=message.external_id if sid else "",
                media_sid=sid or "",
                created_at=now,
                due_at=now,
                state="refused" if problem else "waiting",
                problem=problem,
                settled_at=now if problem else None,
            )
        )
        coming = coming or not problem
    return coming


def fetch_media() -> int:
    """Try everything that is due; returns how many tries were made."""
    done = 0
    while (one := _claim()) is not None:
        done += 1
        if one.state == "waiting" and not _fetch(one):
            continue
        if media.delete(one.message_sid, one.media_sid):
            _settle(one, "done", "")
        elif one.tries >= MOST_TRIES:
            _settle(one, "done", "not_deleted")
    return done


def _claim() -> _Try | None:
    """The next that is due; the try is counted, and another planned, before it is made."""
    now = clock.now()
    with transaction() as session:
        row = session.scalar(
            select(MediaFetch)
            .where(MediaFetch.state.in_(("waiting", "kept")), MediaFetch.due_at <= now)
            .order_by(MediaFetch.due_at, MediaFetch.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        row.tries += 1
        row.due_at = now + min(FIRST_WAIT * 2 ** (row.tries - 1), LONGEST_WAIT)
        return _Try(row.id, row.message_sid, row.media_sid, row.state, row.tries)


def _fetch(one: _Try) -> bool:
    """Fetch and keep it; whether it is here."""
    with tempfile.TemporaryFile(dir=store.incoming()) as original:
        try:
            media.fetch(one.message_sid, one.media_sid, original)
            made = scrubbing.scrub(original)
        except media.NotFetched as problem:
            _settle(one, "waiting" if problem.again else "given_up", problem.code)
            return False
        except Refused as refused:
            _settle(one, "refused", refused.code)
            return False
    try:
        with transaction() as session:
            row = session.get(MediaFetch, one.id, with_for_update=True)
            if row is None or row.state != "waiting":  # erased meanwhile; or another process was quicker
                return False
            message = session.get_one(InboundMessage, row.message_id)
            person = session.get_one(Person, row.person_id, with_for_update=True)
            service.keep(session, person, [made], way="text", message=message, part=row.part)
            row.state, row.problem = "kept", ""
            _tell(session, message, "evidence.media.kept")
    finally:
        made.path.unlink(missing_ok=True)
    return True


def _settle(one: _Try, state: str, problem: str) -> None:
    """What became of a try. One that failed too often is given up; the sender and the workers are told once."""
    with transaction() as session:
        row = session.get(MediaFetch, one.id, with_for_update=True)
        if row is None or row.state not in ("waiting", "kept"):
            return
        row.problem = problem
        if state == "waiting" and row.tries >= MOST_TRIES:
            state = "given_up"
        if state != row.state:
            row.state, row.settled_at = state, clock.now()
        if state in ("refused", "given_up"):
            _tell(session, session.get_one(InboundMessage, row.message_id), "evidence.media.refused")


def _tell(session: Session, message: InboundMessage, text_id: str) -> None:
    """Answer the sender, once for each text; while a worker has taken over, the worker does. Nobody is answered who
    asked for no texts."""
    conversation = session.get_one(Conversation, message.conversation_id)
    if text_id == "evidence.media.kept" and (message.state, message.flag) == ("unanswered", FLAG):
        message.state, message.flag, message.settled_at = "answered", "", clock.now()
    if conversation.taken_over_by is None and not hush.silent(session, conversation, message):
        words = texts.render(text_id, conversation.language)
        outbox.queue_reply(session, conversation, words, in_reply_to=message, part="media")
    notify(session, f"conversation:{conversation.id}")
    if conversation.agency_id:
        notify(session, f"agency:{conversation.agency_id}")

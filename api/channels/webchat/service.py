"""Starting, entering and leaving a web chat, and the one-time codes that workers give.

Promises: a session lives in the browser's memory and here as a hash; it ends after an hour without a message and on
"Exit this page"; a code works once, for one person, for two days, and cannot be guessed.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock, jobs, texts
from api.access import service as access
from api.access.models import Agency
from api.assistant import state as dialogue
from api.audit import service as audit
from api.database import notify, transaction
from api.escalations import queries as escalations
from api.families.models import ChatCode, Family, Person
from api.messages import speech
from api.messages.models import Conversation
from api.messages.queries import waits_for_a_turn
from api.presence import service as presence

IDLE = timedelta(minutes=60)
CODE_LIFE = timedelta(hours=48)
TRIES_PER_CLIENT = 8
#: Without the letters and digits that are read as one another.
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 8
LONGEST_MESSAGE = 4000


class UnknownCode(Exception):
    """No such code, or used, or too old: the visitor learns no more than that."""


class UnknownAgency(Exception):
    """No such agency to start a chat with."""


@dataclass(frozen=True)
class Started:
    """A fresh chat: its token goes into the session cookie and nowhere else."""

    token: str
    conversation_id: uuid.UUID


def start_without_name(agency_id: uuid.UUID, language: str) -> Started:
    """A chat of somebody who says who they are only if they want to. Raises UnknownAgency. Commits."""
    with transaction() as session:
        if session.get(Agency, agency_id) is None:
            raise UnknownAgency
        return _start(session, agency_id, None, language)


def start_with_code(code: str, client: str) -> Started:
    """A chat of the person whom the code was made for; the code is used up.

    Raises UnknownCode, and access.service.TooManyTries for a client that guesses. Commits.
    """
    entries = access.count_try({access.keyed_hash("chat-code-client", client): TRIES_PER_CLIENT})
    now = clock.now()
    with transaction() as session:
        person_id = session.scalar(
            update(ChatCode)
            .where(ChatCode.code_hash == _code_hash(code), ChatCode.used_at.is_(None), ChatCode.expires_at > now)
            .values(used_at=now)
            .returning(ChatCode.person_id)
        )
        if person_id is None:
            raise UnknownCode
        access.forget_tries(session, entries)
        person = session.get_one(Person, person_id)
        family = session.get_one(Family, person.family_id)
        started = _start(session, family.agency_id, person.id, person.language)
        audit.record(
            session,
            actor_kind="person",
            actor_id=person.id,
            verb="entered_chat",
            family_id=family.id,
            object_id=started.conversation_id,
        )
        return started


def _start(session: Session, agency_id: uuid.UUID, person_id: uuid.UUID | None, language: str) -> Started:
    token = secrets.token_urlsafe(32)
    now = clock.now()
    conversation = Conversation(
        channel="web",
        address=access.token_hash(token),
        agency_id=agency_id,
        person_id=person_id,
        language=texts.supported(language),
        created_at=now,
        expires_at=now + IDLE,
        state={},
    )
    session.add(conversation)
    session.flush()
    return Started(token, conversation.id)


def keep_open(conversation_id: uuid.UUID, *, wrote: bool = False) -> None:
    """Somebody is there (``wrote``: has just sent what they were writing): the idle hour starts again. Commits."""
    now = clock.now()
    with transaction() as session:
        session.execute(
            update(Conversation)
            .where(Conversation.id == conversation_id, Conversation.closed_at.is_(None))
            .values(expires_at=now + IDLE)
        )
        if wrote:
            presence.wrote(session, conversation_id, None)


def here(conversation_id: uuid.UUID, *, writing: bool | None, seen: int) -> None:
    """What the page says of whoever has it open. The idle hour goes on. Commits."""
    with transaction() as session:
        presence.person_here(session, session.get_one(Conversation, conversation_id), writing=writing, seen=seen)


def change_language(conversation_id: uuid.UUID, language: str) -> None:
    """The chat goes on in another language that we have. Commits."""
    with transaction() as session:
        conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
        state = dialogue.load(conversation)
        speech.ask_for(conversation, state, texts.supported(language))
        dialogue.save(conversation, state)
        notify(session, f"conversation:{conversation_id}")


def leave(token: str) -> None:
    """The session of this token, if there is one, ends now, on every page that has it open. Commits.

    If the chat was about danger, workers are told by a job of their own: nothing holds up whoever leaves.
    """
    if not token:
        return
    now = clock.now()
    with transaction() as session:
        conversation = session.scalars(
            select(Conversation)
            .where(
                Conversation.channel == "web",
                Conversation.address == access.token_hash(token),
                Conversation.closed_at.is_(None),
            )
            .with_for_update()
        ).one_or_none()
        if conversation is None:
            return
        conversation.closed_at = conversation.expires_at = now
        notify(session, f"conversation:{conversation.id}")
        if conversation.agency_id:
            notify(session, f"agency:{conversation.agency_id}")
        # A message that still waits for its turn may turn out to be about danger: the job comes after that turn.
        if escalations.about_danger(session, conversation.id) or waits_for_a_turn(session, conversation.id):
            jobs.enqueue_left(session, conversation.id)


def make_code(session: Session, person: Person, made_by: uuid.UUID) -> str:
    """A new one-time code for this person, to be read out or written down ("K7QX-2MPD"); the earlier ones end."""
    now = clock.now()
    session.execute(
        update(ChatCode)
        .where(ChatCode.person_id == person.id, ChatCode.used_at.is_(None), ChatCode.expires_at > now)
        .values(expires_at=now)
    )
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    session.add(
        ChatCode(
            person_id=person.id,
            code_hash=_code_hash(code),
            made_by=made_by,
            created_at=now,
            expires_at=now + CODE_LIFE,
        )
    )
    return f"{code[:4]}-{code[4:]}"


def _code_hash(code: str) -> str:
    """A keyed hash: short codes could be tried out on a stolen table otherwise."""
    plain = "".join(character for character in code.upper() if character in ALPHABET)
    return access.keyed_hash("chat-code", plain)

"""Tables: conversations, the inbox, the outbox and its attempts.

These rows are the truth about every message; jobs only carry them (DECISIONS, "Jobs").
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Sequence, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.database import Base, Id
from api.sealed import Sealed, SealedJson, no_list, no_object

#: One order for messages in and out. Given at insert, so a lower number may become visible after a higher one: a reader
#: that follows a conversation looks a little back and drops what it has seen.
message_seq = Sequence("message_seq", metadata=Base.metadata)


#: ``OutboundMessage.error`` while a text waits for a process that has the key of its words.
WITHOUT_KEY = "no_key"
#: ``OutboundMessage.state`` of words that have not reached the family, or of which nobody knows it.
NOT_HEARD = ("failed", "uncertain", "cancelled")
#: ``OutboundMessage.kind`` of an e-mail to a professional of another agency.
PROFESSIONAL = "professional"
#: ``InboundMessage.flag`` while a message waits for the worker who has taken over (state recorded).
WAITS_FOR_WORKER = "flag.taken_over"


class Conversation(Base):
    """One phone number, or one web chat, talking with the service. ``person_id`` is None for a stranger."""

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("channel", "address"),
        Index("ix_conversations_taken_over", "taken_over_by", postgresql_where=text("taken_over_by IS NOT NULL")),
    )

    id: Mapped[Id]
    channel: Mapped[str]  # sms, web
    #: E.164 for sms; for web the hash of the chat session's token.
    address: Mapped[str]
    agency_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("agencies.id"), index=True)
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    #: Set where the number is a worker's own phone: ACK and the like, never a family's conversation.
    worker_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    language: Mapped[str] = mapped_column(default="en")
    created_at: Mapped[datetime]
    last_inbound_at: Mapped[datetime | None]
    #: The worker who has taken over: the bot is silent meanwhile, the safety screen is not.
    taken_over_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    #: Since when.
    taken_over_at: Mapped[datetime | None]
    #: A web chat that was left or timed out; texts with a number that is no longer the person's (messages.hands).
    closed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    #: When they asked not to be answered, because somebody else may read it (messages.hush); None: that is over.
    hushed_at: Mapped[datetime | None]
    #: Until when the person at this phone counts as proved by their PIN.
    proved_until: Mapped[datetime | None]
    #: What the dialogue must remember between turns (assistant.state).
    state: Mapped[dict[str, Any]] = mapped_column(SealedJson("conversations.state", no_object), default=dict)

    def over(self, now: datetime) -> bool:
        """Does nothing that is written here reach anybody any more (a chat that was left or timed out, a number that is
        no longer theirs)?"""
        return self.closed_at is not None or (self.expires_at is not None and self.expires_at <= now)


class InboundMessage(Base):
    """A message somebody sent us. ``state``: queued, answered, unanswered (a worker must look), handled, recorded.

    ``recorded`` needs no reply from us: opt-out words, a worker's ACK, a message during a takeover, one of several that
    are read back together (api.views.drafts).
    """

    __tablename__ = "inbound_messages"
    __table_args__ = (
        UniqueConstraint("channel", "external_id"),
        CheckConstraint("state IN ('queued','answered','unanswered','handled','recorded')", name="state"),
        Index("ix_inbound_messages_conversation_id_seq", "conversation_id", "seq"),
        Index("ix_inbound_messages_unsettled", "state", postgresql_where=text("state IN ('queued','unanswered')")),
        # Few, and looked at each second (messages.takeovers).
        Index(
            "ix_inbound_messages_for_worker",
            "conversation_id",
            postgresql_where=text("state = 'recorded' AND flag = 'flag.taken_over'"),
        ),
    )

    id: Mapped[Id]
    seq: Mapped[int] = mapped_column(BigInteger, message_seq, server_default=message_seq.next_value(), unique=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id"))
    channel: Mapped[str]
    #: Twilio's MessageSid, or the id the web page gave the message: accepted once.
    external_id: Mapped[str]
    body: Mapped[str] = mapped_column(Sealed("inbound_messages.body"))
    #: A tapped button's or numbered reply's payload, resolved by the gateway; empty for free text.
    payload: Mapped[str] = mapped_column(Sealed("inbound_messages.payload"), default="")
    media: Mapped[list[Any]] = mapped_column(default=list)
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="queued")
    settled_at: Mapped[datetime | None]
    #: Why a worker must look, for state unanswered (a text id of the catalogue); or WAITS_FOR_WORKER.
    flag: Mapped[str] = mapped_column(default="")
    #: Where the message held a PIN (its digits are not kept): what it was found to be (families.identity). Else "".
    door: Mapped[str] = mapped_column(default="")
    #: The earlier message that waited for that PIN: this turn answers it.
    continues: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inbound_messages.id"))
    turn_attempts: Mapped[int] = mapped_column(default=0)
    #: False while only the quick part of the safety screen has seen it: the turn then starts with the rest.
    screened: Mapped[bool] = mapped_column(default=True)
    safety_kind: Mapped[str] = mapped_column(default="none")
    safety_priority: Mapped[str] = mapped_column(default="routine")
    safety_reasons: Mapped[list[str]] = mapped_column(default=list)
    #: What a worker said of the alarm that it raised: false, real, or "" for nothing yet.
    alarm_was: Mapped[str] = mapped_column(default="", server_default="")
    intent: Mapped[str] = mapped_column(default="")
    conversation: Mapped[Conversation] = relationship()


class HandoverNote(Base):
    """What a worker left for colleagues when they handed a conversation back to the bot ("" for nothing), and what
    happened while it was taken over. Workers read it, families never do. ``seq`` is its place among the messages."""

    __tablename__ = "handover_notes"

    id: Mapped[Id]
    seq: Mapped[int] = mapped_column(BigInteger, message_seq, server_default=message_seq.next_value())
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    family_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("families.id"), index=True)
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"))
    at: Mapped[datetime]
    words: Mapped[str] = mapped_column(Sealed("handover_notes.words"))
    #: What happened in the takeover (messages.handback.facts): ids, verbs and numbers. {} where none was ended by it.
    summary: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=text("'{}'::jsonb"))


class OutboundMessage(Base):
    """A message of ours. ``kind`` decides what a retry may do (FACTS, Twilio):

    * ``family``: never sent twice; after a timeout it is ``uncertain`` and a worker is shown it.
    * ``safety``: the reply to danger, to a family member; as ``family``, but not held back by quiet hours.
    * ``reminder``: as ``family``, but nobody waits for it: it gives way to all others, and is looked at once more
      before it goes out (api.reminders).
    * ``escalation``: to a worker; sent again when in doubt, with the same visible reference.
    * ``professional``: an e-mail to somebody of another agency (api.reminders.professionals); in doubt as ``family``.

    ``state``: queued, sending, sent, delivered, failed, uncertain, cancelled.
    """

    __tablename__ = "outbound_messages"
    __table_args__ = (
        UniqueConstraint("in_reply_to", "part"),
        CheckConstraint(
            "state IN ('queued','sending','sent','delivered','failed','uncertain','cancelled')", name="state"
        ),
        Index("ix_outbound_messages_conversation_id_seq", "conversation_id", "seq"),
        Index("ix_outbound_messages_due", "due_at", postgresql_where=text("state IN ('queued','sending')")),
        # A hundred thousand reminders may wait: what people wait for is found without looking at them.
        Index(
            "ix_outbound_messages_awaited",
            "address",
            postgresql_where=text("state IN ('queued','sending') AND kind <> 'reminder'"),
        ),
        Index(
            "ix_outbound_messages_put_off",  # tried, and to be tried again (api.ops)
            "error",
            postgresql_where=text("state IN ('queued','sending') AND error <> ''"),
        ),
        Index(
            "ix_outbound_messages_unseen",
            "conversation_id",
            postgresql_where=text("state IN ('failed','uncertain') AND seen_at IS NULL"),
        ),
        Index(
            "ix_outbound_messages_reminders",
            "seq",
            postgresql_where=text("state IN ('queued','sending') AND kind = 'reminder'"),
        ),
    )

    id: Mapped[Id]
    seq: Mapped[int] = mapped_column(BigInteger, message_seq, server_default=message_seq.next_value(), unique=True)
    conversation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("conversations.id"))
    escalation_id: Mapped[int | None] = mapped_column(ForeignKey("escalations.id"), index=True)
    worker_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    #: The worker who wrote it, where a human did.
    written_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    in_reply_to: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inbound_messages.id"))
    #: Which part of a reply it is, or what it says (who_writes, escalations.family, escalations.otherwise).
    part: Mapped[str | None]
    channel: Mapped[str]  # sms, web; email and push to workers only
    address: Mapped[str]
    kind: Mapped[str]
    body: Mapped[str] = mapped_column(Sealed("outbound_messages.body"))
    #: Buttons: [{"n": 1, "label": "..."}]; by SMS they are already part of the body.
    options: Mapped[list[Any]] = mapped_column(SealedJson("outbound_messages.options", no_list), default=list)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="queued")
    settled_at: Mapped[datetime | None]
    provider_id: Mapped[str | None] = mapped_column(unique=True)
    error: Mapped[str] = mapped_column(default="")
    #: A worker has seen that it failed or is uncertain.
    seen_at: Mapped[datetime | None]


class DeliveryAttempt(Base):
    """One try at sending, committed *before* the provider is called. Without ``ended_at``: nobody knows what
    happened."""

    __tablename__ = "delivery_attempts"

    id: Mapped[Id]
    outbound_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_messages.id"), index=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    result: Mapped[str] = mapped_column(default="")  # accepted, refused, retry, uncertain
    error: Mapped[str] = mapped_column(default="")
